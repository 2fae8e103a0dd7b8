from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from measurand.stats.bounded import bounded, call_share, share
from measurand.stats.crossed import crossed_mean
from measurand.stats.dyads import mean_by
from measurand.stats.means import cluster_mean, proportion, within_unit
from measurand.stats.resample import MIN_CLUSTERS

CLUSTERS = np.repeat(np.arange(10), 4)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_shares_have_clopper_and_pearsons_interval_over_clusters(value: float) -> None:
    x = np.full(40, value)
    found = share(x, CLUSTERS)
    exact = proportion(10 * int(value), 10, "clopper_pearson")
    assert (found.ci_lo, found.ci_hi) == pytest.approx((exact.ci_lo, exact.ci_hi))
    assert (found.lower, found.upper) == pytest.approx((exact.lower, exact.upper))
    assert (found.n, found.n_clusters, found.se, found.reason) == (40, 10, None, None)
    assert bounded(cluster_mean(x), x).n_clusters is None
    rows = proportion(40 * int(value), 40, "clopper_pearson")
    assert bounded(cluster_mean(x), x).ci_hi == pytest.approx(rows.ci_hi)


def test_equal_differences_may_be_as_many_units_away_as_a_rate_of_none_allows() -> None:
    x = np.zeros(40)
    most = proportion(0, 10, "clopper_pearson").ci_hi
    found = bounded(cluster_mean(x, CLUSTERS), x, low=-1.0)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((-most, most))
    x = np.full(40, 4.0)
    found = bounded(cluster_mean(x, CLUSTERS), x, low=1.0, high=5.0)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((4 - 3 * most, 4 + most))


def test_other_units_than_the_clusters_may_count() -> None:
    x, rows = np.ones(40), np.tile(np.arange(8), 5)
    found = bounded(cluster_mean(x, np.repeat(np.arange(5), 8)), x, rows)
    assert (found.n_clusters, found.ci_lo) == (8, pytest.approx(0.025 ** (1 / 8)))
    crossed = bounded(crossed_mean(x, np.repeat(np.arange(5), 8), rows), x, rows)
    assert crossed.ci_lo == found.ci_lo


def test_without_a_range_there_is_no_interval() -> None:
    x = np.full(40, 3.0)
    found = bounded(cluster_mean(x, CLUSTERS), x, low=0.0, high=inf)
    assert (found.value, found.ci_lo) == (3.0, None)
    assert found.reason == "no interval: every value is the same"


def test_where_all_clusters_have_one_mean_rows_stand_for_them() -> None:
    x = np.tile([0.0, 1.0, 1.0, 0.0], 10)
    found, rows = bounded(cluster_mean(x, CLUSTERS), x), cluster_mean(x)
    assert (found.value, found.se, found.n_clusters, found.reason) == (0.5, rows.se, 10, None)
    assert found.ci_lo is not None
    assert 0 < found.ci_lo < 0.34
    assert "since the means of all clusters are the same" in found.method


def test_shares_that_differ_are_on_the_logit_scale() -> None:
    x = np.ones(40)
    x[0] = 0.0
    assert bounded(cluster_mean(x, CLUSTERS), x) == within_unit(cluster_mean(x, CLUSTERS))


def test_others_are_cut_to_what_is_possible() -> None:
    x, clusters = np.array([16.0, 16.0, 16.0, 16.0, 16.0, 4.0]), np.arange(6)
    free = cluster_mean(x, clusters)
    cut = bounded(free, x, low=2.0, high=16.0)
    assert free.ci_hi is not None
    assert free.ci_hi > 16
    assert (cut.value, cut.se, cut.ci_lo) == (free.value, free.se, free.ci_lo)
    assert (cut.ci_hi, cut.upper, cut.reason) == (16.0, 16.0, None)
    assert cut.method.endswith("cut to 2 to 16")
    assert bounded(free, x, low=0.0, high=100.0) == replace(free, least=0.0, most=100.0)
    assert (cut.least, cut.most) == (2.0, 16.0)
    assert bounded(free, x, high=20.0, low=-inf).least is None
    above = bounded(free, x, high=16.0, low=-inf)
    assert (above.ci_lo, above.ci_hi, above.lower) == (free.ci_lo, 16.0, free.lower)


def test_of_few_clusters_no_error_tells_what_is_detectable() -> None:
    x, clusters = np.array([3.0, 5.0, 12.0, 14.0]), np.array([0, 0, 1, 1])
    cut = bounded(cluster_mean(x, clusters), x, low=2.0, high=16.0)
    assert (cut.ci_lo, cut.ci_hi, cut.lower, cut.upper, cut.se) == (2.0, 16.0, 2.0, 16.0, None)
    assert cut.reason == "2 clusters: the interval reached beyond the possible 2 to 16"


def test_five_clusters_are_not_few() -> None:
    x = np.array([16.0, 16.0, 16.0, 16.0, 4.0])
    free = cluster_mean(x, np.arange(5))
    cut = bounded(free, x, low=2.0, high=16.0)
    assert (cut.ci_hi, cut.se, cut.reason, MIN_CLUSTERS) == (16.0, free.se, None, 5)


def test_nothing_stays_nothing() -> None:
    assert bounded(mean_by(np.empty(0)), np.empty(0)).reason == "no rows"


@pytest.mark.parametrize(("rate", "groups"), [(0.02, 20), (0.1, 10), (0.5, 10), (0.97, 30)])
def test_shares_of_clusters_are_covered(rate: float, groups: int) -> None:
    """Beta-distributed cluster rates, five rows each: never below .9 at these sizes."""
    held = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        own = rng.beta(4 * rate, 4 * (1 - rate), groups)
        x = (rng.random((groups, 5)) < own[:, None]).astype(float).ravel()
        found = bounded(cluster_mean(x, np.repeat(np.arange(groups), 5)), x)
        held += found.ci_lo is None or found.ci_lo <= rate <= found.ci_hi  # type: ignore[operator]
    assert held >= 270


def test_one_value_has_clopper_and_pearsons_interval_of_one() -> None:
    found = share(np.array([1.0]))
    assert (found.ci_lo, found.ci_hi) == pytest.approx((0.025, 1.0))


def test_calls_fail_alone_where_all_do_or_none() -> None:
    flags = np.zeros(40)
    for hits in (0, 40):
        flags[:] = hits > 0
        found, exact = call_share(flags, CLUSTERS), proportion(hits, 40, "clopper_pearson")
        assert (found.ci_lo, found.ci_hi) == pytest.approx((exact.ci_lo, exact.ci_hi))
    flags[:] = 0
    flags[0] = 1
    assert call_share(flags, CLUSTERS) == share(flags, CLUSTERS)
    assert call_share(1 - flags, CLUSTERS) == share(1 - flags, CLUSTERS)
