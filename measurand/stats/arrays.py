"""Checks of what the statistics are given: numpy arrays of finite numbers, or a named error."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]

LARGEST = 1e60
"""Beyond this size products of variances overflow."""
SMALLEST_SPREAD = 1e-60
"""Below this spread products of variances vanish: the values count as constant."""


def numbers(
    x: AnyArray, ndim: int, name: str, *, missing: bool = False, largest: float = np.inf
) -> FloatArray:
    """``x`` as float64 of ``ndim`` dimensions.

    Args:
        x: array of numbers or booleans.
        ndim: the number of dimensions it must have.
        name: what to call it in an error.
        missing: whether NaN is allowed, meaning a missing value.
        largest: size that no number may exceed, for statistics that square.

    Raises:
        InputError: not a numpy array, not numeric, other dimensions, infinite or too large, or
            NaN where nothing may be missing.
    """
    if not isinstance(x, np.ndarray):
        raise InputError(
            f"{name} is a {type(x).__name__}, not a numpy array", hint="convert it first"
        )
    if x.dtype.kind not in "fiub":
        raise InputError(
            f"{name} holds {x.dtype}, not numbers", hint="code the answers as numbers first"
        )
    if x.ndim != ndim:
        raise InputError(f"{name} has {x.ndim} dimensions, {ndim} expected", hint="reshape it")
    out = x.astype(np.float64)
    if np.isinf(out).any():
        raise InputError(f"{name} holds infinite numbers", hint="mark missing values with NaN")
    if (np.abs(out) > largest).any():
        raise InputError(f"{name} holds numbers beyond {largest:g}", hint="use another unit")
    if not missing and np.isnan(out).any():
        raise InputError(f"{name} holds NaN", hint="leave these rows out first")
    return out


def same_length(n: int, **others: AnyArray) -> None:
    """Check that each array has ``n`` entries along its first axis.

    Raises:
        InputError: one has another length.
    """
    for name, other in others.items():
        if len(other) != n:
            raise InputError(
                f"{name} has {len(other)} entries for {n} rows", hint="give one per row"
            )


def codes(labels: AnyArray, n: int, name: str = "clusters") -> tuple[IntArray, int]:
    """Labels as whole numbers 0..G-1 in sorted order of the labels, and G.

    Raises:
        InputError: not one-dimensional with ``n`` entries, a label missing, or labels of kinds
            that cannot be compared.
    """
    if not isinstance(labels, np.ndarray) or labels.ndim != 1:
        raise InputError(f"{name} is not a one-dimensional numpy array", hint="give one per row")
    same_length(n, **{name: labels})
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise InputError(f"{name} holds NaN", hint="every row needs a cluster")
    try:
        values, inverse = np.unique(labels, return_inverse=True)
    except TypeError:
        raise InputError(
            f"{name} mixes kinds of labels or misses some", hint="every row needs a cluster"
        ) from None
    return inverse.astype(np.int64), len(values)
