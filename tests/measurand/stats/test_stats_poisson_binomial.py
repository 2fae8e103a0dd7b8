from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.poisson_binomial import at_least, probabilities, two_sided

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
    with pytest.raises(InputError):
        two_sided(coin, 11)
    with pytest.raises(InputError):
        probabilities(np.array([1.2]))
