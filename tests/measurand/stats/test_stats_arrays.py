from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.arrays import codes, numbers, same_length


@pytest.mark.parametrize(
    ("x", "says"),
    [
        ([1.0, 2.0], "not a numpy array"),
        (np.array(["a"]), "not numbers"),
        (np.array([1, None], dtype=object), "not numbers"),
        (np.ones((2, 2)), "2 dimensions, 1 expected"),
        (np.array([1.0, np.inf]), "infinite"),
        (np.array([1.0, np.nan]), "NaN"),
    ],
)
def test_unusable_arrays_are_named(x: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        numbers(x, 1, "x")
    assert caught.value.hint


def test_numbers_copies_and_keeps_nan_where_allowed() -> None:
    x = np.array([1.0, np.nan])
    out = numbers(x, 1, "x", missing=True)
    assert np.isnan(out[1])
    assert out is not x
    assert numbers(np.array([True, False]), 1, "x").tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "labels",
    [np.array(["b", "a", "b"]), np.array(["b", "a", "b"], dtype=object), np.array([7, 2, 7])],
)
def test_codes_follow_sorted_labels(labels: Any) -> None:
    found, n = codes(labels, 3)
    assert found.tolist() == [1, 0, 1]
    assert n == 2


@pytest.mark.parametrize(
    "labels",
    [
        np.array([1.0, np.nan]),
        np.array(["a", None], dtype=object),
        np.array([[1], [2]]),
        np.array([1]),
        ["a", "b"],
    ],
)
def test_unusable_labels(labels: Any) -> None:
    with pytest.raises(InputError):
        codes(labels, 2)


def test_sizes_that_would_overflow_are_refused_where_asked() -> None:
    with pytest.raises(InputError, match="beyond 10"):
        numbers(np.array([1.0, -11.0, np.nan]), 1, "x", missing=True, largest=10.0)
    assert numbers(np.array([10.0, -10.0]), 1, "x", largest=10.0).tolist() == [10.0, -10.0]


def test_same_length() -> None:
    same_length(2, y=np.ones(2))
    with pytest.raises(InputError, match="y has 3 entries for 2 rows"):
        same_length(2, y=np.ones(3))
