"""Positions with alternatives: what choosing by predicted values costs, and how they are ordered.

Ties are broken at random, so a predictor that says the same of all has the mean regret of a random
choice, and no order.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
EDGE = 0.001
"""Probabilities nearer to 0 or 1 are taken as this: one of them would make the loss infinite."""
TIES = 1e-9
"""Predictions nearer than this are alike: they differ by rounding."""


def places(items: npt.NDArray[np.str_]) -> Iterator[tuple[str, IntArray]]:
    """(item, its rows) in the order of the items' names."""
    order = np.argsort(items, kind="stable")
    names, starts = np.unique(items[order], return_index=True)
    for name, rows in zip(names, np.split(order, starts[1:]), strict=True):
        yield str(name), rows.astype(np.int64)


def regret(said: FloatArray, true: FloatArray) -> float:
    """Best value less that of the alternative that is said to be the best."""
    best = said >= said.max() - TIES
    return float(true.max() - true[best].mean())


def top(said: FloatArray, true: FloatArray) -> float:
    """Chance that the chosen alternative is one of the best."""
    chosen = said >= said.max() - TIES
    return float((true[chosen] >= true.max() - TIES).mean())


def log_loss(said: FloatArray, true: FloatArray) -> float:
    """Mean of -p log q - (1 - p) log(1 - q) in nats, q cut to ``EDGE..1 - EDGE``."""
    q = np.clip(said, EDGE, 1 - EDGE)
    return float((-true * np.log(q) - (1 - true) * np.log1p(-q)).mean())


def tau(said: FloatArray, true: FloatArray) -> float | None:
    """Kendall's tau-b over the alternatives; None where either says the same of all."""
    from scipy.stats import kendalltau

    if len(true) < 2 or np.ptp(true) <= TIES or np.ptp(said) <= TIES:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = float(kendalltau(said, true).statistic)
    return found if np.isfinite(found) else None
