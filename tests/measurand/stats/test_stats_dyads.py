from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from measurand.errors import InputError
from measurand.stats.dyads import (
    PairPlan,
    drawn_by,
    dyadic_mean,
    mean_by,
    percentile_by,
    share_by,
    undefined_by,
)
from measurand.stats.means import cluster_mean
from measurand.stats.resample import BATCH_NUMBERS


def tournament(n_items: int, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    items = np.array([rng.choice(n_items, 2, replace=False) for _ in range(rows)])
    level = rng.normal(size=n_items)
    return level[items[:, 0]] + level[items[:, 1]] + rng.normal(size=rows), items


@given(st.integers(4, 9), st.integers(5, 40), st.integers(0, 1000))
def test_the_variance_is_the_double_sum_of_the_paper(n_items: int, rows: int, seed: int) -> None:
    x, items = tournament(n_items, rows, seed)
    apart = x - x.mean()
    members = [set(pair) for pair in items.tolist()]
    double = sum(
        apart[d] * apart[e] for d in range(rows) for e in range(rows) if members[d] & members[e]
    )
    own = sum(
        apart[d] * apart[e] for d in range(rows) for e in range(rows) if members[d] == members[e]
    )
    g = min(len(np.unique(items)), len({frozenset(m) for m in members}))
    expected = math.sqrt(g / (g - 1) * max(double, own) / rows**2)
    found = dyadic_mean(x, items)
    assert found.value == pytest.approx(x.mean())
    assert found.se == pytest.approx(expected)
    assert found.n_clusters == g


def test_items_in_one_pair_each_are_independent_rows() -> None:
    x = np.random.default_rng(0).normal(size=30)
    found = dyadic_mean(x, np.arange(60).reshape(30, 2))
    plain = cluster_mean(x)
    for part in ("value", "se", "ci_lo", "ci_hi", "lower", "upper"):
        assert getattr(found, part) == pytest.approx(getattr(plain, part), rel=1e-12)


def test_neither_order_of_rows_nor_of_items_in_a_pair_matters() -> None:
    x, items = tournament(8, 30, 1)
    names = np.array(list("hgfedcba"))[items]
    shuffled = np.random.default_rng(2).permutation(30)
    turned = names[shuffled].copy()
    turned[::2] = turned[::2, ::-1]
    first, second = dyadic_mean(x, items), dyadic_mean(x[shuffled], turned)
    assert second.value == pytest.approx(first.value, rel=1e-12)
    assert second.se == pytest.approx(first.se, rel=1e-12)
    assert second.ci_lo == pytest.approx(first.ci_lo, rel=1e-12)


def test_coverage_where_items_matter_and_rows_alone_would_be_too_narrow() -> None:
    hits, narrow, trials = 0, 0, 300
    pairs = np.array(list(combinations(range(25), 2)))
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        level = rng.normal(size=25)
        x = level[pairs].sum(axis=1) + rng.normal(size=len(pairs))
        for found, dyadic in ((dyadic_mean(x, pairs), True), (cluster_mean(x), False)):
            assert found.ci_lo is not None
            assert found.ci_hi is not None
            inside = found.ci_lo <= 0 <= found.ci_hi
            hits, narrow = hits + (inside and dyadic), narrow + (inside and not dyadic)
    assert 0.9 < hits / trials < 0.99
    assert narrow / trials < 0.6


def test_a_pair_counts_as_often_as_its_items_together() -> None:
    x, items = tournament(10, 40, 3)
    drawn = drawn_by(40, items, 200, ("d",))
    assert isinstance(drawn, PairPlan)
    weights = np.concatenate(list(drawn.row_batches()))
    taken = np.concatenate(list(drawn.items.batches()))
    for b in (0, 77, 199):
        assert weights[b].tolist() == [taken[b, i] * taken[b, j] for i, j in items]
    sums = drawn.resampled_sums(np.vstack([x, np.ones(40)]))
    assert sums == pytest.approx(weights @ np.vstack([x, np.ones(40)]).T)


def test_the_bootstrap_error_is_that_of_the_sandwich_where_items_rule() -> None:
    rng = np.random.default_rng(4)
    pairs = np.array(list(combinations(range(60), 2)))
    x = rng.normal(size=60)[pairs].sum(axis=1)
    drawn = drawn_by(len(x), pairs, 1000, ("d", 1))
    over, under = drawn.resampled_sums(np.vstack([x, np.ones(len(x))])).T
    found = percentile_by(float(x.mean()), over / under, drawn, method="mean")
    assert found.se == pytest.approx(dyadic_mean(x, pairs).se, rel=0.1)
    assert found.method == "mean; percentile bootstrap over the items of pairs"
    assert (found.n, found.n_clusters) == (len(x), 60)


def test_mean_by_takes_rows_clusters_or_pairs() -> None:
    x, items = tournament(8, 30, 5)
    assert mean_by(x) == cluster_mean(x)
    assert mean_by(x, items[:, 0]) == cluster_mean(x, items[:, 0])
    assert mean_by(x, items) == dyadic_mean(x, items)


def test_what_is_undefined() -> None:
    none = dyadic_mean(np.array([]), np.empty((0, 2)))
    assert (none.value, none.reason) == (None, "no rows")
    one = dyadic_mean(np.array([1.0, 2.0]), np.array([[0, 1], [1, 0]]))
    assert (one.value, one.se) == (1.5, None)
    assert one.reason == "no interval: fewer than two distinct pairs"
    flat = dyadic_mean(np.full(3, 0.1), np.array([[0, 1], [1, 2], [0, 2]]))
    assert (flat.value, flat.se) == (0.1, 0.0)
    assert (flat.reason or "").startswith("degenerate")
    left = undefined_by("why", drawn_by(3, np.array([[0, 1], [1, 2], [0, 2]]), 0, ()), method="m")
    assert (left.value, left.n, left.n_clusters, left.reason) == (None, 3, 3, "why")
    rows = undefined_by("why", drawn_by(3, None, 0, ()), method="m")
    assert (rows.n, rows.n_clusters) == (3, None)


def test_what_is_refused() -> None:
    x = np.ones(2)
    with pytest.raises(InputError, match="itself"):
        dyadic_mean(x, np.array([[0, 1], [2, 2]]))
    with pytest.raises(InputError, match=r"\(n, 2\)"):
        dyadic_mean(x, np.array([0, 1]))
    with pytest.raises(InputError, match=r"\(n, 2\)"):
        drawn_by(3, np.array([[0, 1], [2, 3]]), 0, ())


def test_what_is_particular_to_a_pair_counts_three_times_in_the_bootstrap() -> None:
    """Owen (2007): counts have mean square 2 each, so the product of two has variance 3."""
    x = np.random.default_rng(6).normal(size=400)
    items = np.arange(800).reshape(400, 2)
    drawn = drawn_by(400, items, 2000, ("three",))
    over, under = drawn.resampled_sums(np.vstack([x, np.ones(400)])).T
    found = percentile_by(float(x.mean()), over / under, drawn, method="mean")
    plain = dyadic_mean(x, items).se
    assert found.se is not None
    assert plain is not None
    assert found.se / plain == pytest.approx(3**0.5, rel=0.06)


def test_many_pairs_of_few_items_come_in_small_batches() -> None:
    """Else 250 resamples of a million pairs of a thousand items would take a gigabyte."""
    pairs = np.random.default_rng(7).permuted(np.tile([[0, 1, 2, 3]], (200_000, 1)), axis=1)[:, :2]
    drawn = drawn_by(len(pairs), pairs, 60, ("many",))
    assert isinstance(drawn, PairPlan)
    batches = list(drawn.row_batches())
    assert max(b.size for b in batches) <= BATCH_NUMBERS
    taken = np.concatenate(list(drawn.items.batches()))
    first = np.concatenate([b[:, 0] for b in batches])
    np.testing.assert_array_equal(first, taken[:, pairs[0, 0]] * taken[:, pairs[0, 1]])


@pytest.mark.parametrize("by", [None, np.arange(40) // 4])
def test_a_share_is_a_mean_on_the_logit_scale(by: np.ndarray | None) -> None:
    """As a logistic regression on an intercept with statsmodels' cluster-robust error."""
    import statsmodels.api as sm

    x = (np.random.default_rng(8).random(40) < 0.9).astype(float)
    groups = np.arange(40) if by is None else by
    fit = sm.GLM(x, np.ones(40), sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": groups}
    )
    found = share_by(x, by)
    half = fit.bse[0] * stats.t.ppf(0.975, len(np.unique(groups)) - 1)
    ends = expit(fit.params[0] - half), expit(fit.params[0] + half)
    assert (found.ci_lo, found.ci_hi) == pytest.approx(ends, rel=1e-6)


def test_a_share_without_exception_is_no_point() -> None:
    clusters = np.arange(12) // 4
    pairs = np.array(list(combinations(range(4), 2)))
    for x, by, units in (
        (np.ones(12), None, 12),
        (np.zeros(12), clusters, 3),
        (np.ones(6), pairs, 4),
    ):
        found = share_by(x, by)
        ends = stats.binomtest(int(x[0]) * units, units).proportion_ci(method="exact")
        assert (found.ci_lo, found.ci_hi) == pytest.approx((ends.low, ends.high))
        assert (found.value, found.n) == (x[0], len(x))
    assert share_by(np.empty(0)).value is None
    with pytest.raises(InputError, match="0 and 1"):
        share_by(np.array([0.5]))
