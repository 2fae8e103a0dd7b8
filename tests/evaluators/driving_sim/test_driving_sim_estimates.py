from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from evaluators.driving_sim.context import Scores
from evaluators.driving_sim.estimates import estimate, mean, range_of, ratio
from measurand.stats.ratios import ratio_of_sums
from measurand.stats.trainings import mean_over_trainings


def made(table: np.ndarray, clusters: list[str] | None = None) -> Scores:  # type: ignore[type-arg]
    n = table.shape[1]
    names = tuple(f"s{k}" for k in range(n))
    binary = bool(np.isin(table, (0, 1)).all())
    return Scores(table, names, np.array(clusters or names), table.size, binary, 0)


def test_a_rate_of_independent_drives_is_wilsons() -> None:
    found = estimate(made(np.array([[1.0] * 7 + [0.0] * 53])), "collision", 0.95)
    wanted = binomtest(7, 60).proportion_ci(method="wilson")
    assert (found.value, found.ci_lo, found.ci_hi) == pytest.approx((7 / 60, *wanted))


def test_several_trainings_are_crossed_with_scenarios() -> None:
    table = np.random.default_rng(0).random((3, 40))
    found = estimate(made(table), "ade", 0.95)
    wanted = mean_over_trainings(table)
    assert (found.value, found.se) == pytest.approx((wanted.value, wanted.se))
    assert (found.scope, found.trainings) == ("method", 3)
    assert found.least == 0


def test_nothing_that_varied_still_has_an_interval_of_the_method() -> None:
    found = estimate(made(np.zeros((2, 30))), "collision", 0.95)
    assert found.value == 0
    assert found.ci_hi is not None
    assert 0 < found.ci_hi < 0.2
    assert found.scope == "method"


def test_scenarios_of_one_recording_are_one_cluster() -> None:
    values = np.repeat(np.random.default_rng(1).random(10), 5)[None]
    clusters = [f"c{k // 5}" for k in range(50)]
    apart, together = (estimate(made(values, c), "ade", 0.95) for c in (None, clusters))
    assert together.se is not None
    assert apart.se is not None
    assert together.se > 1.5 * apart.se
    assert together.n_clusters == 10


def test_a_ratio_of_means_holds_the_truth_of_as_many_scenarios_as_the_smallest_preset() -> None:
    """Errors of two drivers on 92 scenarios, as skewed and alike as theirs."""
    rng = np.random.default_rng(2)
    held = []
    for _ in range(1000):
        own = rng.normal(0, 0.5, 92)
        above, below = (np.exp(own + rng.normal(0, 0.6, (1, 92)) + shift) for shift in (0.8, 0))
        found = ratio(above, below, np.arange(92), 0.95)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        held.append(found.ci_lo <= math.exp(0.8) <= found.ci_hi)
    assert 0.93 <= np.mean(held) <= 0.97


def test_a_ratio_of_means_is_of_clusters_and_of_nothing_undefined() -> None:
    below = np.random.default_rng(3).uniform(1, 3, (1, 40))
    found = ratio(3 * below**1.1, below, np.repeat(np.arange(10), 4), 0.95)
    assert found.value == pytest.approx(3 * (below**1.1).mean() / below.mean())
    assert found.n_clusters == 10
    assert ratio(below, 0 * below, np.arange(40), 0.95).value is None


def test_limits_cut_the_interval_of_a_difference() -> None:
    found = mean(np.array([[1.0, 1.0, 0.0, 1.0, 1.0, 1.0]]), np.arange(6), 0.95, (-1, 1))
    assert found.ci_hi == 1
    free = mean(np.array([[1.0, 1.0, 0.0, 1.0, 1.0, 1.0]]), np.arange(6), 0.95)
    assert free.ci_hi is not None
    assert free.ci_hi > 1
    assert math.isfinite(free.ci_hi)


def test_trainings_of_one_mean_have_the_interval_of_the_scenarios() -> None:
    """Each training crashes twice, elsewhere: the variance between them rounds below 0."""
    table = np.zeros((3, 20))
    for at in range(3):
        table[at, at] = 1
    found = estimate(made(table), "collision", 0.95)
    assert found.value == pytest.approx(0.05)
    assert found.ci_hi is not None
    assert found.ci_hi > 0.06
    assert (found.scope, found.trainings) == ("method", 3)


def test_rates_are_shares_progress_may_be_lost_and_the_rest_begins_at_0() -> None:
    assert range_of("collision") == (0.0, 1.0)
    assert range_of("progress") == (-math.inf, math.inf)
    assert range_of("ade") == (0.0, math.inf)


def test_rates_of_several_or_of_drives_that_belong_together_are_not_wilsons() -> None:
    hits = np.array([[1.0] * 7 + [0.0] * 53])
    clusters = [f"c{k // 2}" for k in range(60)]
    for table, names in ((np.repeat(hits, 2, axis=0), None), (hits, clusters), (hits / 2, None)):
        found = estimate(made(table, names), "collision", 0.8)
        assert "Wilson" not in found.method
        assert (found.n, found.confidence) == (table.size, 0.8)
    alone = estimate(made(hits), "collision", 0.8)
    wanted = binomtest(7, 60).proportion_ci(0.8, method="wilson")
    assert (alone.ci_lo, alone.ci_hi) == pytest.approx(tuple(wanted))


def test_of_several_trainings_a_recording_counts_once_however_long_it_is() -> None:
    table = np.array([[1.0, 3.0, 5.0, 2.0, 7.0, 0.5], [2.0, 2.5, 4.0, 4.0, 9.0, 1.0]])
    clusters = np.array(["a", "a", "a", "b", "c", "d"])
    found = mean(table, clusters, 0.9, (0, math.inf))
    by_recording = np.stack([[row[:3].mean(), *row[3:]] for row in table])
    wanted = mean_over_trainings(by_recording, confidence=0.9)
    assert (found.value, found.ci_hi) == pytest.approx((wanted.value, wanted.ci_hi))
    assert found.se_trainings == pytest.approx(wanted.se_trainings)
    assert found.ci_lo == pytest.approx(max(0.0, wanted.ci_lo or 0.0))
    one = mean(table[:1], clusters, 0.9)
    assert (one.value, one.n_clusters, one.confidence) == (table[0].mean(), 4, 0.9)


def test_a_ratio_is_of_the_mean_over_trainings_at_its_level() -> None:
    above, below = np.random.default_rng(6).uniform(1, 3, (2, 3, 12))
    found = ratio(above, below, np.arange(12), 0.8)
    wanted = ratio_of_sums(above.mean(0), below.mean(0), np.arange(12), confidence=0.8)
    assert (found.value, found.ci_lo) == (wanted.value, wanted.ci_lo)
