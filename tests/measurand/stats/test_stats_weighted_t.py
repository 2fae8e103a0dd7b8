from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from measurand.stats.bounded import bounded
from measurand.stats.crossed import crossed_mean
from measurand.stats.means import cluster_mean
from measurand.stats.trainings import mean_over_trainings
from measurand.stats.weighted_t import in_range, quantile


def test_a_quantile_is_that_of_either_sample_at_the_ends_and_between_in_the_middle() -> None:
    few, many = stats.t.ppf(0.975, 2), stats.t.ppf(0.975, 23)
    assert quantile(0.975, 1.0, 3, 24) == pytest.approx(few)
    assert quantile(0.975, 2.0, 3, 24) == pytest.approx(few)
    assert quantile(0.975, 0.0, 3, 24) == pytest.approx(many)
    # p = 1/2 and R = 3: weights 1/4 and 1/4.
    assert quantile(0.975, 0.5, 3, 24) == pytest.approx((few + many) / 2)
    # R = 5: 1/4 and 1/2.
    five = stats.t.ppf(0.95, 4)
    assert quantile(0.95, 0.5, 5, 24) == pytest.approx((five + 2 * stats.t.ppf(0.95, 23)) / 3)


@pytest.mark.parametrize("trainings", [2, 3, 8])
def test_it_is_the_quantile_of_a_mean_over_trainings(trainings: int) -> None:
    x = np.random.default_rng(trainings).normal(size=(trainings, 20))
    x += 0.3 * np.arange(trainings)[:, None]
    found = mean_over_trainings(x)
    assert found.ci_hi is not None
    assert found.upper is not None
    assert found.value is not None
    assert found.se is not None
    assert found.se_trainings is not None
    share = (found.se_trainings / found.se) ** 2
    for level, end in ((0.975, found.ci_hi), (0.95, found.upper)):
        assert (end - found.value) / found.se == pytest.approx(
            quantile(level, share, trainings, 20)
        )


def test_a_t_interval_in_a_range_is_that_of_bounded() -> None:
    x, clusters = np.tile([1.0, 0, 0, 1, 0, 0, 0, 0], 5), np.repeat(np.arange(8), 5)
    plain = cluster_mean(x, clusters)
    for low in (0.0, -1.0):
        wanted, found = bounded(plain, x, low=low), in_range(plain, x, low=low)
        for name in ("ci_lo", "ci_hi", "lower", "upper", "value", "se", "method", "least"):
            same = getattr(wanted, name)
            here = getattr(found, name)
            assert here == (same if isinstance(same, str) else pytest.approx(same))


def test_a_share_over_crossed_clusters_keeps_its_own_quantiles() -> None:
    rows, columns = (axis.ravel() for axis in np.indices((3, 24)))
    x = ((columns % 3 == 0) ^ ((rows == 0) & (columns == 5))).astype(float)
    plain = crossed_mean(x, rows, columns)
    assert plain.value is not None
    assert plain.ci_hi is not None
    assert plain.upper is not None
    found, cut = in_range(plain, x), bounded(plain, x)
    assert found.ci_lo is not None
    assert found.ci_hi is not None
    assert found.upper is not None
    slope = 1 / (plain.value * (1 - plain.value))
    at = stats.logistic.ppf(plain.value)
    far, near = (plain.ci_hi - plain.value) * slope, (plain.upper - plain.value) * slope
    assert stats.logistic.ppf(found.ci_hi) == pytest.approx(at + far)
    assert stats.logistic.ppf(found.ci_lo) == pytest.approx(at - far)
    assert stats.logistic.ppf(found.upper) == pytest.approx(at + near)
    assert cut.ci_lo is not None
    assert cut.ci_hi is not None
    assert found.ci_hi - found.ci_lo < 0.6 * (cut.ci_hi - cut.ci_lo)
    assert (found.least, found.most) == (0.0, 1.0)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
def test_where_nothing_varies_the_units_decide(value: float) -> None:
    rows, columns = (axis.ravel() for axis in np.indices((3, 24)))
    x = np.full(72, value)
    plain = crossed_mean(x, rows, columns)
    assert in_range(plain, x, columns) == bounded(plain, x, columns)
    none = replace(plain, value=None)
    assert in_range(none, x) == none
