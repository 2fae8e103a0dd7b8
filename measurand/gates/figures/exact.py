"""Equality as it is: how far two runs differ at most, without any sampling error."""

from __future__ import annotations

import numpy as np

from measurand.gates.figures.bounds import EQUAL, Bounds, Items


def of_items(sample: Items, value: float | None = None) -> Bounds:
    """Largest difference of an item between two runs, or of the mean from a number.

    Args:
        sample: paired differences; or scores, with ``value``.
        value: what the mean of the scores should be.
    """
    n, clusters = len(sample.values), len(np.unique(sample.clusters))
    if value is not None:
        return _bounds(float(sample.values.mean()), value, n, clusters)
    return _exact(float(np.abs(sample.values).max()), n, clusters, "largest difference of an item")


def unequal(sample: Items) -> int:
    """How many items differ."""
    return int(np.count_nonzero(sample.values))


def of_figure(found: Bounds, value: float) -> Bounds:
    """How far a finished figure is from a number."""
    if found.estimate is None:
        return found
    return _bounds(found.estimate, value, found.n, found.clusters)


def _bounds(figure: float, value: float, n: int | None, clusters: int | None) -> Bounds:
    gap = abs(figure - value)
    # A number in a file is a decimal fraction, a mean of such misses it by a rounding error.
    gap = 0.0 if gap <= EQUAL * max(1.0, abs(value)) else gap
    return _exact(gap, n, clusters, "difference from the number")


def _exact(gap: float, n: int | None, clusters: int | None, method: str) -> Bounds:
    return Bounds(
        estimate=gap,
        lower=gap,
        upper=gap,
        n=n,
        clusters=clusters,
        method=f"exact; {method}",
        flags=("exact",),
    )
