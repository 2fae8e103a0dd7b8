"""Intervals of means of absolute values, which sampling noise makes too large.

An estimate of size near 0 lies on either side of it, and its absolute value above both: the mean of
absolute correlations, or a calibration error, is biased upwards, and a bootstrap of it twice. Its
percentile interval may lie above the truth, and above the estimate.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from measurand.stats.arrays import FloatArray
from measurand.stats.estimate import Estimate

NEAR = 1.96
"""Standard errors by which a truth may be nearer to 0 than its estimate."""


def folded_bias(values: FloatArray, errors: FloatArray) -> FloatArray:
    """How far the mean absolute estimate lies above its truth, at the smallest one it allows.

    Source: Leone, Nelson & Nottingham (1961), Technometrics 3, 543-550: mean of the folded normal
    distribution.

    Args:
        values: (k,) signed estimates.
        errors: (k,) their standard errors.

    Returns:
        (k,) biases, 0 where there is no error.
    """
    from scipy.special import ndtr

    truth = np.maximum(np.abs(values) - NEAR * errors, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(errors > 0, truth / errors, np.inf)
    spread = errors * math.sqrt(2 / math.pi) * np.exp(-(ratio**2) / 2)
    found: FloatArray = np.where(errors > 0, spread - 2 * truth * ndtr(-ratio), 0.0)
    return found


def widened(
    found: Estimate, below: float, above: float, *, low: float = -math.inf, high: float = math.inf
) -> Estimate:
    """A percentile interval that also allows for a bias of the estimate.

    Each end is the further one of the percentile and of Student's t around the estimate less its
    bias. The interval covers at least as often as it says, holds its own estimate and stays in the
    possible range; near 0 it covers more often than it says.

    Args:
        found: the estimate with its percentile interval.
        below: how far the truth may lie below the estimate for its bias.
        above: how far above.
        low: least possible value.
        high: largest possible value.
    """
    from scipy.special import stdtrit

    ends = (found.ci_lo, found.ci_hi, found.lower, found.upper)
    units = found.n if found.n_clusters is None else found.n_clusters
    if found.value is None or found.se is None or units is None or None in ends:
        return found
    value, se, df = found.value, found.se, max(units - 1, 1)
    both, one = (float(stdtrit(df, q)) * se for q in ((1 + found.confidence) / 2, 0.95))
    made = (value - below - both, value + above + both, value - below - one, value + above + one)
    pairs = [(end, new) for end, new in zip(ends, made, strict=True) if end is not None]
    (ci_lo, ci_hi, lower, upper) = (
        min(max(pick(end, new), low), high)
        for pick, (end, new) in zip((min, max, min, max), pairs, strict=True)
    )
    method = (
        f"{found.method}, widened by the bias of absolute values"
        if below or above
        else (f"{found.method}, widened to Student's t")
    )
    return replace(found, ci_lo=ci_lo, ci_hi=ci_hi, lower=lower, upper=upper, method=method)
