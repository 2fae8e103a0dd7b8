from __future__ import annotations

import numpy as np
import pytest

from measurand.stats.coefficients import (
    alpha,
    alpha_if_deleted,
    item_rest,
    lambda6,
    omega_flip,
    omega_m1,
)
from measurand.stats.covariance import correlation, covariance
from measurand.stats.factor import first_guess, one_factor


def _answers(seed: int = 0, k: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(50, 1)) + rng.normal(size=(50, k)) * rng.uniform(0.5, 2, k)


def test_alpha_if_deleted_and_item_rest_are_what_leaving_out_gives() -> None:
    x = _answers()
    cov = covariance(x)
    for j in range(6):
        rest = np.delete(x, j, axis=1)
        assert alpha_if_deleted(cov)[j] == pytest.approx(float(alpha(covariance(rest))))
        assert item_rest(cov)[j] == pytest.approx(np.corrcoef(x[:, j], rest.sum(axis=1))[0, 1])


def test_lambda6_is_regression_of_each_item_on_the_rest() -> None:
    x = _answers(1)
    z = (x - x.mean(0)) / x.std(0)
    left = 0.0
    for j in range(6):
        rest = np.delete(z, j, axis=1)
        fitted = rest @ np.linalg.lstsq(rest, z[:, j], rcond=None)[0]
        left += ((z[:, j] - fitted) ** 2).mean()
    r = correlation(covariance(x))
    assert float(lambda6(r)) == pytest.approx(1 - left / r.sum())


@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-6])
def test_lambda6_refuses_items_that_repeat_others(noise: float) -> None:
    x = _answers(2)
    x[:, 5] = x[:, 0] + noise * np.random.default_rng(3).normal(size=50)
    good = correlation(covariance(_answers(2)))
    bad = correlation(covariance(x))
    found = lambda6(np.stack([good, bad, np.ones((6, 6)), np.full((6, 6), np.nan)]))
    assert np.isfinite(found).tolist() == [True, False, False, False]
    assert found[0] == pytest.approx(float(lambda6(good)))


def test_lambda6_refuses_linear_dependence_and_too_few_rows() -> None:
    x = _answers(4)
    x[:, 5] = x[:, 0] + x[:, 1] - x[:, 2]
    assert np.isnan(lambda6(correlation(covariance(x))))
    assert np.isnan(lambda6(correlation(covariance(_answers(5)[:5]))))


def test_flipping_is_one_factor_of_reversed_items() -> None:
    x = _answers(6) * [1, -1, 1, 1, -1, 1]
    r = correlation(covariance(x))
    fit = one_factor(r[None], first_guess(r))
    straight = correlation(covariance(x * [1, -1, 1, 1, -1, 1]))
    again = one_factor(straight[None], first_guess(straight))
    assert (fit.loadings[0] < 0).tolist() == [False, True, False, False, True, False]
    assert omega_flip(r[None], fit) == pytest.approx(omega_m1(straight[None], again), abs=1e-6)
    assert omega_m1(r[None], fit)[0] < omega_flip(r[None], fit)[0]


def test_alpha_of_a_sum_that_does_not_vary_is_undefined() -> None:
    x = np.random.default_rng(7).normal(size=(20, 1)) * [1, -1]
    assert np.isnan(alpha(covariance(x)))


def test_alpha_of_matrices_side_by_side_is_pingouins_of_each() -> None:
    import pandas as pd
    import pingouin

    every = [_answers(seed) for seed in (1, 2, 3)]
    found = alpha(np.stack([covariance(x) for x in every]))
    known = [pingouin.cronbach_alpha(pd.DataFrame(x))[0] for x in every]
    assert found == pytest.approx(np.array(known))
