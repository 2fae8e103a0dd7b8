from __future__ import annotations

import numpy as np
import pytest

from evaluators.compwob.crossing import FEWEST_SEEDS, over_tasks_and_seeds
from measurand.stats.crossed import crossed_mean
from measurand.stats.means import cluster_mean


@pytest.mark.parametrize("seeds", [1, 2, FEWEST_SEEDS - 1, FEWEST_SEEDS, 9])
def test_seeds_count_where_there_are_enough(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    tasks, numbers = np.repeat(np.arange(30), seeds), np.tile(np.arange(seeds), 30)
    x = (rng.random(30 * seeds) < 0.3).astype(float)
    found = over_tasks_and_seeds(x, tasks, numbers)
    enough = seeds >= FEWEST_SEEDS
    same = crossed_mean(x, tasks, numbers) if enough else cluster_mean(x, tasks)
    assert (found.value, found.ci_lo, found.ci_hi) == (same.value, same.ci_lo, same.ci_hi)
    assert ("too few" in found.method) == (not enough)


def test_two_seeds_leave_an_interval_within_what_is_possible() -> None:
    tasks, seeds = np.repeat(np.arange(50), 2), np.tile(np.arange(2), 50)
    x = np.r_[np.ones(80), np.zeros(20)]
    x[::2] = np.clip(x[::2] - (np.arange(50) < 12), 0, 1)
    wide, found = crossed_mean(x, tasks, seeds), over_tasks_and_seeds(x, tasks, seeds)
    assert wide.ci_hi is not None
    assert wide.ci_hi > 1
    assert found.ci_hi is not None
    assert found.ci_hi < 1


def test_four_seeds_are_too_few_and_five_are_enough() -> None:
    x, tasks = np.random.default_rng(1).random(60), np.repeat(np.arange(12), 5)
    seeds = np.tile(np.arange(5), 12)
    assert over_tasks_and_seeds(x, tasks, seeds) == crossed_mean(x, tasks, seeds)
    four = seeds < 4
    assert "4 seeds, too few" in over_tasks_and_seeds(x[four], tasks[four], seeds[four]).method
