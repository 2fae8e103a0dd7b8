"""Scores of two sides that lie on two scales: shares beside percentages, 0/1 beside 1 to 5."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from measurand.stats.arrays import FloatArray


def apart(sides: Mapping[str, FloatArray]) -> str | None:
    """What is to be said of the first two sides whose scores look like two scales.

    All scores of one lie within 0 and 1, and three quarters of the other's above, or the other's
    are 0 and 100.

    Args:
        sides: scores by whose they are; NaN where there is none.

    Returns:
        A sentence without its subject; None where no two do.
    """
    known = {name: x[~np.isnan(x)] for name, x in sides.items()}
    some = {name: x for name, x in known.items() if len(x)}
    for (one, x), (two, y) in permutations(some.items(), 2):
        if min(x.min(), y.min()) < 0 or x.max() > 1 or y.max() <= 1:
            continue
        if np.quantile(y, 0.25) > 1 or set(np.unique(y)) <= {0.0, 100.0}:
            return (
                f"scores of {one} lie within 0 and 1, those of {two} reach {y.max():g}: if these "
                "are two scales (shares and percentages), their difference means nothing"
            )
    return None


def percentages(shares: FloatArray, other: FloatArray) -> bool:
    """Whether scores are percentages of what others are shares of.

    Fractions of 1 on one side, and on the other none, but numbers up to 100 of which three quarters
    lie above 1; or right and wrong as 1 and 0, and as 100 and 0.

    Args:
        shares: scores of one side, finite.
        other: scores of the other.
    """
    if not (len(shares) and len(other) and shares.min() >= 0 and shares.max() <= 1):
        return False
    if other.min() < 0 or not 1 < other.max() <= 100:
        return False
    values = set(np.unique(other))
    if values <= {0.0, 100.0}:
        return True
    parts = [bool(((x > 0) & (x < 1)).any()) for x in (shares, other)]
    return parts == [True, False] and float(np.quantile(other, 0.25)) > 1
