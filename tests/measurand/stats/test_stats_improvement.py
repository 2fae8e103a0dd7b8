from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.improvement import interquartile_mean, probability_of_improvement

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("shape", [(5, 3), (4, 4), (3, 1), (10, 7)])
def test_the_interquartile_mean_is_scipys_trimmed_one(shape: tuple[int, int]) -> None:
    scores = RNG.normal(size=shape)
    found = interquartile_mean(scores, resamples=0)
    assert found.value == pytest.approx(float(stats.trim_mean(scores, 0.25, axis=None)))
    assert found.ci_lo is None


def test_improvement_is_mann_whitneys_statistic() -> None:
    x, y = RNG.integers(0, 5, (8, 1)).astype(float), RNG.integers(0, 5, (6, 1)).astype(float)
    wanted = stats.mannwhitneyu(x[:, 0], y[:, 0]).statistic / 48
    assert probability_of_improvement(x, y, resamples=0).value == pytest.approx(wanted)


def test_improvement_over_tasks_is_the_mean_and_turns_round() -> None:
    x, y = RNG.normal(size=(5, 3)), RNG.normal(size=(4, 3))
    each = [probability_of_improvement(x[:, [k]], y[:, [k]], resamples=0).value for k in range(3)]
    found = probability_of_improvement(x, y, resamples=0).value
    assert found == pytest.approx(np.mean([one for one in each if one is not None]))
    assert probability_of_improvement(y, x, resamples=0).value == pytest.approx(1 - found)
    assert probability_of_improvement(x, x, resamples=0).value == pytest.approx(0.5)


def test_the_interval_is_that_of_a_stratified_bootstrap() -> None:
    # On one task strata are none, and a middle half of all four-fold copies is the sample's own.
    x = RNG.normal(size=(12, 1))
    found = interquartile_mean(x, resamples=4000, seed_words=("a",))
    other = stats.bootstrap(
        (x[:, 0],), lambda v, axis: stats.trim_mean(v, 0.25, axis=axis), n_resamples=4000,
        method="percentile", rng=np.random.default_rng(1),
    )  # fmt: skip
    assert found.se == pytest.approx(float(other.standard_error), rel=0.06)
    assert found.ci_lo is not None
    assert found.ci_hi is not None
    assert found.ci_lo < float(other.confidence_interval.low) + 0.05
    assert found.ci_lo < found.value < found.ci_hi  # type: ignore[operator]
    apart = probability_of_improvement(x + 5, x, resamples=400, seed_words=("a",))
    assert (apart.value, apart.ci_lo, apart.ci_hi) == (1, 1, 1)


def test_tasks_do_not_mix() -> None:
    """Between tasks all differ, within none: other trainings would give the same."""
    scores = np.tile([0.0, 1.0, 5.0, 9.0], (6, 1))
    found = interquartile_mean(scores, resamples=200, seed_words=("a",))
    assert found.se == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="3 and 2 tasks"):
        probability_of_improvement(np.ones((2, 3)), np.ones((2, 2)))
    assert interquartile_mean(np.empty((0, 3))).value is None
