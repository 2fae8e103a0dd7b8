"""Covariance matrices of items, on the data and in every resample, with values missing or not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from measurand.stats.arrays import FloatArray, IntArray
from measurand.stats.exact import on_grid, products
from measurand.stats.resample import BATCH, Plan

FLAT = 1e-9
"""Sum of squares, as a share of the whole sample's, that is rounding."""
CACHE_NUMBERS = 2**24
"""Most float64 numbers of a block of pairwise products kept at once (128 MiB)."""


def covariance(x: FloatArray) -> FloatArray:
    """Pairwise-complete covariance (n - 1) of (n, k) items; NaN where fewer than two rows meet.

    Each pair uses the rows where both items are answered, with the pair's own means, as R's
    ``cov(use="pairwise")`` and pandas' ``DataFrame.cov``.
    """
    z, seen = _centred(x)
    if seen.all():
        n = np.array(float(len(x)))
        return _from_sums(
            products(z, z), np.broadcast_to(z.sum(axis=0)[:, None], (x.shape[1],) * 2), n
        )
    return _from_sums(products(z, z), products(z, seen), seen.T @ seen)


def correlation(cov: FloatArray) -> FloatArray:
    """Correlations of (..., k, k) covariances; NaN where a variance is not positive."""
    variance = np.diagonal(cov, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(variance > 0, 1 / np.sqrt(variance), np.nan)
    r: FloatArray = cov * scale[..., :, None] * scale[..., None, :]
    index = np.arange(cov.shape[-1])
    r[..., index, index] = np.where(np.isnan(scale), np.nan, 1.0)
    return r


def resampled_covariances(x: FloatArray, drawn: Plan) -> Iterator[FloatArray]:
    """Covariance matrices of all resamples, in batches (b, k, k), as :func:`covariance` of them.

    One product of the counts with the pairwise products of the items gives a batch; the products
    are made once if they fit in memory, block by block otherwise.
    """
    z, seen = _centred(x)
    rows, cols = np.triu_indices(x.shape[1])
    size = max(1, min(BATCH, CACHE_NUMBERS // x.shape[1] ** 2))
    complete = bool(seen.all())
    pairs = _Products(z.T, z.T, rows, cols, drawn)
    whole = (z * z).sum(axis=0)
    if complete:
        sums = on_grid(drawn.unit_sums(np.vstack([z.T, np.ones(len(z))])), drawn.n_units).T
    else:
        k = x.shape[1]
        every = np.arange(k * k)
        crossed = _Products(z.T, seen.T, every // k, every % k, drawn)
        met = _Products(seen.T, seen.T, rows, cols, drawn)
    for taken in drawn.batches(size):
        weights = taken.astype(np.float64)
        both = _symmetric(pairs.sums(weights), rows, cols)
        if complete:
            totals = weights @ sums
            n = totals[:, -1, None, None]
            ones = np.broadcast_to(totals[:, :-1, None], both.shape)
            yield _from_sums(both, ones, n, whole)
        else:
            one_sided = crossed.sums(weights).reshape(both.shape)
            n = _symmetric(met.sums(weights), rows, cols)
            yield _from_sums(both, one_sided, n, whole)


def _centred(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Deviations from the item means with 0 for missing, and 1/0 for answered/missing."""
    seen = (~np.isnan(x)).astype(np.float64)
    filled = np.where(seen > 0, x, 0.0)
    means = filled.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return (filled - means) * seen, seen


def _from_sums(
    products: FloatArray, sums: FloatArray, n: FloatArray, whole: FloatArray | None = None
) -> FloatArray:
    """Covariances from sums over the rows of a pair.

    ``products[i, j]`` = sum of x_i x_j, ``sums[i, j]`` = sum of x_i, ``n`` = rows of the pair,
    ``whole[i]`` = sum of x_i x_i in the whole sample.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        cov = (products - sums * np.swapaxes(sums, -1, -2) / n) / (n - 1)
    out: FloatArray = np.where(n >= 2, cov, np.nan)
    # An item that does not vary among these rows leaves rounding: bits that differ from run to run.
    index = np.arange(out.shape[-1])
    own = out[..., index, index]
    rows = np.broadcast_to(n, out.shape)[..., index, index]
    squares = products[..., index, index] if whole is None else whole
    flat = own * (rows - 1) <= FLAT * squares
    out[..., index, index] = np.where(flat, 0.0, own)
    return out


def _symmetric(upper: FloatArray, rows: IntArray, cols: IntArray) -> FloatArray:
    k = int(rows[-1]) + 1
    full = np.empty((len(upper), k, k))
    full[:, rows, cols] = upper
    full[:, cols, rows] = upper
    return full


class _Products:
    """Unit sums of the products of rows of two (k, n) matrices, cached where they fit."""

    def __init__(
        self, a: FloatArray, b: FloatArray, left: IntArray, right: IntArray, drawn: Plan
    ) -> None:
        self._a, self._b, self._left, self._right = a, b, left, right
        self._drawn = drawn
        per_pair = max(drawn.n, 1)
        self._step = max(1, CACHE_NUMBERS // 4 // per_pair)
        fits = len(left) * drawn.n_units <= CACHE_NUMBERS
        self._kept = list(self._blocks()) if fits else None

    def _blocks(self) -> Iterator[FloatArray]:
        for start in range(0, len(self._left), self._step):
            part = slice(start, start + self._step)
            sums = self._drawn.unit_sums(self._a[self._left[part]] * self._b[self._right[part]])
            yield on_grid(sums, self._drawn.n_units)

    def sums(self, weights: FloatArray) -> FloatArray:
        """(b, pairs) sums over the resampled rows."""
        blocks = self._blocks() if self._kept is None else self._kept
        return np.concatenate([weights @ block.T for block in blocks], axis=1)
