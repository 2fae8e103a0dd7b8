"""Common factors of a correlation matrix by unweighted least squares (minres), and omega.

Source: Harman & Jones (1966), Psychometrika 31, 351-368 (minres); Jöreskog (1967), Psychometrika
32, 443-482 (loadings given the uniquenesses, gradient from eigenvectors); McDonald (1999), Test
Theory, chapter 6 (omega). Checked against R ``psych::fa(fm="minres")`` and ``psych::omega`` 2.2.9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from measurand.stats.arrays import BoolArray, FloatArray
from measurand.stats.exact import product

MIN_UNIQUENESS = 0.005
MAX_LOADING = (1 - MIN_UNIQUENESS) ** 0.5


@dataclass(frozen=True)
class OneFactor:
    """One-factor solutions of a batch of correlation matrices.

    Attributes:
        loadings: (b, k), signed so that they sum to at least 0; NaN where not converged.
        converged: (b,).
        heywood: (b,) whether an item sits at the bound, uniqueness .005.
    """

    loadings: FloatArray
    converged: BoolArray
    heywood: BoolArray


@dataclass(frozen=True)
class Factors:
    """An m-factor solution, unrotated: communalities and omega total do not depend on rotation.

    Attributes:
        loadings: (k, m).
        uniquenesses: (k,), at least .005.
        converged: whether the optimiser reached a stationary point.
        heywood: whether a uniqueness sits at its bound.
    """

    loadings: FloatArray
    uniquenesses: FloatArray
    converged: bool
    heywood: bool


def first_guess(r: FloatArray) -> FloatArray:
    """Loadings of the first principal component of a (k, k) matrix, to start from."""
    values, vectors = np.linalg.eigh(r)
    guess: FloatArray = vectors[:, -1] * np.sqrt(max(values[-1] - 0.5, 0.1))
    return np.clip(guess, -MAX_LOADING, MAX_LOADING)


def one_factor(
    r: FloatArray, start: FloatArray, *, tolerance: float = 1e-7, max_iterations: int = 5000
) -> OneFactor:
    """Minres loadings of one factor, many matrices at a time.

    Each loading is set to its least-squares value given the others, all at once, and averaged
    with the old one: without the averaging the common size of the loadings would swing for ever.
    The fixed points are those of minres; matrices that have settled leave the batch.

    Args:
        r: (b, k, k) correlation matrices, k >= 3.
        start: (k,) loadings to start from, not all 0.
        tolerance: largest change of a loading at which a matrix counts as settled.
        max_iterations: after these a matrix counts as not converged.
    """
    b, k, _ = r.shape
    loadings = np.full((b, k), np.nan)
    open_ = np.flatnonzero(np.isfinite(r).all(axis=(1, 2)))
    rest, current = r[open_], np.tile(start, (len(open_), 1))
    for _ in range(max_iterations):
        if len(open_) == 0:
            break
        squares = current**2
        others = np.matmul(rest, current[:, :, None])[:, :, 0] - current
        best = others / np.maximum(squares.sum(axis=1, keepdims=True) - squares, 1e-12)
        after = np.clip((current + best) / 2, -MAX_LOADING, MAX_LOADING)
        settled = np.abs(after - current).max(axis=1) < tolerance
        current = after
        if settled.any():
            loadings[open_[settled]] = current[settled]
            open_, rest, current = open_[~settled], rest[~settled], current[~settled]
    loadings *= np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    converged = np.isfinite(loadings).all(axis=1)
    with np.errstate(invalid="ignore"):
        heywood = (np.abs(loadings) >= MAX_LOADING - tolerance).any(axis=1)
    return OneFactor(loadings, converged, heywood)


def minres(r: FloatArray, m: int) -> Factors:
    """Minres solution with m factors, by L-BFGS-B on the uniquenesses.

    Starts, as psych does, from the uniquenesses that the squared multiple correlations leave
    (from .5 where R cannot be inverted).

    Args:
        r: (k, k) correlation matrix.
        m: number of factors; identified only if (k - m)^2 >= k + m.
    """
    from scipy.optimize import minimize

    def eigen(u: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        values, vectors = np.linalg.eigh(r - np.diag(u))
        kept = np.zeros_like(values)
        kept[-m:] = np.maximum(values[-m:], 0)
        return values, vectors, kept

    def misfit(u: FloatArray) -> tuple[float, FloatArray]:
        values, vectors, kept = eigen(u)
        left = values - kept
        return product(left, left) / 2, -(vectors**2 * left).sum(axis=1)

    found = minimize(
        misfit,
        _start(r),
        jac=True,
        method="L-BFGS-B",
        bounds=[(MIN_UNIQUENESS, 1.0)] * len(r),
        options={"maxiter": 2000, "maxfun": 4000, "ftol": 1e-14, "gtol": 1e-9},
    )
    u: FloatArray = found.x
    _, vectors, kept = eigen(u)
    loadings = vectors[:, -m:] * np.sqrt(kept[-m:])
    slope = misfit(u)[1]
    inner = (u > MIN_UNIQUENESS) & (u < 1)
    stationary = bool(np.abs(slope[inner]).max(initial=0.0) < 1e-5)
    return Factors(loadings[:, ::-1], u, stationary, bool((u <= MIN_UNIQUENESS).any()))


def omega_total(r: FloatArray, uniquenesses: FloatArray) -> FloatArray:
    """1 - sum of uniquenesses / sum of R, psych's omega total; NaN where R sums to nothing.

    Args:
        r: (..., k, k) correlation matrices.
        uniquenesses: (..., k).
    """
    total = r.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        omega = 1 - uniquenesses.sum(axis=-1) / total
    out: FloatArray = np.where(total > 1e-9 * r.shape[-1], omega, np.nan)
    return out


def _start(r: FloatArray) -> FloatArray:
    try:
        # A nearly singular R inverts to zeros or infinities; `usable` below catches them.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            unique = 1 / np.diag(np.linalg.inv(r))
    except np.linalg.LinAlgError:
        unique = np.full(len(r), 0.5)
    usable = bool((np.isfinite(unique) & (unique > 0) & (unique <= 1)).all())
    out: FloatArray = np.clip(unique, MIN_UNIQUENESS, 1.0) if usable else np.full(len(r), 0.5)
    return out
