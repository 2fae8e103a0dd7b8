"""Paired comparison by ranks: Wilcoxon's signed-rank test, its estimate, and the sign test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import proportion

MAX_ROWS = 5000
"""Beyond it the averages of all pairs of differences do not fit in memory."""
EXACT_ROWS = 50


@dataclass(frozen=True)
class SignedRank:
    """A paired comparison by ranks.

    Attributes:
        shift: Hodges-Lehmann estimate of the differences: the median of the averages of all pairs
            of them, each with itself among them.
        p: two-sided p-value of the signed-rank test, differences of 0 left out; None where all
            are 0.
        above: of the differences that are not 0, the share above 0.
        p_sign: two-sided p-value of the sign test of that share against .5; None likewise.
        n_zero: differences of 0.
    """

    shift: Estimate
    p: float | None
    above: Estimate
    p_sign: float | None
    n_zero: int


def signed_rank(differences: AnyArray, *, confidence: float = 0.95) -> SignedRank:
    """Wilcoxon's signed-rank test of independent differences with estimate and interval.

    The shift takes differences that are symmetric about it. Its interval holds the averages that
    the test would not reject, from the exact distribution up to 50 rows and the normal one
    above; with ties or zeros it covers more than it says, never less.

    Source: Wilcoxon (1945), Biometrics Bulletin 1, 80-83; Hodges & Lehmann (1963), Annals of
    Mathematical Statistics 34, 598-611; the interval as in Hollander & Wolfe (1999),
    Nonparametric Statistical Methods, section 3.3. p-values are those of
    ``scipy.stats.wilcoxon`` (zero_method "wilcox") and ``scipy.stats.binomtest``.

    Args:
        differences: (n,) one per independent unit, finite.
        confidence: level of the two-sided interval.

    Raises:
        InputError: wrong shape, values that are not finite, or more than 5000 rows.
    """
    from scipy import stats

    d = numbers(differences, 1, "differences")
    n = len(d)
    if n > MAX_ROWS:
        raise InputError(
            f"{n} differences, ranks take up to {MAX_ROWS}", hint="compare their means"
        )
    moved = d[d != 0]
    above = int((moved > 0).sum())
    method = "share of differences above 0, zeros left out; clopper_pearson interval"
    share = proportion(above, len(moved), "clopper_pearson", confidence=confidence)
    if len(moved) == 0:
        why = "no rows" if n == 0 else "no difference but 0"
        share = undefined(why, method=method, n=0)
        return SignedRank(_shift(d, confidence), None, share, None, n)
    tied = len(np.unique(np.abs(moved))) < len(moved)
    exact = len(moved) <= EXACT_ROWS and not tied
    test = stats.wilcoxon(moved, method="exact" if exact else "asymptotic", correction=False)
    p_sign = float(stats.binomtest(above, len(moved)).pvalue)
    return SignedRank(_shift(d, confidence), float(test.pvalue), share, p_sign, n - len(moved))


def _shift(d: FloatArray, confidence: float) -> Estimate:
    n = len(d)
    method = "Hodges-Lehmann shift"
    if n == 0:
        return undefined("no rows", method=method, n=0)
    i, j = np.triu_indices(n)
    averages = np.sort((d[i] + d[j]) / 2)
    value = float(np.median(averages))
    exact = n <= EXACT_ROWS
    tail = (1 - confidence) / 2
    places = [_rank(n, level, exact) for level in (tail, 0.05)]
    if min(places) < 1:
        why = f"no interval: {n} rows cannot reach a level of {confidence:g}"
        return Estimate(value, confidence=confidence, method=method, n=n, reason=why)
    (lo, hi), (lower, upper) = (
        (float(averages[place - 1]), float(averages[-place])) for place in places
    )
    kind = "exact" if exact else "normal"
    return Estimate(
        value,
        ci_lo=lo,
        ci_hi=hi,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=f"{method}; {kind} signed-rank interval",
        n=n,
    )


def _rank(n: int, tail: float, exact: bool) -> int:
    """Place of the average, from either end, that bounds the interval; 0 where none does.

    The largest k with P(W+ <= k - 1) <= tail.
    """
    from scipy.special import ndtri

    if exact:
        return int(np.searchsorted(_distribution(n), tail, side="right"))
    mean, variance = n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24
    return max(0, math.floor(mean + float(ndtri(tail)) * math.sqrt(variance)))


def _distribution(n: int) -> FloatArray:
    """P(W+ <= w) for w = 0, 1, ...: the sum of a random subset of 1..n."""
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, n + 1):
        ways[rank:] = ways[rank:] / 2 + ways[: len(ways) - rank] / 2
        ways[:rank] /= 2
    out: FloatArray = np.cumsum(ways)
    return out
