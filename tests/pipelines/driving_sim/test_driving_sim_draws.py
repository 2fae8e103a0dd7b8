from __future__ import annotations

import numpy as np
from scipy import stats

from pipelines.driving_sim.draws import uniforms


def test_draws_belong_to_a_scenario_not_to_a_batch() -> None:
    names = ["a", "b", "c"]
    together = uniforms(names, 1, 91, 4)
    assert together.shape == (3, 91, 4)
    for row, name in zip(together, names, strict=True):
        assert np.array_equal(row, uniforms([name], 1, 91, 4)[0])
    assert not np.array_equal(together, uniforms(names, 2, 91, 4))
    assert uniforms([], 0, 91, 4).shape == (0, 91, 4)


def test_draws_are_uniform() -> None:
    found = uniforms([str(k) for k in range(60)], 0, 91, 4).ravel()
    assert stats.kstest(found, "uniform").pvalue > 0.001
