"""A logistic regression on one regressor, for many weightings of the data at once."""

from __future__ import annotations

import numpy as np

from measurand.stats.arrays import AnyArray, FloatArray

STEPS = 30
LONGEST = 5.0
"""Largest step of Newton's method in either coefficient."""
SETTLED = 1e-6
"""Largest last step at a maximum; separated data have none, and the steps never end."""


def logistic(x: AnyArray, k: AnyArray, n: AnyArray, weights: AnyArray | None = None) -> FloatArray:
    """Intercept and slope of a logistic regression of k of n successes on x.

    Newton's method; equal to statsmodels' binomial GLM.

    Args:
        x: (t,) the regressor.
        k: (t,) successes.
        n: (t,) trials.
        weights: (B, t) how often each row is counted; once where left out.

    Returns:
        (B, 2) intercept and slope, (1, 2) without weights; NaN where there is no maximum.
    """
    at, hits, trials = (np.asarray(v, np.float64) for v in (x, k, n))
    w = np.ones((1, len(at))) if weights is None else np.asarray(weights, np.float64)
    beta = np.zeros((len(w), 2))
    step = np.zeros_like(beta)
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            p = 1 / (1 + np.exp(-np.clip(beta[:, :1] + beta[:, 1:] * at, -500, 500)))
            r = w * (hits - trials * p)
            v = w * trials * p * (1 - p)
            g0, g1 = r.sum(1), r @ at
            h00, h01, h11 = v.sum(1), v @ at, v @ at**2
            det = h00 * h11 - h01**2
            step = np.stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0], 1) / det[:, None]
            beta = beta + np.clip(step, -LONGEST, LONGEST)
        lost = ~(np.abs(step) < SETTLED).all(1)
    beta[lost] = np.nan
    return beta
