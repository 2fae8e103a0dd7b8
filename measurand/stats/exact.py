"""Sums that come out the same to the last bit on one thread, on many and on any processor.

A matrix product adds in an order of its own, which changes with the number of threads and the width
of the processor's registers. Products of whole numbers with numbers on a coarse enough grid have no
rounding to differ in: every partial sum is a multiple of the step and has at most 53 bits.
"""

from __future__ import annotations

import numpy as np

from measurand.stats.arrays import AnyArray, FloatArray


def on_grid(x: FloatArray, total: float) -> FloatArray:
    """``x`` rounded so that sums with whole-number weights are exact, in whatever order.

    Each row along the last axis has its own step, a power of two near ``total`` times 2e-16 of its
    largest entry. A sum of n loses at most what adding in the worst order may lose.

    Args:
        x: (..., n) finite numbers.
        total: largest sum of the absolute weights of one sum.
    """
    largest = np.abs(x).max(axis=-1, keepdims=True, initial=0.0)
    # A bit is kept free: rounding may carry the largest entry over its power of two.
    exponent = np.frexp(largest * max(total, 1.0))[1] - 52
    step = np.ldexp(1.0, np.maximum(exponent, -1000))
    rounded: FloatArray = np.rint(x / step) * step
    return rounded


def weighted(weights: AnyArray, x: FloatArray) -> FloatArray:
    """Sums of ``x`` for each row of weights: (b,) or (b, p).

    Args:
        weights: (b, n) whole numbers, 0 or more: how often each is taken.
        x: (n,) or (p, n) numbers.
    """
    total = float(weights.sum(axis=1, dtype=np.float64).max(initial=0.0))
    sums: FloatArray = weights @ on_grid(x, total).T
    return sums


def products(a: FloatArray, b: FloatArray) -> FloatArray:
    """``a.T @ b`` of (n, p) and (n, q) matrices, row after row."""
    found: FloatArray = np.einsum("np,nq->pq", a, b)
    return found


def product(a: AnyArray, b: AnyArray) -> float:
    """Sum of the products of two (n,) arrays."""
    return float((a * b).sum())
