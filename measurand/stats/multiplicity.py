"""Several tests at once: adjusted p values, undefined ones passed through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import FloatArray


def holm(p: Sequence[float | None]) -> list[float | None]:
    """P values that hold the chance of any false finding at the level (Holm's step-down).

    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70; equal to R
    ``p.adjust(method="holm")`` and statsmodels ``multipletests``. Tests without a p value count
    for nothing and stay None.

    Args:
        p: p values, None where a test is undefined.

    Raises:
        InputError: a p value outside 0..1.
    """
    values, where = _defined(p)
    order = np.argsort(values, kind="stable")
    factor = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.maximum.accumulate(np.minimum(values[order] * factor, 1.0))
    return _back(adjusted, where, len(p))


def benjamini_hochberg(p: Sequence[float | None]) -> list[float | None]:
    """P values that hold the expected share of false findings at the level.

    Source: Benjamini & Hochberg (1995), J. R. Statist. Soc. B 57, 289-300, for independent or
    positively dependent tests; equal to R ``p.adjust(method="BH")`` and
    ``scipy.stats.false_discovery_control``.

    Args:
        p: p values, None where a test is undefined.

    Raises:
        InputError: a p value outside 0..1.
    """
    values, where = _defined(p)
    order = np.argsort(-values, kind="stable")
    n = len(values)
    factor = n / np.arange(n, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum.accumulate(np.minimum(values[order] * factor, 1.0))
    return _back(adjusted, where, len(p))


def _defined(p: Sequence[float | None]) -> tuple[FloatArray, list[int]]:
    where = [i for i, value in enumerate(p) if value is not None]
    values = np.array([p[i] for i in where], dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError("a p value outside 0..1", hint="give None for an undefined test")
    return values, where


def _back(adjusted: FloatArray, where: list[int], n: int) -> list[float | None]:
    found: list[float | None] = [None] * n
    for i, value in zip(where, adjusted, strict=True):
        found[i] = float(value)
    return found
