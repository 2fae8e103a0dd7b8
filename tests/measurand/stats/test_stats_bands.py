from __future__ import annotations

import math

import pytest

from measurand.errors import InputError
from measurand.stats.bands import CONVERGENT, RELIABILITY, band


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (-0.86, "unacceptable"),
        (0.4999, "unacceptable"),
        (0.5, "poor"),
        (0.6, "questionable"),
        (0.7, "acceptable"),
        (0.8, "good"),
        (0.9, "excellent"),
        (None, "undefined"),
        (math.nan, "undefined"),
    ],
)
def test_limits_belong_to_the_upper_band(value: float | None, word: str) -> None:
    assert band(value, RELIABILITY) == word


def test_convergent() -> None:
    words = [band(v, CONVERGENT) for v in (0.19, 0.2, 0.4, 0.6, 0.8)]
    assert words == ["very weak", "weak", "moderate", "strong", "very strong"]


@pytest.mark.parametrize("table", [(), ((0.0, "a"),), ((-math.inf, "a"), (1.0, "b"), (1.0, "c"))])
def test_bad_tables(table: tuple[tuple[float, str], ...]) -> None:
    with pytest.raises(InputError):
        band(0.5, table)
