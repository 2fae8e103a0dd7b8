from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from measurand.errors import InputError
from measurand.stats.ratios import ratio_of_sums


def test_equal_to_least_squares_through_the_origin() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, 60)
    y = 4 * x + rng.normal(0, 1, 60)
    clusters = np.repeat(np.arange(15), 4)
    found = ratio_of_sums(y, x, clusters)
    fit = sm.WLS(y, x, weights=1 / x).fit()
    robust = fit.get_robustcov_results("cluster", groups=clusters, use_correction=False)
    assert found.value == pytest.approx(float(fit.params[0]))
    assert found.se == pytest.approx(float(robust.bse[0]) * math.sqrt(15 / 14))


def test_over_ones_it_is_the_mean() -> None:
    y = np.array([1.0, 4.0, 2.0, 9.0])
    found = ratio_of_sums(y, np.ones(4))
    assert found.value == y.mean()
    assert found.se == pytest.approx(y.std(ddof=1) / 2)


def test_its_interval_holds_the_truth() -> None:
    """Tokens of tries until a success: 300 a try, three tries in ten succeed."""
    rng = np.random.default_rng(1)
    held = []
    for _ in range(800):
        tokens = rng.gamma(4, 75, 150)
        found = ratio_of_sums(tokens, (rng.random(150) < 0.3) * 1.0)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        held.append(found.ci_lo <= 1000 <= found.ci_hi)
    assert 0.93 <= np.mean(held) <= 0.97


def test_what_has_no_ratio_says_why() -> None:
    assert ratio_of_sums(np.ones(3), np.zeros(3)).reason == "nothing to divide by"
    assert ratio_of_sums(np.zeros(3), np.ones(3)).ci_lo is None
    assert ratio_of_sums(np.ones(1), np.ones(1)).ci_hi is None
    with pytest.raises(InputError):
        ratio_of_sums(np.ones(2), np.ones(3))
