"""Correlations with a jackknife over clusters: Pearson, Spearman, corrected for attenuation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from measurand.stats.arrays import (
    LARGEST,
    SMALLEST_SPREAD,
    AnyArray,
    FloatArray,
    numbers,
    same_length,
)
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.exact import product
from measurand.stats.jackknife import FISHER, leaving_out, student_t
from measurand.stats.resample import Counts, Plan, plan

FLAT = 1e-10
"""A variance below this share of the largest deviation squared is rounding noise."""


@dataclass(frozen=True)
class Correlation:
    """A correlation and its classical test.

    Attributes:
        estimate: the coefficient with its interval over clusters; gates read this.
        p: two-sided p-value of Student's t with n - 2 degrees against 0. It takes the rows as
            independent, so it is too small where rows share a cluster. None where undefined.
        n_missing: rows left out because one of the two values is missing.
    """

    estimate: Estimate
    p: float | None
    n_missing: int


def pearson(
    x: AnyArray,
    y: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Correlation:
    """Pearson's r of the rows where both values are there.

    Checked against ``scipy.stats.pearsonr`` and pingouin's ``corr``.

    Args:
        x: (n,) values, NaN = missing.
        y: (n,) values, NaN = missing.
        clusters: (n,) unit of independent sampling of each row.
        resamples: bootstrap resamples B; 0 for no interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, infinite values or too few resamples.
    """
    return _correlate(x, y, clusters, resamples, seed_words, ranked=False)


def spearman(
    x: AnyArray,
    y: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Correlation:
    """Spearman's rho: Pearson's r of the ranks, ties sharing their average rank.

    Every resample is ranked anew: a value drawn w times takes up w ranks and its copies share
    their average, so a replicate equals ``scipy.stats.spearmanr`` of the resampled rows.

    Args:
        x: (n,) values, NaN = missing.
        y: (n,) values, NaN = missing.
        clusters: (n,) unit of independent sampling of each row.
        resamples: bootstrap resamples B; 0 for no interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, infinite values or too few resamples.
    """
    return _correlate(x, y, clusters, resamples, seed_words, ranked=True)


def disattenuated(
    r: float | None, reliability_x: float | None, reliability_y: float | None
) -> Estimate:
    """What a correlation would be without measurement error, r / sqrt(rel_x rel_y).

    Source: Spearman (1904), American Journal of Psychology 15, 72-101. Not clipped: figures above
    1 occur in small samples and say that the reliabilities are too low or r too high.

    Args:
        r: the correlation found; None where undefined.
        reliability_x: reliability of the first score.
        reliability_y: reliability of the second score.
    """
    method = "correlation corrected for attenuation"
    if r is None or reliability_x is None or reliability_y is None:
        return undefined("the correlation or a reliability is undefined", method=method)
    if reliability_x <= 0 or reliability_y <= 0:
        return undefined("a reliability is not above 0", method=method)
    return Estimate(
        r / (reliability_x * reliability_y) ** 0.5,
        method=method,
        reason="no interval: the uncertainty of the reliabilities is not carried over",
    )


def mid_ranks(x: AnyArray, weights: FloatArray) -> FloatArray:
    """Average ranks of values that are drawn several times: (b, n).

    Args:
        x: (n,) values.
        weights: (b, n) how often each value is drawn.
    """
    order = np.argsort(x, kind="stable")
    ranked = x[order]
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    tied = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(tied, axis=1) - tied / 2 + 0.5
    ranks = np.empty_like(weights)
    ranks[:, order] = np.repeat(middle, np.diff(np.append(starts, len(x))), axis=1)
    return ranks


def _resampled_pearson(x: FloatArray, y: FloatArray, drawn: Plan) -> FloatArray:
    x, y = _standard(x), _standard(y)
    features = np.vstack([np.ones(len(x)), x, y, x * x, y * y, x * y])
    total, *sums = drawn.resampled_sums(features).T
    mx, my, xx, yy, xy = (s / total for s in sums)
    return _ratio(xy - mx * my, xx - mx**2, yy - my**2)


def resampled_spearman(x: FloatArray, y: FloatArray, batches: Iterable[Counts]) -> FloatArray:
    """(B,) Spearman correlations of rows drawn several times; NaN where a side does not vary.

    Args:
        x: (n,) values.
        y: (n,) values.
        batches: (b, n) how often each row is drawn.
    """
    out = []
    for taken in batches:
        weights = taken.astype(np.float64)
        total = weights.sum(axis=1, keepdims=True)
        # Ranks run from 1 to the total, so their mean is known; dividing keeps them near 1. Of
        # pairs of items a resample may hold none.
        with np.errstate(invalid="ignore", divide="ignore"):
            rx, ry = ((mid_ranks(v, weights) - (total + 1) / 2) / total for v in (x, y))
        wx = weights * rx
        out.append(_ratio((wx * ry).sum(1), (wx * rx).sum(1), (weights * ry * ry).sum(1)))
    return np.concatenate(out)


def _ratio(products: FloatArray, squares_x: FloatArray, squares_y: FloatArray) -> FloatArray:
    """Correlation from mean products of standardised values; NaN where a side does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(products / np.sqrt(squares_x * squares_y), -1, 1)
    out: FloatArray = np.where((squares_x > FLAT) & (squares_y > FLAT), r, np.nan)
    return out


def _standard(x: FloatArray) -> FloatArray:
    centred = x - x.mean()
    scaled: FloatArray = centred / np.abs(centred).max()
    return scaled


def _correlate(
    x: AnyArray,
    y: AnyArray,
    clusters: AnyArray | None,
    resamples: int,
    seed_words: Sequence[str | int],
    ranked: bool,
) -> Correlation:
    method = "Spearman correlation" if ranked else "Pearson correlation"
    a, b = (
        numbers(side, 1, name, missing=True, largest=LARGEST) for side, name in ((x, "x"), (y, "y"))
    )
    same_length(len(a), y=b)
    if clusters is not None:
        same_length(len(a), clusters=clusters)
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    units = None if clusters is None else clusters[both]
    drawn = leaving_out(plan(len(a), units, resamples, seed_words))
    missing = int((~both).sum())
    why = _lacking(a, b)
    if why is not None:
        shown = None if drawn.units is None else drawn.n_units
        return Correlation(undefined(why, method=method, n=len(a), n_clusters=shown), None, missing)
    once = np.ones((1, len(a)))
    value = _pearson(mid_ranks(a, once)[0], mid_ranks(b, once)[0]) if ranked else _pearson(a, b)
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        replicates = (
            resampled_spearman(a, b, drawn.row_batches())
            if ranked
            else _resampled_pearson(a, b, drawn)
        )
    found = student_t(value, replicates, drawn, method=method, scale=FISHER)
    return Correlation(
        replace(found, least=-1.0, most=1.0),
        _p_value(value, len(a)),
        missing,
    )


def _lacking(a: FloatArray, b: FloatArray) -> str | None:
    if len(a) < 3:
        return f"{len(a)} rows with both values, at least 3 needed"
    if min(np.ptp(a), np.ptp(b)) <= SMALLEST_SPREAD:
        return "one of the two does not vary"
    return None


def _pearson(x: FloatArray, y: FloatArray) -> float:
    a, b = _standard(x), _standard(y)
    return float(np.clip(product(a, b) / np.sqrt(product(a, a) * product(b, b)), -1, 1))


def _p_value(r: float, n: int) -> float:
    from scipy.special import betainc

    # P(|t| > t_r) with n - 2 degrees, as an incomplete beta function: exact at |r| = 1 as well.
    return float(betainc(n / 2 - 1, 0.5, 1 - r * r))
