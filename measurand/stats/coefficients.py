"""Reliability coefficients as functions of covariance and correlation matrices, many at a time.

Every function takes (..., k, k) matrices and gives (...) figures, NaN where undefined.
"""

from __future__ import annotations

import numpy as np

from measurand.stats.arrays import FloatArray
from measurand.stats.factor import OneFactor, omega_total

MAX_INVERSE_TRACE = 1e8
"""Above this trace of its inverse a correlation matrix counts as singular.

The trace bounds the condition number (eigenvalues of R sum to k), and the answers of people or
models cannot come near it unless an item repeats others.
"""


def alpha(cov: FloatArray) -> FloatArray:
    """Cronbach's alpha, k/(k-1) (1 - tr C / sum C); standardised alpha if given correlations.

    Source: Cronbach (1951), Psychometrika 16, 297-334, equation 2.
    """
    k = cov.shape[-1]
    total = cov.sum(axis=(-2, -1))
    trace = np.trace(cov, axis1=-2, axis2=-1)
    return alpha_of_variances(trace, total, k)


def alpha_of_variances(items: FloatArray, total: FloatArray, k: int) -> FloatArray:
    """Alpha from the summed variance of k items and the variance of their sum."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = k / (k - 1) * (1 - items / total)
    out: FloatArray = np.where(total > 1e-9 * items, value, np.nan)
    return out


def alpha_if_deleted(cov: FloatArray) -> FloatArray:
    """(k,) alpha of the other items, for each item of one (k, k) matrix, k >= 3."""
    variance, row = np.diag(cov), cov.sum(axis=1)
    trace = variance.sum() - variance
    total = cov.sum() - 2 * row + variance
    return alpha_of_variances(trace, total, len(cov) - 1)


def item_rest(cov: FloatArray) -> FloatArray:
    """(k,) correlation of each item with the sum of the others, from one (k, k) matrix."""
    variance, row = np.diag(cov), cov.sum(axis=1)
    rest = cov.sum() - 2 * row + variance
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (row - variance) / np.sqrt(variance * rest)
    out: FloatArray = np.where((variance > 0) & (rest > 1e-9 * variance.sum()), r, np.nan)
    return out


def lambda6(r: FloatArray) -> FloatArray:
    """Guttman's lambda-6, 1 - sum of (1 - smc) / sum of R; NaN where R cannot be inverted.

    Source: Guttman (1945), Psychometrika 10, 255-282, on correlations as in R ``psych``.
    1 - smc_j = 1 / (R^-1)_jj.
    """
    inverse = np.diagonal(_inverse(r), axis1=-2, axis2=-1)
    sound = (inverse > 0).all(axis=-1) & (inverse.sum(axis=-1) < MAX_INVERSE_TRACE)
    with np.errstate(invalid="ignore", divide="ignore"):
        unexplained = np.where(sound[..., None], 1 / inverse, np.nan)
    return omega_total(r, unexplained)


def omega_m1(r: FloatArray, fit: OneFactor) -> FloatArray:
    """Omega total of one factor on the items as they are keyed."""
    return omega_total(r, 1 - fit.loadings**2)


def omega_flip(r: FloatArray, fit: OneFactor) -> FloatArray:
    """Omega total after reversing the items that load negatively, what ``psych::omega`` gives.

    Reversing an item changes its correlations' signs and leaves its communality.
    """
    sign = np.where(fit.loadings < 0, -1.0, 1.0)
    flipped = r * sign[..., :, None] * sign[..., None, :]
    return omega_total(flipped, 1 - fit.loadings**2)


def _inverse(r: FloatArray) -> FloatArray:
    """Inverses; NaN for matrices that are exactly singular or not finite."""
    try:
        return np.asarray(np.linalg.inv(r), np.float64)
    except np.linalg.LinAlgError:
        if r.ndim == 2:
            return np.full_like(r, np.nan)
        return np.stack([_inverse(one) for one in r])
