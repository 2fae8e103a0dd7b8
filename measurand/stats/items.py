"""Items of a test that few took and that is long: a benchmark as models see it.

The questionnaire statistics of :mod:`measurand.stats.reliability` build a covariance of all items.
Here respondents are models, a handful, and items may be a million, so everything is made of
sums over items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from measurand.stats.arrays import FloatArray, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product

MIN_RESPONDENTS = 3


@dataclass(frozen=True)
class ItemStatistics:
    """What each item does.

    Attributes:
        difficulty: (k,) mean score; high is easy.
        item_rest: (k,) correlation with the mean of the other items over respondents; NaN where
            undefined.
        constant: (k,) whether all respondents have the same score.
        reason: why no item has an item-rest correlation; None where some may.
    """

    difficulty: FloatArray
    item_rest: FloatArray
    constant: np.ndarray
    reason: str | None


def item_statistics(x: FloatArray) -> ItemStatistics:
    """Difficulty and item-rest correlation of every item.

    Equal to ``scale_reliability(x).item_rest`` without its limit of 1000 items.

    Args:
        x: (n, k) scores of n respondents on k items, no gaps.

    Raises:
        InputError: wrong shape or values that are not finite.
    """
    x = numbers(x, 2, "x")
    n, k = x.shape
    constant = np.ptp(x, axis=0) == 0 if n else np.ones(k, np.bool_)
    nothing = np.full(k, np.nan)
    if n == 0:
        return ItemStatistics(nothing, nothing, constant, "no respondents")
    # A mean of equal decimals may miss them in its last bit.
    difficulty = np.where(constant, x[0], x.mean(axis=0))
    if n < MIN_RESPONDENTS or k < 2:
        few = f"fewer than {MIN_RESPONDENTS} respondents" if k > 1 else "one item has no rest"
        return ItemStatistics(difficulty, nothing, constant, few)
    apart = x - difficulty
    total = apart.sum(axis=1)
    own = (apart**2).sum(axis=0)
    with_all = np.einsum("nk,n->k", apart, total)
    with_rest = with_all - own
    rest = product(total, total) - 2 * with_all + own
    scale = np.sqrt(np.maximum(own * rest, 0))
    floor = 1e-9 * float(own.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where((scale > 0) & (rest > floor * 1e-3), with_rest / scale, np.nan)
    r[constant] = np.nan
    return ItemStatistics(difficulty, np.clip(r, -1, 1), constant, None)


def alpha_of_long_test(x: FloatArray) -> Estimate:
    """Cronbach's alpha with Feldt's interval, for items without number.

    How reliably these items order respondents such as these; with few respondents the interval is
    wide, and says so.

    Source: Cronbach (1951), Psychometrika 16, 297-334; Feldt, Woodruff & Salih (1987), Applied
    Psychological Measurement 11, 93-103. Equal to ``scale_reliability(x).alpha_feldt``.

    Args:
        x: (n, k) scores, no gaps.

    Raises:
        InputError: wrong shape or values that are not finite.
    """
    from scipy.special import fdtri

    x = numbers(x, 2, "x")
    n, k = x.shape
    method = "Cronbach's alpha over respondents; Feldt interval"
    if n < MIN_RESPONDENTS:
        return undefined(f"fewer than {MIN_RESPONDENTS} respondents", method=method, n=n)
    if k < 2:
        return undefined("fewer than two items", method=method, n=n)
    apart = x - np.where(np.ptp(x, axis=0) == 0, x[0], x.mean(axis=0))
    total = float(apart.sum(axis=1).var(ddof=1))
    items = float(apart.var(axis=0, ddof=1).sum())
    if total <= 1e-12 * items:
        return undefined("all respondents have the same total", method=method, n=n)
    alpha = k / (k - 1) * (1 - items / total)
    low, high, lower, upper = (
        1 - (1 - alpha) * float(fdtri(n - 1, (n - 1) * (k - 1), p))
        for p in (0.975, 0.025, 0.95, 0.05)
    )
    return Estimate(alpha, ci_lo=low, ci_hi=high, lower=lower, upper=upper, method=method, n=n)


def repeat_reliability(x: FloatArray) -> tuple[Estimate, Estimate]:
    """How far scores of the same items agree when they are asked again: one repeat, mean of all.

    Both are the share of variance that lies between items, the rest being that of repeats and
    error: ICC(A,1) and ICC(A,k) of McGraw & Wong (1996), Psychological Methods 1, 30-46.

    Args:
        x: (n, K) scores of n items at K repeats, no gaps.

    Raises:
        InputError: wrong shape or values that are not finite.
    """
    from measurand.stats.crossed import components

    x = numbers(x, 2, "x")
    n, repeats = x.shape
    names = ("ICC(A,1)", f"ICC(A,{repeats})")
    if min(n, repeats) < 2:
        reason = "fewer than two repeats" if repeats < 2 else "fewer than two items"
        single, mean = (undefined(reason, method=name, n=n) for name in names)
        return single, mean
    parts = components(x)
    other = parts.columns + parts.rest
    found = []
    for name, noise in zip(names, (other, other / repeats), strict=True):
        spread = parts.rows + noise
        if not spread > 0:
            found.append(undefined("no variance at all", method=name, n=n))
        else:
            reason = "no interval: made from variance components"
            found.append(Estimate(parts.rows / spread, method=name, n=n, reason=reason))
    return found[0], found[1]
