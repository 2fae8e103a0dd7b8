from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pingouin
import pytest
from sklearn.linear_model import LinearRegression

from measurand.errors import InputError
from measurand.stats.guttman import MAX_ITEMS, lambdas

RNG = np.random.default_rng(12)
X = RNG.normal(size=(300, 1)) * [1.0, 0.8, 0.6, 0.9, 0.5, 0.7] + RNG.normal(size=(300, 6)) * 0.8
COV = np.cov(X.T)


def test_lambda3_is_pingouins_alpha() -> None:
    alpha, _ = pingouin.cronbach_alpha(pd.DataFrame(X))
    assert lambdas(COV).lambda3 == pytest.approx(alpha)


def test_lambda4_is_the_best_split_half_of_the_scores() -> None:
    """Flanagan's and Guttman's split half, 2 (1 - (var A + var B) / var total), over all splits."""
    total = X.sum(axis=1).var(ddof=1)
    best = max(
        2
        * (
            1
            - (X[:, a].sum(axis=1).var(ddof=1) + np.delete(X, a, 1).sum(axis=1).var(ddof=1)) / total
        )
        for size in range(1, 6)
        for a in itertools.combinations(range(6), size)
    )
    assert lambdas(COV).lambda4 == pytest.approx(best)


def test_lambda6_is_what_regression_leaves() -> None:
    left = []
    for j in range(6):
        rest = np.delete(X, j, 1)
        fit = LinearRegression().fit(rest, X[:, j])
        left.append((X[:, j] - fit.predict(rest)).var(ddof=1))
    assert lambdas(COV).lambda6 == pytest.approx(1 - sum(left) / X.sum(axis=1).var(ddof=1))


def test_lambdas_1_2_and_5_by_their_definitions() -> None:
    found = lambdas(COV)
    total = COV.sum()
    off = [[COV[i, j] ** 2 for i in range(6) if i != j] for j in range(6)]
    first = 1 - np.trace(COV) / total
    assert found.lambda1 == pytest.approx(first)
    assert found.lambda2 == pytest.approx(first + np.sqrt(6 / 5 * np.sum(off)) / total)
    assert found.lambda5 == pytest.approx(first + 2 * np.sqrt(max(map(sum, off))) / total)


@pytest.mark.parametrize(("k", "r"), [(4, 0.5), (6, 0.3), (10, 0.1)])
def test_parallel_items_have_the_reliability_of_spearman_and_brown(k: int, r: float) -> None:
    """Equal correlations: alpha, lambda2 and lambda4 are k r / (1 + (k - 1) r)."""
    found = lambdas(np.full((k, k), r) + (1 - r) * np.eye(k))
    true = k * r / (1 + (k - 1) * r)
    assert [found.lambda2, found.lambda3, found.lambda4] == pytest.approx([true] * 3)
    assert found.lambda1 == pytest.approx((k - 1) / k * true)
    assert found.lambda6 is not None
    assert found.lambda6 < true


def test_they_are_lower_bounds_in_guttmans_order() -> None:
    """Of one factor with known loadings none exceeds the reliability of the sum."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        loadings, errors = rng.uniform(0.2, 1, 8), rng.uniform(0.2, 1, 8)
        found = lambdas(np.outer(loadings, loadings) + np.diag(errors))
        assert found.lambda1 < found.lambda3 <= found.lambda2  # type: ignore[operator]
        assert found.lambda1 < found.lambda5  # type: ignore[operator]
        reliability = loadings.sum() ** 2 / (loadings.sum() ** 2 + errors.sum())
        six = [getattr(found, f"lambda{i}") for i in range(1, 7)]
        assert max(six) <= reliability + 1e-12


def test_the_order_of_items_changes_nothing() -> None:
    order = RNG.permutation(6)
    a, b = lambdas(COV), lambdas(COV[np.ix_(order, order)])
    for name in ("lambda1", "lambda2", "lambda3", "lambda4", "lambda5", "lambda6"):
        assert getattr(a, name) == pytest.approx(getattr(b, name))


def test_what_is_undefined_or_refused() -> None:
    cancelling = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert lambdas(cancelling).lambda1 is None
    assert lambdas(cancelling).reason == "the sum of the items does not vary"
    repeated = lambdas(np.ones((3, 3)))
    assert (repeated.lambda6, repeated.lambda3) == (None, pytest.approx(1.0))
    assert "inverted" in (repeated.reason or "")
    many = lambdas(np.eye(MAX_ITEMS + 1) * 0.5 + 0.5)
    assert many.lambda4 is None
    assert "halves" in (many.reason or "")
    for bad in (np.ones((2, 3)), np.ones((1, 1))):
        with pytest.raises(InputError):
            lambdas(bad)


def test_two_items_against_each_other_have_one_half_and_no_reliability() -> None:
    """Covariance -.5: 4 * -.5 / 1 = -2, and alpha, 2 (1 - 2 / 1), is the same."""
    found = lambdas(np.array([[1.0, -0.5], [-0.5, 1.0]]))
    assert (found.lambda3, found.lambda4) == (pytest.approx(-2), pytest.approx(-2))


def test_without_an_inverse_there_is_no_lambda6() -> None:
    """An item that nearly repeats another; likenesses that no three items have."""
    near = 1 - 1e-10
    for c in (
        [[1, near, 0.5], [near, 1, 0.5], [0.5, 0.5, 1]],
        [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]],
    ):
        found = lambdas(np.array(c))
        assert (found.lambda6, found.lambda3 is None) == (None, False)
        assert found.reason == "lambda6 needs covariances that can be inverted"
