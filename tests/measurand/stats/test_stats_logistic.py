from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from measurand.stats.logistic import logistic


def test_it_is_statsmodels_binomial_regression() -> None:
    rng = np.random.default_rng(0)
    x, n = rng.normal(0, 1, 30), rng.integers(1, 9, 30)
    k = rng.binomial(n, 1 / (1 + np.exp(-(0.4 - 0.8 * x))))
    weights = rng.integers(0, 3, (4, 30)).astype(np.float64)
    found = logistic(x, k, n, weights)
    for row, w in zip(found, weights, strict=True):
        model = sm.GLM(
            np.column_stack([k, n - k]), sm.add_constant(x), sm.families.Binomial(), freq_weights=w
        )
        assert row == pytest.approx(model.fit().params, abs=1e-6)
    assert logistic(x, k, n).shape == (1, 2)


def test_separated_data_have_no_maximum() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert np.isnan(logistic(x, np.array([2, 2, 0, 0]), np.full(4, 2))).all()
    assert np.isnan(logistic(x, np.full(4, 2), np.full(4, 2))).all()
