"""A ratio of two sums over the same units: tokens per success, times fewer evaluations, a share."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, codes, numbers, same_length
from measurand.stats.estimate import Estimate, undefined

FLAT = 1e-12
"""Logarithms of ratios that vary by less are the same; ratios, by less than this of their size."""
END = 700.0
"""Largest logarithm with an exponential."""


def ratio_of_sums(
    above: AnyArray, below: AnyArray, clusters: AnyArray | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Sum of one quantity over that of another, with an interval on the log scale.

    Each unit is left out once; the jackknife's error of the ratio's logarithm makes Student's t, so
    that the interval stays above 0 and that of the inverse ratio is the inverse. A few units with
    most of a sum decide the error: as degrees of freedom count as many equal units as would vary as
    much, less one, and no more than the error itself is sure to, from the kurtosis of what each
    unit moves; at least one. Of skewed quantities of 5, 10 and 30 units that holds the truth in
    94 to 96 of 100; linearised errors with G - 1 degrees in 89 to 95, BCa in 85 to 90.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, equation 11.5 (error);
    Kish (1965), Survey Sampling, section 11.7 (equal units worth as much, of each unit's mean share
    of both sums); Satterthwaite (1946), Biometrics Bulletin 2, 110-114, equation 17 (degrees from
    the variance of a variance, here that of G values: Cramer 1946, section 27.4).

    Args:
        above: (n,) quantities, 0 or more.
        below: (n,) quantities, 0 or more.
        clusters: (n,) cluster of each unit; None where units are independent.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; undefined where ``below`` sums to 0. Without a sum above 0, a second unit or a
        ratio without each unit, or where that is always the same, there is no interval.

    Raises:
        InputError: wrong shapes, or values that are not finite.
    """
    y, x = numbers(above, 1, "above"), numbers(below, 1, "below")
    same_length(len(y), below=x)
    return _over_units("ratio of sums", y, x, clusters, confidence)


def share_of_sums(
    part: AnyArray, whole: AnyArray, clusters: AnyArray | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Sum of parts over the sum of what they are parts of, with an interval on the logit scale.

    That is :func:`ratio_of_sums` of the parts over the rest, its ends turned into shares: calls of
    a search are alike, so searches are the units, and one that made more calls counts more.

    Args:
        part: (n,) parts, 0 or more.
        whole: (n,) what they are parts of.
        clusters: (n,) cluster of each unit; None where units are independent.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; undefined where ``whole`` sums to 0. A share of 0 or 1 has no interval.

    Raises:
        InputError: wrong shapes, values that are not finite, or a part larger than its whole.
    """
    some, every = numbers(part, 1, "part"), numbers(whole, 1, "whole")
    same_length(len(some), whole=every)
    if (some > every).any() or (some < 0).any():
        raise InputError("a part is below 0 or above its whole", hint="give 0 <= part <= whole")
    name = "share of a sum"
    odds = _over_units(name, some, every - some, clusters, confidence)
    total = float(every.sum())
    if total <= 0:
        return replace(odds, value=None, reason="nothing to be a share of")
    share = float(some.sum()) / total
    if odds.ci_lo is None:
        why = "no interval: the share is 1" if share == 1 else odds.reason
        return replace(odds, value=share, reason=why, least=0.0, most=1.0)
    ends: dict[str, Any] = {
        name: end / (1 + end)
        for name in ("ci_lo", "ci_hi", "lower", "upper")
        if (end := getattr(odds, name)) is not None
    }
    assert odds.value is not None
    assert odds.se is not None
    error = odds.se / odds.value * share * (1 - share)
    method = odds.method.replace("log scale", "logit scale")
    return replace(odds, value=share, se=error, method=method, least=0.0, most=1.0, **ends)


def signed_ratio_of_sums(
    above: AnyArray, below: AnyArray, clusters: AnyArray | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Sum of a quantity of either sign over another sum: :func:`ratio_of_sums` without logarithms.

    Student's t on the ratio's own scale, units worth as much by their share of the divisor alone.

    Args:
        above: (n,) quantities of either sign.
        below: (n,) quantities, 0 or more.
        clusters: (n,) cluster of each unit; None where units are independent.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; undefined where ``below`` sums to 0. Without a second unit or a divisor
        without each unit, or where the ratio is always the same, there is no interval.

    Raises:
        InputError: wrong shapes, or values that are not finite.
    """
    y, x = numbers(above, 1, "above"), numbers(below, 1, "below")
    same_length(len(y), below=x)
    return _over_units("ratio of sums", y, x, clusters, confidence, signed=True)


def _over_units(
    name: str,
    y: FloatArray,
    x: FloatArray,
    clusters: AnyArray | None,
    confidence: float,
    *,
    signed: bool = False,
) -> Estimate:
    """Sum of y over sum of x, both of n rows."""
    n = len(y)
    units, g = (np.arange(n), n) if clusters is None else codes(clusters, n)
    shown, over = (None, "rows") if clusters is None else (g, "clusters")
    least = None if signed else 0.0
    if float(x.sum()) <= 0:
        return undefined("nothing to divide by", method=name, n=n, n_clusters=shown)
    ratio = float(y.sum()) / float(x.sum())
    tops, bottoms = (np.bincount(units, one, minlength=g) for one in (y, x))
    left = np.array([tops.sum() - tops, bottoms.sum() - bottoms])
    if why := _why_none(ratio, left[1:] if signed else left, signed):
        reason = f"no interval: {why}"
        return Estimate(ratio, method=name, n=n, n_clusters=shown, reason=reason, least=least)
    moved = left[0] / left[1] if signed else np.log(left[0] / left[1])
    apart = moved - moved.mean()
    error = math.sqrt((g - 1) / g * float((apart**2).sum()))
    if error <= FLAT * (float(np.abs(y).sum() / x.sum()) if signed else 1.0):
        reason = "no interval: the same without any of the units"
        return Estimate(ratio, method=name, n=n, n_clusters=shown, reason=reason, least=least)
    shares = bottoms / bottoms.sum()
    if not signed:
        shares = (tops / tops.sum() + shares) / 2
    df = max(1.0, min(1 / float((shares**2).sum()) - 1, _sureness(apart)))
    ends = _ends(ratio, error, df, confidence, signed=signed)
    scale = "" if signed else " on the log scale"
    return Estimate(
        ratio,
        se=error if signed else ratio * error,
        **ends,
        confidence=confidence,
        method=f"{name}; t({df:.3g}) interval{scale}, jackknife over {over}",
        n=n,
        n_clusters=shown,
        least=least,
    )


def _why_none(ratio: float, left: FloatArray, signed: bool) -> str | None:
    """Why sums without each unit, (sums, G), give no interval."""
    if left.shape[1] < 2:
        return "fewer than two units"
    if ratio <= 0 and not signed:
        return "the sum is 0"
    return "a sum is 0 without one of the units" if (left <= 0).any() else None


def _sureness(apart: FloatArray) -> float:
    """Degrees of freedom of the variance of G values: twice its square over its own variance."""
    squares = apart**2
    varied = float(squares.var())
    square = float(squares.mean()) ** 2
    return 2 * len(apart) * square / varied if varied > FLAT * square else math.inf


def _ends(
    ratio: float, error: float, df: float, confidence: float, *, signed: bool
) -> dict[str, Any]:
    """Of both intervals, on the ratio's own scale or, where it is not signed, by its logarithm."""
    from scipy.special import stdtrit

    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2, 0.05, 0.95])
    away = stdtrit(df, tails) * error
    ends = ratio + away if signed else np.exp(np.clip(math.log(ratio) + away, -END, END))
    return dict(zip(("ci_lo", "ci_hi", "lower", "upper"), ends.tolist(), strict=True))
