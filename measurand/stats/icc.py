"""Intraclass correlations of a complete table of targets by raters, in six forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from measurand.stats.arrays import LARGEST, AnyArray, FloatArray, numbers
from measurand.stats.estimate import Estimate, undefined

FLAT = 1e-12
"""A mean square below this share of the largest deviation squared is rounding noise."""


@dataclass(frozen=True)
class Icc:
    """Six intraclass correlations.

    Attributes:
        icc1: ICC(1,1): each target has raters of its own; one rating.
        icc2: ICC(2,1): the same raters, a sample of raters; absolute agreement of one rating.
        icc3: ICC(3,1): these raters and no others; consistency of one rating.
        icc1k: ICC(1,k): mean of k ratings.
        icc2k: ICC(2,k): mean of k ratings.
        icc3k: ICC(3,k): mean of k ratings, equal to Cronbach's alpha.
        targets: rows of the table.
        raters: columns of the table, k.
    """

    icc1: Estimate
    icc2: Estimate
    icc3: Estimate
    icc1k: Estimate
    icc2k: Estimate
    icc3k: Estimate
    targets: int
    raters: int


def intraclass(table: AnyArray, *, confidence: float = 0.95) -> Icc:
    """All six forms with the intervals of F, for normal scores and targets drawn at random.

    Source: Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428, table 1 and page 424 for
    the intervals; equal to pingouin's ``intraclass_corr``. Not clipped at 0.

    Args:
        table: (targets, raters) scores without gaps.
        confidence: level of the two-sided intervals.

    Returns:
        The forms. All are undefined with fewer than two targets or raters, and where nothing
        varies; where the raters leave no error (equal ratings, or for the second and third form a
        constant distance) there is no interval.

    Raises:
        InputError: wrong shape, or values that are not finite.
    """
    x = numbers(table, 2, "table", largest=LARGEST)
    n, k = x.shape

    def whole(make: Callable[[str], Estimate]) -> Icc:
        return Icc(
            icc1=make("ICC(1,1)"),
            icc2=make("ICC(2,1)"),
            icc3=make("ICC(3,1)"),
            icc1k=make("ICC(1,k)"),
            icc2k=make("ICC(2,k)"),
            icc3k=make("ICC(3,k)"),
            targets=n,
            raters=k,
        )

    if min(n, k) < 2:
        why = f"{n} targets by {k} raters, two of each needed"
        return whole(lambda name: undefined(why, method=name, n=n))
    if np.ptp(x) == 0:
        return whole(lambda name: undefined("no score varies", method=name, n=n))
    squares = _mean_squares(x)
    return whole(lambda name: _form(name, squares, n, k, confidence))


@dataclass(frozen=True)
class _Squares:
    between: float
    within: float
    raters: float
    error: float


def _mean_squares(x: FloatArray) -> _Squares:
    """Mean squares in units of the largest deviation; what is rounding noise is 0."""
    n, k = x.shape
    apart = x - x.mean()
    apart = apart / np.abs(apart).max()
    by_target, by_rater = apart.mean(axis=1), apart.mean(axis=0)
    rest = apart - by_target[:, None] - by_rater

    def mean_square(total: float, df: int) -> float:
        return 0.0 if total / df <= FLAT else total / df

    return _Squares(
        between=mean_square(k * float((by_target**2).sum()), n - 1),
        within=mean_square(float(((apart - by_target[:, None]) ** 2).sum()), n * (k - 1)),
        raters=mean_square(n * float((by_rater**2).sum()), k - 1),
        error=mean_square(float((rest**2).sum()), (n - 1) * (k - 1)),
    )


def _form(name: str, squares: _Squares, n: int, k: int, confidence: float) -> Estimate:
    form, mean_of_k = int(name[4]), name.endswith("k)")
    noise = squares.within if form == 1 else squares.error
    shift = k * (squares.raters - squares.error) / n if form == 2 else 0.0
    below = squares.between + (k - 1) * noise + shift
    if below <= 0:
        return undefined("the mean squares leave no variance", method=name, n=n)
    single = (squares.between - noise) / below

    def raised(icc: float) -> float | None:
        """Spearman-Brown for the mean of k ratings."""
        under = 1 + (k - 1) * icc
        if not mean_of_k:
            return icc
        return k * icc / under if under > 0 else None

    value = raised(single)
    if value is None:
        return undefined("the mean of the ratings does not vary", method=name, n=n)
    if noise == 0:
        why = "no interval: the raters leave no error to measure by"
        return Estimate(value, confidence=confidence, method=name, n=n, reason=why)
    tail = (1 - confidence) / 2
    bounds = _agreement_bounds if form == 2 else _ratio_bounds
    (lo, hi), (lower, upper) = (
        bounds(squares, single, n, k, level, within=form == 1) for level in (tail, 0.05)
    )
    return Estimate(
        value,
        ci_lo=raised(lo),
        ci_hi=raised(hi),
        lower=raised(lower),
        upper=raised(upper),
        confidence=confidence,
        method=f"{name}; F interval, targets taken as independent and normal",
        n=n,
    )


def _ratio_bounds(
    squares: _Squares, single: float, n: int, k: int, tail: float, *, within: bool
) -> tuple[float, float]:
    """Forms 1 and 3: the ratio of the mean squares over its F quantiles."""
    from scipy.special import fdtri

    noise, df = (squares.within, n * (k - 1)) if within else (squares.error, (n - 1) * (k - 1))
    ratio = squares.between / noise
    low = ratio / float(fdtri(n - 1, df, 1 - tail))
    high = ratio * float(fdtri(df, n - 1, 1 - tail))
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _agreement_bounds(
    squares: _Squares, single: float, n: int, k: int, tail: float, *, within: bool
) -> tuple[float, float]:
    """Form 2, with Satterthwaite's degrees of freedom."""
    from scipy.special import fdtri

    ratio = squares.raters / squares.error
    part = n * (1 + (k - 1) * single) - k * single
    df = (k - 1) * (n - 1) * (k * single * ratio + part) ** 2
    df /= (n - 1) * (k * single * ratio) ** 2 + part**2
    shared = k * squares.raters + (k * n - k - n) * squares.error
    f_low, f_high = float(fdtri(n - 1, df, 1 - tail)), float(fdtri(df, n - 1, 1 - tail))
    low = n * (squares.between - f_low * squares.error) / (f_low * shared + n * squares.between)
    high = n * (f_high * squares.between - squares.error) / (shared + n * f_high * squares.between)
    return low, high if math.isfinite(high) else 1.0
