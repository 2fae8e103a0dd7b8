"""Figures with their intervals: of a scenario as unit, and of scenarios crossed with trainings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from evaluators.driving_sim.context import SHARES, FloatArray, Scores
from measurand.stats.arrays import AnyArray
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean, proportion
from measurand.stats.ratios import ratio_of_sums
from measurand.stats.trainings import combined, mean_over_trainings

EQUAL = 1e-12
"""Share of the largest mean below which means of trainings do not differ."""

Range = tuple[float, float]


def range_of(metric: str) -> Range:
    """What a figure may be."""
    if metric in SHARES:
        return 0.0, 1.0
    return (-math.inf, math.inf) if metric == "progress" else (0.0, math.inf)


def estimate(found: Scores, metric: str, confidence: float) -> Estimate:
    """Mean of a figure over trainings and scenarios.

    One drive of each of independent scenarios is a rate with Wilson's interval; several trainings
    are crossed with the scenarios.
    """
    alone = len(set(found.clusters)) == len(found.clusters)
    if len(found.table) == 1 and found.binary and alone:
        hits = int(found.table.sum())
        return proportion(hits, found.table.size, confidence=confidence)
    made = mean(found.table, found.clusters, confidence, range_of(metric))
    return replace(made, n=found.n)


def mean(
    table: FloatArray, clusters: AnyArray, confidence: float, limits: Range | None = None
) -> Estimate:
    """Mean of an (R, S) table of trainings by scenarios.

    Args:
        table: of values, or of differences of what belongs together.
        clusters: (S,) cluster of every scenario.
        confidence: level of the interval.
        limits: what a value may be; None for anything.
    """
    low, high = limits or (-math.inf, math.inf)
    if len(table) == 1:
        return bounded(
            cluster_mean(table[0], clusters, confidence=confidence),
            table[0], clusters, low=low, high=high,
        )  # fmt: skip
    names, index = np.unique(clusters, return_inverse=True)
    counts = np.bincount(index, minlength=len(names))
    by_cluster = np.stack([np.bincount(index, row, len(names)) / counts for row in table])
    values, every = by_cluster.ravel(), np.tile(names, len(table))
    means = by_cluster.mean(axis=1)
    if np.ptp(means) <= EQUAL * np.abs(means).max():
        # The variance between equal means is 0, and by rounding may come out below it.
        items = cluster_mean(values, every, confidence=confidence)
        crossed = replace(combined(items, means), scope="method", trainings=len(table))
    else:
        crossed = mean_over_trainings(by_cluster, confidence=confidence)
    cut = bounded(crossed, values, every, low=low, high=high)
    return replace(
        cut,
        scope=crossed.scope,
        trainings=crossed.trainings,
        se_trainings=crossed.se_trainings,
    )


def ratio(above: FloatArray, below: FloatArray, clusters: AnyArray, confidence: float) -> Estimate:
    """Mean of one table over the mean of another, of the same scenarios: ``ratio_of_sums``.

    Trainings are averaged first: the interval is about these.

    Args:
        above: (R, S) numerators, 0 or more.
        below: (R, S) denominators, 0 or more.
        clusters: (S,) cluster of every scenario.
        confidence: level of the interval.
    """
    return ratio_of_sums(above.mean(0), below.mean(0), clusters, confidence=confidence)
