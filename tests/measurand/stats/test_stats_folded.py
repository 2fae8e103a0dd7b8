from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.stats import foldnorm

from measurand.stats.calibration import calibration_error
from measurand.stats.estimate import Estimate
from measurand.stats.folded import folded_bias, widened
from measurand.stats.mtmm import convergent_discriminant

FOUND = Estimate(0.3, se=0.1, ci_lo=0.28, ci_hi=0.6, lower=0.29, upper=0.5, n=11, method="m")


def test_the_bias_is_that_of_scipys_folded_normal() -> None:
    values, errors = np.array([0.0, 0.5, -0.5, 3.0]), np.array([0.2, 0.2, 0.1, 0.1])
    truth = np.maximum(np.abs(values) - 1.96 * errors, 0.0)
    expected = foldnorm.mean(truth / errors, scale=errors) - truth
    assert folded_bias(values, errors) == pytest.approx(expected)
    assert folded_bias(values[:1], errors[:1]) == pytest.approx([0.2 * sqrt(2 / np.pi)])
    assert folded_bias(values[1:2], np.zeros(1)) == pytest.approx([0.0])


def test_each_end_is_the_further_one_and_stays_in_the_range() -> None:
    from scipy.stats import t

    wide = widened(FOUND, 0.05, 0.0, low=0.0, high=1.0)
    half = t(10).ppf(0.975) * 0.1
    assert wide.ci_lo == pytest.approx(0.3 - 0.05 - half)
    assert wide.ci_hi == 0.6
    assert wide.lower == pytest.approx(0.25 - t(10).ppf(0.95) * 0.1)
    assert widened(FOUND, 0.5, 0.0, low=0.0).ci_lo == 0.0
    assert widened(FOUND, 0.0, 0.5).ci_hi == pytest.approx(0.8 + half)
    none = Estimate(0.3, reason="no interval")
    assert widened(none, 0.1, 0.1) is none


def _scores(rng: np.random.Generator, n: int, shared: float) -> tuple[np.ndarray, np.ndarray]:
    """Two forms of five traits that correlate by ``shared``, the same trait by .4 more."""
    cov = np.full((10, 10), shared)
    for i in range(5):
        cov[i, i + 5] = cov[i + 5, i] = shared + 0.4
    np.fill_diagonal(cov, 1.0)
    both = rng.multivariate_normal(np.zeros(10), cov, n)
    return both[:, :5], both[:, 5:]


@pytest.mark.integration
@pytest.mark.parametrize(("n", "shared"), [(10, 0.0), (10, 0.25), (50, 0.0), (50, 0.25)])
def test_mean_absolute_correlations_and_their_gap_are_covered(n: int, shared: float) -> None:
    """The plain percentile interval covers .0 to .14 of them at ten rows, .0 at fifty and none."""
    held = np.zeros(2)
    for seed in range(150):
        a, b = _scores(np.random.default_rng(seed), n, shared)
        found = convergent_discriminant(a, b, resamples=200, seed_words=(seed,))
        for k, (one, truth) in enumerate(((found.discriminant, shared), (found.gap, 0.4))):
            assert one.ci_lo is not None
            assert one.ci_hi is not None
            held[k] += one.ci_lo <= truth <= one.ci_hi
    assert (held >= 0.9 * 150).all()


def test_a_calibrated_forecast_is_covered_and_the_estimate_is_inside() -> None:
    held = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        q = rng.uniform(0.05, 0.95, 60)
        p = (rng.random(60) < q).astype(float)
        found = calibration_error(q, p, resamples=200, seed_words=(seed,))
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        assert found.ci_lo <= found.value <= found.ci_hi  # type: ignore[operator]
        held += found.ci_lo == 0.0
        square = calibration_error(q, p, debiased=True, resamples=200, seed_words=(seed,))
        assert square.ci_lo <= square.value <= square.ci_hi  # type: ignore[operator]
    assert held >= 0.9 * 150
