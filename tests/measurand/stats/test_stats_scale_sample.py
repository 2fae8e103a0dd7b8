from __future__ import annotations

import numpy as np
import pytest

from measurand.stats.coefficients import lambda6
from measurand.stats.covariance import correlation, covariance
from measurand.stats.factor import first_guess, omega_total, one_factor
from measurand.stats.resample import cluster_counts, plan
from measurand.stats.scale_sample import (
    STRUCTURE,
    SUMS,
    ScaleSample,
    alpha_only,
    figures,
)


def test_replicates_are_the_coefficients_without_each_cluster() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 1)) + rng.normal(size=(90, 5))
    x[:, 4] *= -1
    ids = rng.integers(0, 30, 90)
    sample = ScaleSample(x, plan(90, ids, 60, ("s",)))
    found = sample.replicates(SUMS + STRUCTURE)
    for row, left_out in zip(found, np.unique(ids), strict=True):
        cov = covariance(x[ids != left_out])
        r = correlation(cov)
        loadings = one_factor(r[None], first_guess(r)).loadings[0]
        sign = np.where(loadings < 0, -1, 1)
        u = 1 - loadings**2
        expected = [
            5 / 4 * (1 - np.trace(cov) / cov.sum()),
            5 / 4 * (1 - 5 / r.sum()),
            float(lambda6(r)),
            float(omega_total(r, u)),
            float(omega_total(r * np.outer(sign, sign), u)),
        ]
        assert row == pytest.approx(expected, abs=1e-6)


def test_an_item_that_does_not_vary_without_a_row_undoes_it_there() -> None:
    x = np.random.default_rng(1).normal(size=(30, 3))
    x[:, 0] = 0.1
    x[0, 0] = 0.3
    sample = ScaleSample(x, plan(30, None, 200, ("s",)))
    undone = np.isnan(sample.replicates(("alpha_standardised",))[:, 0])
    assert undone.tolist() == [True] + [False] * 29


def test_more_rows_than_resamples_are_drawn() -> None:
    x = np.random.default_rng(4).normal(size=(100, 3))
    sample = ScaleSample(x, plan(100, None, 50, ("s",)))
    found = sample.replicates(("alpha",))[:, 0]
    for value, taken in zip(
        found, cluster_counts(np.arange(100), 50, sample.drawn.seed), strict=True
    ):
        cov = covariance(x[np.repeat(np.arange(100), taken.astype(int))])
        assert value == pytest.approx(1.5 * (1 - np.trace(cov) / cov.sum()))


def test_only_what_is_asked_for() -> None:
    x = np.random.default_rng(2).normal(size=(30, 3))
    assert list(figures(ScaleSample(x, plan(30, None, 40, ())), SUMS)) == list(SUMS)


def test_three_items_have_a_factor_and_two_have_none() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 1)) + rng.normal(size=(60, 3))
    assert ScaleSample(x, plan(60, None, 0, ())).fit is not None
    two = ScaleSample(x[:, :2], plan(60, None, 0, ()))
    assert two.fit is None
    assert figures(two, STRUCTURE)["omega_m1"].reason == (
        "fewer than 3 items: one factor is not identified"
    )


def test_lambda6_says_whether_an_item_repeats_others_or_the_sum_does_not_vary() -> None:
    x = np.random.default_rng(6).normal(size=(60, 3))
    twice = np.column_stack([x, x[:, 0]])
    found = figures(ScaleSample(twice, plan(60, None, 0, ())), STRUCTURE)
    assert found["lambda6"].value is None
    assert "an item repeats others" in str(found["lambda6"].reason)
    against = np.column_stack([x, -x])
    found = figures(ScaleSample(against, plan(60, None, 0, ())), SUMS + STRUCTURE)
    for figure in ("alpha", "lambda6"):
        assert (found[figure].value, found[figure].reason) == (
            None,
            "the sum of the items does not vary",
        )


def test_alpha_alone_is_alpha_among_others() -> None:
    rng = np.random.default_rng(7)
    x = 40 + rng.normal(size=(60, 1)) + rng.normal(size=(60, 4)) * [1, 2, 3, 4]
    for drawn in (plan(60, np.arange(60) // 4, 50, ("s",)), plan(60, None, 50, ("s",))):
        one, all_ = (
            alpha_only(ScaleSample(x, drawn)),
            figures(ScaleSample(x, drawn), ("alpha",))["alpha"],
        )
        assert one.se is not None
        for name in ("value", "se", "ci_lo", "ci_hi"):
            assert getattr(one, name) == pytest.approx(getattr(all_, name))


def test_two_rows_have_an_alpha_by_hand_and_one_has_none() -> None:
    """Variances 2 and 4.5, covariance 3: 2 (1 - 6.5 / 12.5)."""
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    found = figures(ScaleSample(x, plan(2, None, 0, ())), ("alpha",))["alpha"]
    assert found.value == pytest.approx(0.96)
    assert ScaleSample(x[:1], plan(1, None, 0, ())).problem == "1 complete rows, at least 2 needed"


def test_items_with_gaps_may_never_vary_or_never_meet() -> None:
    x = np.random.default_rng(8).normal(size=(8, 3))
    x[:, 1] = 2.0
    x[3, 1] = np.nan
    clusters = np.arange(8) // 2
    flat = ScaleSample(x, plan(8, clusters, 0, ()))
    assert flat.problem == "1 of 3 items never vary"
    found = figures(flat, SUMS)["alpha"]
    assert (found.value, found.reason, found.n_clusters) == (None, "1 of 3 items never vary", 4)
    x[:, 1] = np.arange(8)
    x[:4, 1], x[4:, 2] = np.nan, np.nan
    apart = ScaleSample(x, plan(8, None, 0, ()))
    assert apart.problem == "some pairs of items were answered together fewer than twice"
    assert figures(apart, SUMS)["alpha"].n_clusters is None


def test_a_uniqueness_at_its_bound_is_said_of_omega_alone() -> None:
    """Correlations .9, .9 and .65: the first would load .9 / sqrt(.65) > 1."""
    z = np.linalg.qr(np.column_stack([np.ones(40), np.random.default_rng(9).normal(size=(40, 3))]))
    root = np.linalg.cholesky(np.array([[1, 0.9, 0.9], [0.9, 1, 0.65], [0.9, 0.65, 1]]))
    x = z[0][:, 1:] @ root.T
    found = figures(ScaleSample(x, plan(40, None, 0, ())), SUMS + STRUCTURE)
    assert {name: "Heywood" in one.method for name, one in found.items()} == {
        "alpha": False,
        "alpha_standardised": False,
        "lambda6": False,
        "omega_m1": True,
        "omega_flip": True,
    }
