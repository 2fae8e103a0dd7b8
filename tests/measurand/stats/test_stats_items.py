from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import pytest

from measurand.stats.items import alpha_of_long_test, item_statistics, repeat_reliability
from measurand.stats.reliability import scale_reliability

RNG = np.random.default_rng(8)
ABILITY = RNG.normal(size=(12, 1))
X = (ABILITY + RNG.normal(size=(12, 30)) > 0).astype(float)


def test_equal_to_the_scale_statistics() -> None:
    expected = scale_reliability(X, resamples=0)
    found = item_statistics(X)
    theirs = np.array([np.nan if r is None else r for r in expected.item_rest])
    np.testing.assert_allclose(found.item_rest, theirs, atol=1e-12)
    np.testing.assert_array_equal(np.flatnonzero(found.constant), expected.constant_items)
    alpha, feldt = alpha_of_long_test(X), expected.alpha_feldt
    for name in ("value", "ci_lo", "ci_hi", "lower", "upper"):
        assert getattr(alpha, name) == pytest.approx(getattr(feldt, name), abs=1e-12)


def test_alpha_is_pingouins() -> None:
    frame = pd.DataFrame(X)
    assert alpha_of_long_test(X).value == pytest.approx(pingouin.cronbach_alpha(frame)[0])


def test_an_item_against_the_others_is_found() -> None:
    x = np.column_stack([X, 1 - (ABILITY[:, 0] > 0)])
    found = item_statistics(x).item_rest
    assert np.nanargmin(found) == 30
    assert found[30] < -0.5


def test_constant_items_have_no_correlation() -> None:
    x = np.column_stack([X, np.ones(12)])
    found = item_statistics(x)
    assert found.constant[-1]
    assert np.isnan(found.item_rest[-1])
    assert found.difficulty[-1] == 1


@pytest.mark.parametrize("x", [X[:2], X[:, :1], X[:0], np.ones((5, 4))])
def test_undefined_has_a_reason(x: np.ndarray) -> None:
    alpha = alpha_of_long_test(x)
    assert alpha.value is None
    assert alpha.reason
    found = item_statistics(x)
    assert np.isnan(found.item_rest).all()
    assert found.reason or found.constant.all()


def test_agreement_of_repeats_is_pingouins_icc() -> None:
    table = RNG.normal(size=(20, 1)) + 0.7 * RNG.normal(size=(20, 3))
    long = pd.DataFrame(
        [(i, j, table[i, j]) for i in range(20) for j in range(3)], columns=["i", "j", "y"]
    )
    icc = pingouin.intraclass_corr(long, targets="i", raters="j", ratings="y").set_index("Type")
    single, mean = repeat_reliability(table)
    assert single.value == pytest.approx(icc.loc["ICC(A,1)", "ICC"], abs=1e-9)
    assert mean.value == pytest.approx(icc.loc["ICC(A,k)", "ICC"], abs=1e-9)


@pytest.mark.parametrize("x", [np.ones((5, 1)), np.ones((1, 5)), np.ones((5, 3))])
def test_no_repeats_no_agreement(x: np.ndarray) -> None:
    assert [e.value for e in repeat_reliability(x)] == [None, None]
    assert all(e.reason for e in repeat_reliability(x))


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 10)])
def test_a_constant_decimal_has_neither_agreement_nor_alpha(shape: tuple[int, int]) -> None:
    x = np.full(shape, 0.1)
    assert [e.value for e in repeat_reliability(x)] == [None, None]
    assert alpha_of_long_test(x).value is None
    assert item_statistics(x).difficulty.tolist() == [0.1] * shape[1]


def test_the_order_of_respondents_and_items_changes_nothing() -> None:
    rows, columns = RNG.permutation(12), RNG.permutation(30)
    moved = X[rows][:, columns]
    assert alpha_of_long_test(moved).value == pytest.approx(alpha_of_long_test(X).value)
    found = item_statistics(moved).item_rest
    np.testing.assert_allclose(found, item_statistics(X).item_rest[columns], atol=1e-12)


def test_two_items_have_the_alpha_of_their_covariance() -> None:
    x = np.random.default_rng(2).normal(size=(50, 1)) + np.random.default_rng(3).normal(
        size=(50, 2)
    )
    cov = np.cov(x.T)
    assert alpha_of_long_test(x).value == pytest.approx(4 * cov[0, 1] / cov.sum())


def test_few_respondents_and_one_item_are_told_apart() -> None:
    assert item_statistics(np.ones((1, 3))).reason == "fewer than 3 respondents"
    assert item_statistics(np.arange(9.0)[:, None]).reason == "one item has no rest"
