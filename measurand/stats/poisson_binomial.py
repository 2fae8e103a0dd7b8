"""How many of several independent trials succeed, each with a chance of its own."""

from __future__ import annotations

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers


def probabilities(p: AnyArray) -> FloatArray:
    """Probability of 0, 1, ..., n successes.

    The convolution of n two-point laws; with equal chances it is the binomial law.

    Args:
        p: (n,) chance of each trial.

    Returns:
        (n + 1,) probabilities.

    Raises:
        InputError: a chance outside 0..1.
    """
    chances = numbers(p, 1, "p")
    if ((chances < 0) | (chances > 1)).any():
        raise InputError("chances lie between 0 and 1", hint="give probabilities")
    found = np.ones(1)
    for chance in chances:
        found = np.convolve(found, [1 - chance, chance])
    return found


def at_least(p: AnyArray, k: int) -> float:
    """Probability of k successes or more; 1 for k = 0 or below, 0 for more than there are."""
    return 1.0 if k <= 0 else float(np.clip(probabilities(p)[k:].sum(), 0.0, 1.0))


def two_sided(p: AnyArray, k: int) -> float:
    """P value of k successes: twice the smaller tail with half of k itself (mid-p), at most 1.

    Source: Lancaster (1961), JASA 56, 223-234, for the mid-p of a discrete law.

    Raises:
        InputError: not 0 <= k <= n.
    """
    found = probabilities(p)
    if not 0 <= k < len(found):
        raise InputError(f"{k} successes in {len(found) - 1} trials", hint="give 0 <= k <= n")
    half = found[k] / 2
    return float(min(1.0, 2 * min(found[:k].sum() + half, found[k + 1 :].sum() + half)))
