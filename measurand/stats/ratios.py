"""A ratio of two sums over the same units, such as tokens per success."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from measurand.stats.arrays import AnyArray, codes, numbers, same_length
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product
from measurand.stats.means import student

METHOD = "ratio of sums; linearised error over"


def ratio_of_sums(
    above: AnyArray, below: AnyArray, clusters: AnyArray | None = None, *, confidence: float = 0.95
) -> Estimate:
    """Sum of one quantity over that of another, with an interval on the log scale.

    The residuals ``above - ratio below``, summed within clusters, give the error (CR1) as those of
    a mean do; Student's t with G - 1 degrees is taken of the ratio's logarithm, so that the
    interval stays above 0.

    Source: Cochran (1977), Sampling Techniques, equations 6.11 and 6.13 (ratio estimator); equal to
    statsmodels' WLS through the origin with weights 1/below and ``cov_type="cluster"``.

    Args:
        above: (n,) quantities, 0 or more.
        below: (n,) quantities, 0 or more.
        clusters: (n,) cluster of each unit; None where units are independent.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; undefined where ``below`` sums to 0. Without a sum above 0 or a second
        cluster there is no interval.

    Raises:
        InputError: wrong shapes, or values that are not finite.
    """
    y, x = numbers(above, 1, "above"), numbers(below, 1, "below")
    same_length(len(y), below=x)
    n = len(y)
    units, g = (np.arange(n), n) if clusters is None else codes(clusters, n)
    shown = None if clusters is None else g
    method = f"{METHOD} {'rows' if clusters is None else 'clusters'}"
    total = float(x.sum())
    if total <= 0:
        return undefined("nothing to divide by", method=method, n=n, n_clusters=shown)
    ratio = float(y.sum()) / total
    if g < 2 or ratio <= 0:
        why = "no interval: fewer than two units" if g < 2 else "no interval: the sum is 0"
        return Estimate(ratio, method=method, n=n, n_clusters=shown, reason=why)
    rest = np.bincount(units, y - ratio * x, minlength=g)
    se = math.sqrt(g / (g - 1) * product(rest, rest)) / total
    logged = student(math.log(ratio), se / ratio, g - 1, confidence, method, n, shown, None)
    ends: dict[str, Any] = {
        name: math.exp(min(getattr(logged, name), 700.0))
        for name in ("ci_lo", "ci_hi", "lower", "upper")
    }
    return replace(logged, value=ratio, se=se, least=0.0, **ends)
