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


SHARED_NODES = 1001
"""Values of what is shared, equally likely."""


def at_least_sharing(p: AnyArray, shared: AnyArray, k: int) -> float:
    """Probability of k successes or more of trials that have something in common.

    Trial t succeeds where sqrt(s_t) G + sqrt(1 - s_t) E_t exceeds its threshold, G common to all
    and standard normal as each E_t: the one-factor model (Vasicek 2002, Risk 15(12), 160-162).
    Given G the trials are independent, so nothing is drawn. With no share it is :func:`at_least`;
    where all is shared, the k-th largest chance.

    Args:
        p: (n,) chance of each trial.
        shared: (n,) share of each trial's variance that is common to all.
        k: successes.

    Raises:
        InputError: a chance or a share outside 0..1, or another number of shares.
    """
    from scipy.special import ndtr, ndtri

    chances, shares = numbers(p, 1, "p"), numbers(shared, 1, "shared")
    if len(shares) != len(chances) or ((shares < 0) | (shares > 1)).any():
        raise InputError("shares of variance lie between 0 and 1", hint="give one a trial")
    if ((chances < 0) | (chances > 1)).any():
        raise InputError("chances lie between 0 and 1", hint="give probabilities")
    if k <= 0:
        return 1.0
    common = ndtri((np.arange(SHARED_NODES) + 0.5) / SHARED_NODES)
    law = np.zeros((SHARED_NODES, len(chances) + 1))
    law[:, 0] = 1.0
    for chance, share in zip(chances, shares, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            given = ndtr((ndtri(chance) + np.sqrt(share) * common) / np.sqrt(1 - share))
        # A chance of a half that is all shared, where what is shared is 0.
        given = np.where(np.isnan(given), 0.5, given)[:, None]
        law[:, 1:] = law[:, 1:] * (1 - given) + law[:, :-1] * given
        law[:, 0] *= 1 - given[:, 0]
    return float(np.clip(law[:, k:].sum(1).mean(), 0.0, 1.0))
