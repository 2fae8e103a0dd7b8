"""Tests of paired scores: the t test of an estimate, McNemar's, and sign flips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, codes, numbers, same_length
from measurand.stats.estimate import Estimate
from measurand.stats.exact import weighted
from measurand.stats.resample import rng_for

EXACT_UNITS = 12
"""Up to this many units all sign patterns are listed: 4,096 of them."""
FLIPS = 9_999


def t_test(difference: Estimate) -> float | None:
    """Two-sided p of a mean difference, with the degrees of freedom of its interval.

    Args:
        difference: as from :func:`measurand.stats.means.paired_difference`.

    Returns:
        p; None without a standard error above 0.
    """
    from scipy.special import stdtr

    units = difference.n if difference.n_clusters is None else difference.n_clusters
    if difference.value is None or not difference.se or units is None or units < 2:
        return None
    return float(2 * stdtr(units - 1, -abs(difference.value) / difference.se))


def mcnemar(only_a: int, only_b: int, method: Literal["exact", "mid_p"] = "exact") -> float | None:
    """Two-sided p that two raters or models succeed equally often on the same items.

    Only items that one solves and the other does not carry information; under the null they
    split evenly, so this is a sign test.

    Source: McNemar (1947), Psychometrika 12, 153-157; the mid-p version is Fagerland, Lydersen &
    Laake (2013), BMC Medical Research Methodology 13, 91, equation 5: half the chance of the
    observed split is taken off each tail. The exact one equals ``scipy.stats.binomtest`` and
    statsmodels ``mcnemar(exact=True)``.

    Args:
        only_a: items that only A solves.
        only_b: items that only B solves.
        method: ``exact`` never exceeds its level; ``mid_p`` is nearer to it.

    Returns:
        p; None where no item separates the two.

    Raises:
        InputError: a negative count or an unknown method.
    """
    from scipy.special import bdtr, gammaln

    if min(only_a, only_b) < 0 or method not in ("exact", "mid_p"):
        raise InputError(f"counts {only_a}, {only_b}, method {method!r}", hint="counts >= 0")
    n, least = only_a + only_b, min(only_a, only_b)
    if n == 0:
        return None
    tail = 2 * float(bdtr(least, n, 0.5))
    if method == "exact":
        return min(tail, 1.0)
    log = gammaln(n + 1) - gammaln(least + 1) - gammaln(n - least + 1) - n * np.log(2.0)
    return min(tail - float(np.exp(log)), 1.0)


def sign_flip(
    differences: AnyArray,
    clusters: AnyArray | None = None,
    *,
    flips: int = FLIPS,
    seed_words: Sequence[str | int] = (),
) -> float | None:
    """Two-sided permutation p of a mean difference: each unit's sign is as good as the other.

    The differences of a cluster flip together. Up to 12 units all patterns are listed and p is
    exact; otherwise ``flips`` are drawn and the observed one is counted among them. Neither the
    order of the rows nor which side is taken from which changes p, drawn or not.

    Source: Fisher (1935), The Design of Experiments, section 21; Phipson & Smyth (2010),
    Statistical Applications in Genetics and Molecular Biology 9, 39, for the added one. Equal to
    ``scipy.stats.permutation_test(permutation_type="samples")``, drawn as bits and summed by one
    matrix product a batch.

    Args:
        differences: (n,) paired differences.
        clusters: (n,) unit that each belongs to.
        flips: patterns to draw.
        seed_words: words that the seed is made of.

    Returns:
        p; None without a difference other than 0.

    Raises:
        InputError: wrong shapes, values that are not finite, or no flips.
    """
    x = numbers(differences, 1, "differences")
    if flips < 1:
        raise InputError(f"{flips} flips", hint="give 1 or more; 9999 is usual")
    if clusters is not None:
        same_length(len(x), clusters=clusters)
        units, g = codes(clusters, len(x))
        x = np.bincount(units, x, minlength=g).astype(np.float64)
    x = x[x != 0]
    if not len(x):
        return None
    # In a common unit sums neither overflow nor vanish. Every sign is drawn, so
    # that sizes in rising order stand for all orders of the rows and for both sides.
    x = x / np.abs(x).max()
    sizes = np.sort(np.abs(x))
    observed = abs(math.fsum(x))
    # Sums of the same terms in another order differ in their last bits.
    least = observed * (1 - 1e-12)
    if len(x) <= EXACT_UNITS:
        bits = (np.arange(2 ** len(x))[:, None] >> np.arange(len(x))) & 1
        return float((np.abs(((2.0 * bits - 1.0) * sizes).sum(axis=1)) >= least).mean())
    rng = rng_for("sign flip", *seed_words)
    total, reached, drawn = float(sizes.sum()), 0, 0
    batch = max(1, 2**22 // len(x))
    while drawn < flips:
        b = min(batch, flips - drawn)
        packed = np.frombuffer(rng.bytes(b * ((len(x) + 7) // 8)), np.uint8).reshape(b, -1)
        bits = np.unpackbits(packed, axis=1, count=len(x))
        sums = weighted(bits.astype(np.float64), 2.0 * sizes) - total
        reached += int((np.abs(sums) >= observed * (1 - 1e-6)).sum())
        drawn += b
    return (reached + 1) / (flips + 1)
