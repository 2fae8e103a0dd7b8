from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.poisson_binomial import (
    at_least,
    at_least_sharing,
    probabilities,
    two_sided,
)

TEN = np.array([0.99, 0.97, 0.9, 0.6, 0.55, 0.3, 0.98, 0.95, 0.2, 0.85])


def test_equal_chances_are_the_binomial_law() -> None:
    expected = stats.binom(12, 0.3).pmf(np.arange(13))
    assert probabilities(np.full(12, 0.3)) == pytest.approx(expected, abs=1e-14)


def test_ten_tasks() -> None:
    assert at_least(TEN, 8) == pytest.approx(0.42928, abs=1e-5)
    assert at_least(TEN, 6) == pytest.approx(0.95299, abs=1e-5)
    assert (at_least(TEN, 0), at_least(TEN, 11)) == (1.0, 0.0)


def test_mean_and_variance_are_sums() -> None:
    found, k = probabilities(TEN), np.arange(11)
    assert found @ k == pytest.approx(TEN.sum())
    assert found @ (k - TEN.sum()) ** 2 == pytest.approx((TEN * (1 - TEN)).sum())


def test_two_sided_halves_what_was_seen() -> None:
    coin = np.full(10, 0.5)
    assert two_sided(coin, 5) == 1.0
    assert two_sided(coin, 0) == pytest.approx(2**-10)
    assert two_sided(coin, 1) == two_sided(coin, 9) == pytest.approx(2 * (1 + 5) / 1024)
    assert probabilities(np.array([1.0, 0.0, 1.0])).tolist() == [0, 0, 1, 0]
    with pytest.raises(InputError):
        two_sided(coin, 11)
    with pytest.raises(InputError):
        probabilities(np.array([1.2]))


CHANCES = np.array([0.99, 0.97, 0.9, 0.6, 0.55, 0.3])


def test_trials_that_share_nothing_are_independent() -> None:
    for k in range(8):
        assert at_least_sharing(CHANCES, np.zeros(6), k) == pytest.approx(
            at_least(CHANCES, k), abs=1e-12
        )


def test_trials_that_share_all_succeed_together() -> None:
    for k in range(1, 7):
        found = at_least_sharing(CHANCES, np.ones(6), k)
        assert found == pytest.approx(np.sort(CHANCES)[::-1][k - 1], abs=1e-3)
    assert at_least_sharing(np.array([0.5]), np.ones(1), 1) == pytest.approx(0.5)


def test_shares_between_are_those_of_drawing() -> None:
    rng = np.random.default_rng(5)
    shares = np.array([0.2, 0.5, 0.0, 0.9, 0.4, 0.3])
    latent = np.sqrt(shares) * rng.normal(size=(200_000, 1))
    latent = latent + np.sqrt(1 - shares) * rng.normal(size=(200_000, 6))
    count = (latent > stats.norm.isf(CHANCES)).sum(1)
    for k in (2, 4, 6):
        assert at_least_sharing(CHANCES, shares, k) == pytest.approx((count >= k).mean(), abs=4e-3)
    for bad in (np.full(6, 1.1), np.zeros(5)):
        with pytest.raises(InputError):
            at_least_sharing(CHANCES, bad, 2)
