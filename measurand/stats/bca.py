"""The bias-corrected and accelerated bootstrap of ratios of sums: means, rates, paired differences.

Acceleration needs the jackknife. For a ratio of sums it is a subtraction a unit, so the cost is
that of the percentile bootstrap; a general jackknife would recompute the statistic every time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from measurand.stats.arrays import AnyArray, FloatArray, numbers, same_length
from measurand.stats.estimate import Estimate
from measurand.stats.exact import on_grid
from measurand.stats.resample import MAX_UNDEFINED_SHARE, MIN_CLUSTERS, Plan, plan

FLAT = 1e-12
"""Replicates within this share of the estimate do not vary."""


def bca_ratio(
    numerator: AnyArray,
    denominator: AnyArray | None = None,
    clusters: AnyArray | None = None,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Sum of numerators by sum of denominators with the BCa interval; without the latter, a mean.

    Source: Efron (1987), JASA 82, 171-185; Efron & Tibshirani (1993), An Introduction to the
    Bootstrap, equations 14.9, 14.14 and 14.15. Equal to ``scipy.stats.bootstrap(method="BCa")`` to
    Monte-Carlo error.

    Args:
        numerator: (n,) values.
        denominator: (n,) weights; 1 each by default.
        clusters: (n,) unit of resampling of each row.
        resamples: bootstrap resamples.
        confidence: level of the two-sided interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, values that are not finite, or too few resamples.
    """
    top = numbers(numerator, 1, "numerator")
    bottom = np.ones(len(top)) if denominator is None else numbers(denominator, 1, "denominator")
    same_length(len(top), denominator=bottom)
    drawn = plan(len(top), clusters, resamples, seed_words)
    shown = None if clusters is None else drawn.n_units
    over = "rows" if clusters is None else "clusters"
    name = "mean" if denominator is None else "ratio of sums"

    def without(reason: str, value: float | None = None) -> Estimate:
        n = len(top)
        return Estimate(
            value, confidence=confidence, method=name, n=n, n_clusters=shown, reason=reason
        )

    if not bottom.sum():
        return without("no rows" if not len(top) else "the denominators sum to 0")
    value = float(top.sum() / bottom.sum())
    if resamples == 0:
        return without("no interval: no resamples asked for", value)
    if drawn.n_units < (2 if clusters is None else MIN_CLUSTERS):
        return without(f"no interval: {drawn.n_units} {over}", value)
    sums = drawn.unit_sums(np.vstack([top, bottom]))
    bias, acceleration = _corrections(sums, value, replicates := _replicates(drawn, sums))
    lost = resamples - len(replicates)
    if lost > MAX_UNDEFINED_SHARE * resamples:
        return without(f"no interval: undefined in {lost} of {resamples} resamples", value)
    if bias is None or acceleration is None:
        return without("no interval: the statistic does not vary", value)
    tail = (1 - confidence) / 2
    at = _adjusted(np.array([tail, 1 - tail, 0.05, 0.95]), bias, acceleration)
    lo, hi, lower, upper = (float(q) for q in np.quantile(replicates, at))
    return Estimate(
        value,
        se=float(replicates.std(ddof=1)),
        ci_lo=lo,
        ci_hi=hi,
        lower=lower,
        upper=upper,
        confidence=confidence,
        method=f"{name}; BCa bootstrap over {over}"
        + (f", {lost} undefined resamples dropped" if lost else ""),
        n=len(top),
        n_clusters=shown,
        resamples=resamples,
        seed=drawn.seed,
    )


def _replicates(drawn: Plan, sums: FloatArray) -> FloatArray:
    exact = on_grid(sums, drawn.n_units).T
    totals = np.concatenate([counts @ exact for counts in drawn.batches()])
    with np.errstate(invalid="ignore", divide="ignore"):
        found = totals[:, 0] / totals[:, 1]
    kept: FloatArray = found[np.isfinite(found)]
    return kept


def _corrections(
    sums: FloatArray, value: float, replicates: FloatArray
) -> tuple[float | None, float | None]:
    """Bias z0 from the share of replicates below the estimate, acceleration from the jackknife."""
    from scipy.special import ndtri

    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = (sums[0].sum() - sums[0]) / (sums[1].sum() - sums[1])
    left_out = left_out[np.isfinite(left_out)]
    apart = left_out.mean() - left_out
    spread = float((apart**2).sum())
    # Equal units leave rounding errors only.
    noise = FLAT * max(abs(value), 1e-300)
    if not len(replicates) or np.ptp(replicates) <= noise or spread <= noise**2:
        return None, None
    # Replicates equal to the estimate count half, as in scipy.
    below = ((replicates < value).mean() + (replicates <= value).mean()) / 2
    z0 = float(ndtri(np.clip(below, 1 / (2 * len(replicates)), 1 - 1 / (2 * len(replicates)))))
    return z0, float((apart**3).sum()) / (6 * spread**1.5)


def _adjusted(levels: FloatArray, bias: float, acceleration: float) -> FloatArray:
    from scipy.special import ndtr, ndtri

    z = bias + ndtri(levels)
    found: FloatArray = np.clip(ndtr(bias + z / (1 - acceleration * z)), 0.0, 1.0)
    return found
