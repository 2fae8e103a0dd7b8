"""Errors of means over tasks and seeds together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from measurand.stats.arrays import AnyArray
from measurand.stats.crossed import crossed_mean
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean

FEWEST_SEEDS = 5
"""Below, Student's t of the seeds' few degrees of freedom reaches past every possible value."""


def over_tasks_and_seeds(values: AnyArray, tasks: AnyArray, seeds: AnyArray) -> Estimate:
    """Mean with an error that allows for other tasks and, where there are enough, other seeds.

    With fewer than :data:`FEWEST_SEEDS` seeds the interval speaks of other tasks with problems of
    these very seeds, and its method says so. Problems of one seed are drawn anew for every base
    task, so what seeds share is only that compositions hold the same parts.

    Args:
        values: (n,) scores.
        tasks: (n,) task of each.
        seeds: (n,) seed of each.
    """
    count = len(np.unique(seeds))
    if count >= FEWEST_SEEDS:
        return crossed_mean(values, tasks, seeds)
    found = cluster_mean(values, tasks)
    return replace(found, method=f"{found.method}; {count} seeds, too few to allow for others")
