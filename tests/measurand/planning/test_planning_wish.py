from __future__ import annotations

from typing import Any

import pytest

from measurand.errors import InputError
from measurand.planning.wish import wish


@pytest.mark.parametrize(
    "given",
    [
        {"power": 0.4},
        {"width": 0.0},
        {"truth": float("nan")},
        {"price": {"coffee": "1"}},
        {"price": {"call": "x"}},
        {"most": {"items": "1.5"}},
        {"budget": {"calls": "1", "cost": "2"}},
        {"budget": {"euro": "2"}},
    ],
)
def test_bad_arguments_are_named(given: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        wish(**given)
    assert error.value.code == "bad_argument"


def test_without_prices_a_call_costs_one() -> None:
    assert wish().prices == {"cluster": 0, "item": 0, "call": 1}
    assert wish(price={"item": "2"}).prices == {"cluster": 0, "item": 2, "call": 0}
