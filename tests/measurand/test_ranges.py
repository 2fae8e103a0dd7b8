from __future__ import annotations

import numpy as np
import pytest

import measurand
from measurand import ranges

SHARES = np.array([0.9, 0.75, 1.0, 0.0])


@pytest.mark.parametrize(
    ("other", "hard"),
    [
        ([85, 70, 91, 100], True),  # percentages
        ([0, 100, 100, 0], True),  # right and wrong as 100 and 0
        ([4, 5, 3, 2], True),  # a rating beside shares
    ],
)
def test_two_scales_are_seen_on_either_side(other: list[float], hard: bool) -> None:
    y = np.array(other, dtype=float)
    for sides in ({"a": SHARES, "b": y}, {"b": y, "a": SHARES}):
        said = ranges.apart(sides)
        assert said is not None
        assert said.startswith(f"scores of a lie within 0 and 1, those of b reach {y.max():g}")
    assert ranges.percentages(SHARES, y) == hard
    assert not ranges.percentages(y, SHARES)


@pytest.mark.parametrize(
    "other",
    [[0.2, 0.1, 1, 0], [1, 0, 0, 3], [-5, 90, 80, 70], [np.nan] * 4],
)
def test_one_scale_is_left_alone(other: list[float]) -> None:
    assert ranges.apart({"a": SHARES, "b": np.array(other, dtype=float)}) is None


def test_counts_that_are_few_are_no_shares() -> None:
    """Errors of a good model and of a poor one: said, and no reason to refuse."""
    few, many = np.array([0.0, 1, 1, 0]), np.array([3.0, 5, 4, 2])
    assert ranges.apart({"few": few, "many": many}) is not None
    assert not ranges.percentages(few, many)


def test_it_stands_on_the_page() -> None:
    data = {"item_id": [*"abcd"] * 2, "model": ["x"] * 4 + ["y"] * 4}
    found = measurand.analyse({**data, "value": [*SHARES, 85, 70, 91, 100]})
    assert "two scales" in found.record["findings"][0]
    assert not measurand.analyse({**data, "value": [*SHARES, *SHARES]}).record["findings"]
