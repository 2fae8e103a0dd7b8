from __future__ import annotations

from typing import Any

import numpy as np
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from measurand.errors import InputError
from measurand.stats.correlation import (
    Correlation,
    disattenuated,
    mid_ranks,
    pearson,
    spearman,
)
from measurand.stats.resample import cluster_counts


def _levels(n: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 10, n).astype(float)
    return x, np.round(x / 3 + rng.normal(0, 1, n), 1), np.arange(n) // 5


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [(pearson, stats.pearsonr, "pearson"), (spearman, stats.spearmanr, "spearman")],
)
def test_value_and_p_match_scipy_and_pingouin(ours: Any, theirs: Any, name: str) -> None:
    x, y, _ = _levels()
    for side in (y, -y, np.random.default_rng(5).normal(size=90)):
        found, expected = ours(x, side, resamples=0), theirs(x, side)
        assert found.estimate.value == pytest.approx(expected.statistic, abs=1e-12)
        assert found.p == pytest.approx(expected.pvalue, rel=1e-8)
    other = pingouin.corr(x, y, method=name)
    assert ours(x, y, resamples=0).estimate.value == pytest.approx(other["r"].iloc[0])


def test_value_and_p_match_r() -> None:
    x = np.array([1, 2, 2, 3, 5, 8, 8, 9])
    y = np.array([2, 1, 4, 3, 9, 7, 8, 8])
    assert spearman(x, y, resamples=0).estimate.value == pytest.approx(0.757589671196)
    found = pearson(x, y, resamples=0)
    assert found.estimate.value == pytest.approx(0.842075358321)
    assert found.p == pytest.approx(0.00871723934547)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(pearson, stats.pearsonr), (spearman, stats.spearmanr)]
)
@pytest.mark.parametrize("clustered", [False, True])
def test_interval_is_that_of_scipy_without_each_cluster(
    ours: Any, theirs: Any, clustered: bool
) -> None:
    x, y, ids = _levels()
    ids = ids if clustered else np.arange(90)
    found = ours(x, y, clusters=ids if clustered else None, resamples=200).estimate
    groups = len(set(ids))
    z = np.arctanh([theirs(x[ids != c], y[ids != c]).statistic for c in range(groups)])
    error = np.sqrt((groups - 1) ** 2 / groups * z.var(ddof=1))
    r = theirs(x, y).statistic
    half = stats.t(groups - 1).ppf(0.975) * error
    assert found.se == pytest.approx(error * (1 - r**2), rel=1e-9)
    assert (found.ci_lo, found.ci_hi) == pytest.approx(
        (np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half))
    )
    assert (found.resamples, found.seed) == (None, None)


@pytest.mark.parametrize(("ours", "name"), [(pearson, "pearson"), (spearman, "spearman")])
def test_of_more_units_than_resamples_the_error_is_that_of_the_bootstrap(
    ours: Any, name: str
) -> None:
    x, y, ids = _levels()
    left_out = ours(x, y, clusters=ids, resamples=200).estimate
    drawn = ours(np.tile(x, 3), np.tile(y, 3), resamples=200, seed_words=("c",)).estimate
    assert (drawn.n, drawn.resamples) == (270, 200)
    assert drawn.seed is not None
    again = [
        getattr(stats, f"{name}r")(np.repeat(np.tile(x, 3), w), np.repeat(np.tile(y, 3), w))
        for w in cluster_counts(np.arange(270), 200, drawn.seed).astype(int)
    ]
    z = np.arctanh([one.statistic for one in again])
    r = drawn.value
    half = stats.t(269).ppf(0.975) * z.std(ddof=1) * np.sqrt(270 / 269)
    assert (drawn.ci_lo, drawn.ci_hi) == pytest.approx(
        (np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half))
    )
    assert left_out.value == pytest.approx(drawn.value)


def test_mid_ranks_of_repeated_values_match_scipy() -> None:
    rng = np.random.default_rng(1)
    x, weights = rng.integers(0, 6, 20).astype(float), rng.integers(0, 4, (7, 20)).astype(float)
    for ranks, w in zip(mid_ranks(x, weights), weights.astype(int), strict=True):
        expected = stats.rankdata(np.repeat(x, w))
        assert np.repeat(ranks, w) == pytest.approx(expected)


def test_missing_values_are_left_out_and_counted() -> None:
    x, y, ids = _levels()
    x[3], y[3], y[10] = np.nan, np.nan, np.nan
    keep = ~(np.isnan(x) | np.isnan(y))
    found = spearman(x, y, clusters=ids, resamples=50)
    assert found.n_missing == 2
    assert found.estimate == spearman(x[keep], y[keep], clusters=ids[keep], resamples=50).estimate
    assert found.estimate.n == 88


@pytest.mark.parametrize("ours", [pearson, spearman])
@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.full(5, 0.1), "one of the two does not vary"),
        (np.array([1.0, 2.0]), "2 rows with both values, at least 3 needed"),
        (np.array([np.nan] * 4 + [1.0]), "1 rows with both values, at least 3 needed"),
        (np.empty(0), "0 rows with both values, at least 3 needed"),
    ],
)
def test_undefined_correlations_say_why(ours: Any, x: np.ndarray, reason: str) -> None:
    found = ours(x, np.arange(len(x)), resamples=50)
    name = "Pearson" if ours is pearson else "Spearman"
    assert (found.estimate.method, found.estimate.n_clusters) == (f"{name} correlation", None)
    alike = ours(x, np.arange(len(x)), clusters=np.arange(len(x)), resamples=50).estimate
    assert alike.n_clusters == alike.n == np.isfinite(x).sum()
    assert found == Correlation(found.estimate, None, found.n_missing)
    assert (found.estimate.value, found.estimate.reason) == (None, reason)


def test_perfect_correlation() -> None:
    x = np.arange(20) * 0.1
    for ours in (pearson, spearman):
        found = ours(x, 1 - 3 * x, resamples=50)
        assert found.estimate.value == pytest.approx(-1)
        assert (found.estimate.least, found.estimate.most) == (-1, 1)
        assert found.p == pytest.approx(0, abs=1e-12)


def test_a_value_that_one_row_alone_makes_vary_leaves_no_interval() -> None:
    x = np.full(20, 0.1)
    x[0] = 0.7
    found = pearson(x, np.random.default_rng(0).normal(size=20), resamples=100)
    assert found.estimate.value is not None
    assert "1 of 20 rows left out" in (found.estimate.reason or "")


@pytest.mark.parametrize(
    "bad",
    [
        {"x": np.ones(3), "y": np.ones(4)},
        {"x": np.array([1, np.inf, 2]), "y": np.ones(3)},
        {"x": np.ones((3, 1)), "y": np.ones(3)},
        {"x": np.ones(3), "y": np.ones(3), "clusters": np.ones(2)},
    ],
)
def test_bad_input(bad: dict[str, Any]) -> None:
    for ours in (pearson, spearman):
        with pytest.raises(InputError):
            ours(**bad)


@pytest.mark.parametrize("ours", [pearson, spearman])
def test_the_side_that_cannot_be_used_is_named(ours: Any) -> None:
    with pytest.raises(InputError, match="x holds infinite"):
        ours(np.array([1, np.inf, 2]), np.ones(3))
    with pytest.raises(InputError, match="y holds infinite"):
        ours(np.ones(3), np.array([1, np.inf, 2]))


def test_disattenuated() -> None:
    assert disattenuated(0.6, 0.9, 0.4).value == pytest.approx(1.0)
    assert disattenuated(0.9, 0.5, 0.5).value == pytest.approx(1.8)
    assert disattenuated(0.5, 0.0, 0.9).reason == "a reliability is not above 0"
    assert disattenuated(None, 0.9, 0.9).value is None


@settings(max_examples=200, deadline=None)
@given(
    xy=hnp.arrays(
        np.float64,
        st.tuples(st.just(2), st.integers(0, 15)),
        elements=st.one_of(st.floats(-3, 3), st.floats(-1e60, 1e60)),
    ),
    ours=st.sampled_from([pearson, spearman]),
)
def test_any_finite_data_give_a_number_within_bounds_or_a_reason(xy: np.ndarray, ours: Any) -> None:
    found = ours(*xy, resamples=40)
    value = found.estimate.value
    assert (value is None) == (found.p is None)
    assert (value is None and found.estimate.reason) or -1 <= value <= 1
    if value is not None and np.ptp(xy, axis=1).min() > 1e-6 and ours is spearman:
        assert value == pytest.approx(stats.spearmanr(*xy).statistic, abs=1e-9)


@pytest.mark.parametrize("coefficient", [pearson, spearman])
def test_neither_rows_nor_sides_have_an_order(coefficient: Any) -> None:
    x, y, clusters = _levels()
    rows = np.random.default_rng(1).permutation(90)
    first = coefficient(x, y, clusters=clusters, resamples=100)
    for other in (
        coefficient(y, x, clusters=clusters, resamples=100),
        coefficient(x[rows], y[rows], clusters=clusters[rows], resamples=100),
    ):
        one, two = first.estimate, other.estimate
        assert (two.value, two.ci_lo, two.ci_hi) == pytest.approx((one.value, one.ci_lo, one.ci_hi))
        assert other.p == pytest.approx(first.p)
