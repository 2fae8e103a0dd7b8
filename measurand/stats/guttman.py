"""Guttman's six lower bounds of reliability, from one covariance matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import FloatArray, numbers
from measurand.stats.coefficients import MAX_INVERSE_TRACE
from measurand.stats.exact import weighted

MAX_ITEMS = 16
"""Up to this many items all halves are listed: 2^15 of them."""


@dataclass(frozen=True)
class Lambdas:
    """Lower bounds of the reliability of a sum of k items; None where undefined.

    Attributes:
        lambda1: share of the sum's variance that is not the items' own.
        lambda2: adds the root of squared covariances; at least lambda3.
        lambda3: Cronbach's alpha.
        lambda4: the best split half.
        lambda5: twice the root of the largest column of squared covariances, on lambda1.
        lambda6: from what each item shares with all others.
        reason: why one is None.
    """

    lambda1: float | None
    lambda2: float | None
    lambda3: float | None
    lambda4: float | None
    lambda5: float | None
    lambda6: float | None
    reason: str | None = None


def lambdas(cov: FloatArray) -> Lambdas:
    """All six of one covariance matrix; of correlations, the standardised ones.

    Source: Guttman (1945), Psychometrika 10, 255-282; defined as in R ``psych::guttman``. The best
    half is found by trying all of them, so lambda4 is for at most 16 items.

    Args:
        cov: (k, k) symmetric covariances or correlations, k >= 2.

    Raises:
        InputError: not square, or fewer than two items.
    """
    c = numbers(cov, 2, "covariances")
    k = len(c)
    if c.shape != (k, k) or k < 2:
        raise InputError(f"covariances of shape {c.shape}", hint="give a square matrix, k >= 2")
    total, variances = float(c.sum()), np.diag(c)
    if total <= 1e-9 * float(variances.sum()):
        return Lambdas(None, None, None, None, None, None, "the sum of the items does not vary")
    squares = c**2
    np.fill_diagonal(squares, 0.0)
    first = 1 - float(variances.sum()) / total
    reasons = []
    fourth, sixth = None, None
    if k <= MAX_ITEMS:
        fourth = _best_half(c, total)
    else:
        reasons.append(f"lambda4 tries all halves: {k} items are more than {MAX_ITEMS}")
    shared = _unshared(c, variances)
    if shared is None:
        reasons.append("lambda6 needs covariances that can be inverted")
    else:
        sixth = 1 - shared / total
    return Lambdas(
        lambda1=first,
        lambda2=first + float(np.sqrt(k / (k - 1) * squares.sum())) / total,
        lambda3=first * k / (k - 1),
        lambda4=fourth,
        lambda5=first + 2 * float(np.sqrt(squares.sum(axis=0).max())) / total,
        lambda6=sixth,
        reason="; ".join(reasons) or None,
    )


def _best_half(c: FloatArray, total: float) -> float:
    """Largest 4 cov(A, B) / var(A + B) over all ways to part the items in two."""
    k = len(c)
    # The first item stays in A: the complement is the same split.
    codes = np.arange(1, 2 ** (k - 1))
    inside = ((codes[:, None] >> np.arange(k - 1)) & 1).astype(np.float64)
    b = np.hstack([np.zeros((len(codes), 1)), inside])
    cross = (weighted(1 - b, c) * b).sum(axis=1)
    return float(4 * cross.max() / total)


def _unshared(c: FloatArray, variances: FloatArray) -> float | None:
    """Sum over items of the variance that the others do not explain, 1 / (C^-1)_jj."""
    if not (variances > 0).all():
        return None
    scale = np.sqrt(variances)
    try:
        inverse = np.diag(np.linalg.inv(c / np.outer(scale, scale)))
    except np.linalg.LinAlgError:
        return None
    if not (inverse > 0).all() or inverse.sum() >= MAX_INVERSE_TRACE:
        return None
    return float((variances / inverse).sum())
