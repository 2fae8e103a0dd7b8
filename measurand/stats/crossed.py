"""Means over two crossed samples (shot sets and questions), and where their variance lies."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, IntArray, codes, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product
from measurand.stats.means import cluster_mean, student
from measurand.stats.weighted_t import quantile


def crossed_mean(
    values: AnyArray, rows: AnyArray, columns: AnyArray, *, confidence: float = 0.95
) -> Estimate:
    """Mean with an error that allows for both samples, and a t between those of either one.

    The variance is that of clusters of rows plus that of clusters of columns minus that of their
    cells. An interval over shot sets alone says what other shot sets would give with these very
    questions; this one says what other shot sets and other questions would give.

    Source: Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29,
    238-249, equations 2.9 and 2.13, each part with its own G/(G-1); equal to statsmodels'
    ``cov_cluster_2groups`` on an intercept. Where the difference is smaller than one of the
    one-way variances, which is sampling noise, the larger of them is taken. The quantile is
    :func:`measurand.stats.weighted_t.quantile`: min(R, C) - 1 degrees would hold the truth in 99%
    where three shot sets hardly differ, Satterthwaite's degrees in 90% where two of them do.

    Args:
        values: (n,) scores, finite.
        rows: (n,) first cluster of each value.
        columns: (n,) second cluster of each value.
        confidence: level of the two-sided interval.

    Returns:
        The estimate; ``n_clusters`` is the smaller number of clusters. With fewer than two rows or
        columns it is :func:`measurand.stats.means.cluster_mean` over the other ones.

    Raises:
        InputError: wrong shapes or values that are not finite.
    """
    x = numbers(values, 1, "values")
    n = len(x)
    first, n_first = codes(rows, n, "rows")
    second, n_second = codes(columns, n, "columns")
    if n == 0:
        return undefined("no rows", method="mean", n=0)
    if min(n_first, n_second) < 2:
        over = second if n_second > n_first else first
        return cluster_mean(x, over, confidence=confidence)
    mean = float(x[0]) if np.ptp(x) == 0 else float(x.mean())
    cells, n_cells = codes(first * n_second + second, n)
    apart = x - mean
    one, two = _variance(apart, first, n_first), _variance(apart, second, n_second)
    both = _variance(apart, cells, n_cells)
    variance = max(one + two - both, one, two)
    se, reason = math.sqrt(variance), None
    if se <= 1e-12 * float(np.abs(x).max()):
        se, reason = 0.0, "degenerate: no variation between clusters, the interval is a point"
    fewer, more = sorted((n_first, n_second))
    method = f"mean; weighted t interval, error over {n_first} x {n_second} crossed clusters"
    made = student(mean, se, fewer - 1, confidence, method, n, fewer, reason)
    if se == 0:
        return made
    share = (one if n_first == fewer else two) / variance
    both_sides, one_side = (quantile(q, share, fewer, more) for q in ((1 + confidence) / 2, 0.95))
    return replace(
        made,
        ci_lo=mean - both_sides * se,
        ci_hi=mean + both_sides * se,
        lower=mean - one_side * se,
        upper=mean + one_side * se,
    )


def _variance(apart: AnyArray, units: IntArray, n_units: int) -> float:
    sums = np.bincount(units, apart, minlength=n_units)
    return n_units / (n_units - 1) * product(sums, sums) / len(apart) ** 2


@dataclass(frozen=True)
class Components:
    """Variance components of a score in a complete table; an estimate may be below 0.

    Attributes:
        rows: between rows.
        columns: between columns.
        rest: interaction and error.
    """

    rows: float
    columns: float
    rest: float

    def shares(self) -> tuple[float, float, float] | None:
        """Shares of the total, negative estimates taken as 0; None where nothing varies."""
        parts = [max(part, 0.0) for part in (self.rows, self.columns, self.rest)]
        total = math.fsum(parts)
        if total <= 0:
            return None
        return parts[0] / total, parts[1] / total, parts[2] / total


def components(table: AnyArray) -> Components:
    """Variance components of rows, columns and rest by the ANOVA method, both samples random.

    Source: Searle, Casella & McCulloch (1992), Variance Components, section 4.3; the share of rows
    without truncation is ICC(A,1) of McGraw & Wong (1996), equal to pingouin's.

    Args:
        table: (r, c) scores without gaps, at least 2 x 2.

    Raises:
        InputError: wrong shape, or values that are not finite.
    """
    x = numbers(table, 2, "table")
    r, c = x.shape
    if min(r, c) < 2:
        raise InputError(f"a table of {r} x {c}", hint="give two rows and two columns or more")
    if np.ptp(x) == 0:
        # A mean of equal decimals misses them in its last bit, and shares of that are no shares.
        return Components(0.0, 0.0, 0.0)
    mean = x.mean()
    by_row, by_column = x.mean(axis=1), x.mean(axis=0)
    left = x - by_row[:, None] - by_column + mean
    ms_rows = c * float(((by_row - mean) ** 2).sum()) / (r - 1)
    ms_columns = r * float(((by_column - mean) ** 2).sum()) / (c - 1)
    ms_rest = float((left**2).sum()) / ((r - 1) * (c - 1))
    return Components((ms_rows - ms_rest) / c, (ms_columns - ms_rest) / r, ms_rest)
