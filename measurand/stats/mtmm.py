"""Convergent and discriminant validity: the same traits measured by two methods.

Source: Campbell & Fiske (1959), Psychological Bulletin 56, 81-105. The gap averages the signed
validity diagonal and takes absolute values only off it: the mean over the 2 t (t - 1) comparisons
of a diagonal r with the absolute off-diagonal r of its row or column. Where true discriminant
correlations are near 0, absolute values are larger in the sample than in
truth: intervals of their mean and of the gap allow for it (:mod:`measurand.stats.folded`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import LARGEST, AnyArray, BoolArray, FloatArray, numbers, same_length
from measurand.stats.covariance import correlation, covariance, resampled_covariances
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.folded import folded_bias, widened
from measurand.stats.jackknife import FISHER, PLAIN, Scale, error_of, leaving_out, student_t
from measurand.stats.resample import Plan, plan


@dataclass(frozen=True)
class Validity:
    """Convergent and discriminant validity of t traits.

    Attributes:
        r: (t x t) correlations; row = trait by the first method, column = by the second; None
            where a trait does not vary.
        correlations: the same with intervals.
        convergent: mean of the diagonal.
        discriminant: mean of the absolute values off the diagonal.
        gap: ``convergent`` minus ``discriminant``.
        n_missing: rows left out because a score is missing.
    """

    r: tuple[tuple[float | None, ...], ...]
    correlations: tuple[tuple[Estimate, ...], ...]
    convergent: Estimate
    discriminant: Estimate
    gap: Estimate
    n_missing: int


def convergent_discriminant(
    a: AnyArray,
    b: AnyArray,
    *,
    clusters: AnyArray | None = None,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Validity:
    """Correlate t traits by one method with the same traits by another.

    All figures leave out the same clusters, so their intervals belong together.

    Args:
        a: (n, t) scores by the first method, NaN = missing; rows with any missing are left out.
        b: (n, t) scores by the second method, traits in the same order.
        clusters: (n,) unit of independent sampling of each row.
        resamples: bootstrap resamples B; 0 for no intervals.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong or unequal shapes, fewer than two traits, infinite values or too few
            resamples.
    """
    first, second = (
        numbers(side, 2, name, missing=True, largest=LARGEST) for side, name in ((a, "a"), (b, "b"))
    )
    if first.shape != second.shape or first.shape[1] < 2:
        raise InputError(
            f"scores of shapes {first.shape} and {second.shape}",
            hint="give the same two or more traits for the same rows",
        )
    if clusters is not None:
        same_length(len(first), clusters=clusters)
    t = first.shape[1]
    both = np.hstack([first, second])
    full: BoolArray = np.all(~np.isnan(both), axis=1)
    scores = both[full]
    units = None if clusters is None else clusters[full]
    drawn = leaving_out(plan(len(scores), units, resamples, seed_words))
    point = _block(covariance(scores)[None], scores)[0]
    replicates = _replicates(scores, drawn)
    cells = tuple(
        tuple(
            _summary(float(point[i, j]), replicates[:, i, j], drawn, "Pearson correlation", FISHER)
            for j in range(t)
        )
        for i in range(t)
    )
    names = (
        "mean convergent correlation",
        "mean absolute discriminant correlation",
        "mean convergent minus mean absolute discriminant correlation",
    )
    mean, off, gap = (
        _summary(float(value[0]), columns, drawn, name, scale)
        for value, columns, name, scale in zip(
            _means(point[None]), _means(replicates), names, (FISHER, PLAIN, PLAIN), strict=True
        )
    )
    bias = _bias(point, replicates, drawn)
    off = widened(off, bias, 0.0, low=0.0, high=1.0)
    gap = widened(gap, 0.0, bias, low=-2.0, high=1.0)
    return Validity(
        r=tuple(tuple(cell.value for cell in row) for row in cells),
        correlations=cells,
        convergent=mean,
        discriminant=off,
        gap=gap,
        n_missing=int((~full).sum()),
    )


def _block(cov: FloatArray, scores: FloatArray) -> FloatArray:
    """(b, t, t) correlations between the two halves; NaN where a score does not vary."""
    t = cov.shape[-1] // 2
    if len(scores) == 0:
        return np.full((len(cov), t, t), np.nan)
    spread = np.ptp(scores, axis=0)
    index = np.arange(2 * t)
    flat = cov[:, index, index] <= 1e-12 * spread**2
    cov[:, index, index] = np.where(flat, np.nan, cov[:, index, index])
    return correlation(cov)[:, :t, t:]


def _replicates(scores: FloatArray, drawn: Plan) -> FloatArray:
    t = scores.shape[1] // 2
    if not drawn.drawable:
        return np.full((drawn.resamples, t, t), np.nan)
    return np.concatenate([_block(cov, scores) for cov in resampled_covariances(scores, drawn)])


def _means(r: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    t = r.shape[-1]
    diagonal = np.trace(r, axis1=1, axis2=2) / t
    inside = np.abs(np.diagonal(r, axis1=1, axis2=2)).sum(axis=1)
    off = (np.abs(r).sum(axis=(1, 2)) - inside) / (t * (t - 1))
    return diagonal, off, diagonal - off


def _bias(point: FloatArray, replicates: FloatArray, drawn: Plan) -> float:
    """How far the mean absolute value off the diagonal may lie above the truth."""
    inside = ~np.eye(len(point), dtype=bool)
    known = replicates[np.isfinite(replicates).all(axis=(1, 2))]
    if len(known) < 2 or not np.isfinite(point).all():
        return 0.0
    return float(folded_bias(point[inside], error_of(known[:, inside], drawn)).mean())


def _summary(
    value: float, replicates: FloatArray, drawn: Plan, method: str, scale: Scale
) -> Estimate:
    if np.isfinite(value):
        return student_t(value, replicates, drawn, method=method, scale=scale)
    few = f"{drawn.n} complete rows, at least 2 needed"
    reason = few if drawn.n < 2 else "a score does not vary"
    shown = None if drawn.units is None else drawn.n_units
    return undefined(reason, method=method, n=drawn.n, n_clusters=shown)
