from __future__ import annotations

from typing import Any, get_args

import pytest

from measurand.gates.deciding.decisions import TESTS
from measurand.gates.questions import NEEDS, Baseline, Gate, Margin, Sequential, Test, fault

ITEMS = {"baseline": {"file": "base"}}
VALUE = {"baseline": {"value": 0.5}}
MARGIN = {"margin": {"abs": 0.05}}
STATISTICS = {"from": "statistics"}


def gate(test: str, **more: Any) -> Gate:
    """A gate of these fields, without the check that the file's reading makes of it."""
    made = {"baseline": Baseline, "margin": Margin, "sequential": Sequential}
    fields = {k: made[k](**v) if k in made else v for k, v in more.items()}
    fields["source"] = fields.pop("from", "items")
    limit = 0.5 if test == "threshold" else None
    return Gate.model_construct(id="g", metric="a", test=test, limit=limit, **fields)


def test_every_test_has_demands_and_a_rule() -> None:
    assert set(NEEDS) == set(TESTS) == set(get_args(Test))


@pytest.mark.parametrize(
    ("test", "more"),
    [
        ("threshold", {}),
        ("threshold", {"interval": "jeffreys"}),
        ("threshold", {"interval": "bootstrap"}),
        ("threshold", {"sequential": {}}),
        ("non_inferiority", {**MARGIN, **ITEMS, "interval": "newcombe"}),
        ("non_inferiority", {**MARGIN, **VALUE, "interval": "clopper_pearson"}),
        ("equivalence", {**MARGIN, **ITEMS, "paired": False}),
        ("equivalence", {**MARGIN, **VALUE, **STATISTICS}),
        ("superiority", {**ITEMS, "sequential": {}}),
        ("regression", {**ITEMS, "interval": "bootstrap"}),
        ("exact_equal", {**ITEMS}),
        ("exact_equal", {**VALUE, **STATISTICS}),
    ],
)
def test_what_fits(test: str, more: dict[str, Any]) -> None:
    assert fault(gate(test, **more)) is None


@pytest.mark.parametrize(
    ("test", "more", "says"),
    [
        ("equivalence", {**ITEMS}, "needs margin"),
        ("superiority", {}, "needs baseline"),
        ("superiority", {**MARGIN, **ITEMS}, "takes no margin"),
        ("regression", {**MARGIN, **ITEMS}, "takes no margin"),
        ("exact_equal", {**ITEMS, "interval": "t"}, "no interval"),
        ("superiority", {**ITEMS, "interval": "wilson"}, "newcombe"),
        ("superiority", {**VALUE, "interval": "newcombe"}, "file or ref"),
        ("threshold", {"interval": "newcombe"}, "file or ref"),
        ("superiority", {**VALUE, **STATISTICS, "interval": "bootstrap"}, "on items"),
        ("superiority", {**VALUE, "paired": False}, "file or ref"),
        ("superiority", {**ITEMS, "paired": False, "interval": "bootstrap"}, "needs pairs"),
        ("exact_equal", {**ITEMS, "paired": False}, "needs pairs"),
        ("exact_equal", {**ITEMS, "sequential": {}}, "sequential"),
        ("superiority", {**VALUE, **STATISTICS, "sequential": {}}, "sequential"),
        ("superiority", {**ITEMS, "paired": False, "sequential": {}}, "sequential"),
        ("threshold", {"interval": "wilson", "sequential": {}}, "sequential"),
        ("threshold", {**STATISTICS, "cluster": "item_id"}, "cluster of items"),
        ("threshold", {**STATISTICS, "unit": "a", "max_drop": 0.1}, "unit and max_drop of items"),
    ],
)
def test_what_does_not_fit(test: str, more: dict[str, Any], says: str) -> None:
    found = fault(gate(test, **more))
    assert found is not None
    assert says in found
