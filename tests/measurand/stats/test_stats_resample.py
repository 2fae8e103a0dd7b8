from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.resample import (
    BATCH_NUMBERS,
    CACHE_DRAWS,
    Plan,
    cluster_counts,
    counts,
    expanded,
    percentile,
    plan,
    rng_for,
    seed_for,
    unexpanded,
)


def test_counts_draw_every_unit_equally_and_always_n() -> None:
    w = counts(7, 20_000, np.random.default_rng(0))
    assert w.dtype == np.float32
    assert (w.sum(axis=1) == 7).all()
    # Multinomial(7, 1/7): variance 7 * 1/7 * 6/7, covariance -1/7.
    cov = np.cov(w.astype(float).T)
    assert np.diag(cov) == pytest.approx(np.full(7, 6 / 7), abs=0.03)
    assert cov[0, 1:] == pytest.approx(np.full(6, -1 / 7), abs=0.03)


def test_batches_are_the_same_draws_as_one_call_whatever_their_size() -> None:
    drawn = plan(11, None, 100, ("a",))
    whole = counts(11, 100, np.random.default_rng(drawn.seed))
    for size in (1, 7, 99, 250):
        assert np.array_equal(np.concatenate(list(drawn.batches(size))), whole)


def test_clusters_are_drawn_whole() -> None:
    ids = np.array(["b", "a", "b", "c", "a", "b"])
    w = cluster_counts(ids, 500, 3)
    assert w.shape == (500, 6)
    assert np.array_equal(w[:, 0], w[:, 2])
    assert np.array_equal(w[:, 0], w[:, 5])
    assert np.array_equal(w[:, 1], w[:, 4])
    assert (w[:, 0] + w[:, 1] + w[:, 3] == 3).all()


def test_sums_over_clusters_equal_sums_over_repeated_rows() -> None:
    rng = np.random.default_rng(1)
    ids, x = rng.integers(0, 5, 40), rng.normal(size=(2, 40))
    drawn = plan(40, ids, 60, ("s",))
    rows = np.concatenate(list(drawn.row_batches(13)))
    assert np.array_equal(rows, cluster_counts(ids, 60, drawn.seed))
    again = [x[:, np.repeat(np.arange(40), w.astype(int))].sum(axis=1) for w in rows]
    assert drawn.resampled_sums(x) == pytest.approx(np.array(again))


def test_seeds_belong_to_the_words() -> None:
    assert seed_for("a", "bc") != seed_for("ab", "c")
    assert 0 <= seed_for("a") < 2**63
    assert seed_for("personality", 42) == 6659198540246459984
    assert rng_for("x").random() == np.random.default_rng(seed_for("x")).random()


def test_percentile_interval_matches_scipy() -> None:
    x = np.random.default_rng(2).gamma(2.0, size=300)
    drawn = plan(300, None, 20_000, ("p",))
    replicates = drawn.resampled_sums(x[None])[:, 0] / 300
    ours = percentile(float(x.mean()), replicates, drawn, method="mean")
    theirs = stats.bootstrap(
        (x,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0)
    )
    limit = 0.05 * theirs.standard_error
    assert ours.se == pytest.approx(theirs.standard_error, rel=0.03)
    assert ours.ci_lo == pytest.approx(theirs.confidence_interval.low, abs=limit)
    assert ours.ci_hi == pytest.approx(theirs.confidence_interval.high, abs=limit)
    assert ours.seed == drawn.seed
    assert ours.ci_lo < ours.lower < ours.value < ours.upper < ours.ci_hi  # type: ignore[operator]


def _replicates(undefined: int) -> tuple[Plan, np.ndarray]:
    out = np.random.default_rng(3).normal(size=100)
    out[:undefined] = np.nan
    return plan(10, None, 100, ()), out


def test_few_undefined_replicates_are_dropped_and_counted() -> None:
    drawn, reps = _replicates(5)
    found = percentile(0.0, reps, drawn, method="m")
    assert found.method == "m; percentile bootstrap over rows, 5 undefined resamples dropped"
    assert found.se == pytest.approx(reps[5:].std(ddof=1))
    assert found.reason is None


def test_many_undefined_replicates_leave_no_interval() -> None:
    drawn, reps = _replicates(6)
    found = percentile(0.5, reps, drawn, method="m")
    assert found.value == 0.5
    assert (found.ci_lo, found.se, found.lower) == (None, None, None)
    assert found.reason == "no interval: undefined in 6 of 100 resamples"


def test_one_cluster_or_no_resamples_leave_no_interval() -> None:
    one = plan(10, np.zeros(10), 100, ())
    assert not one.drawable
    assert percentile(1.0, np.full(100, np.nan), one, method="m").reason == (
        "no interval: fewer than two clusters"
    )
    none = percentile(1.0, np.empty(0), plan(10, None, 0, ()), method="m")
    assert none.reason == "no interval: no resamples asked for"


@pytest.mark.parametrize("resamples", [-1, 1, 39])
def test_too_few_resamples(resamples: int) -> None:
    with pytest.raises(InputError, match="95% percentile"):
        plan(10, None, resamples, ())


def test_two_rows_have_percentiles_and_one_has_none() -> None:
    for n, whole in ((2, True), (1, False)):
        found = percentile(0.0, np.linspace(-1, 1, 100), plan(n, None, 100, ()), method="m")
        assert (found.ci_lo is not None) == whole


@pytest.mark.parametrize(("units", "drawn"), [(0, False), (1, False), (2, True), (3, True)])
def test_two_units_can_be_drawn_and_one_cannot(units: int, drawn: bool) -> None:
    assert plan(units, None, 40, ()).drawable is drawn
    assert plan(units, None, 0, ()).drawable is False


def test_no_units_are_drawn_at_once_and_too_many_one_resample_at_a_time() -> None:
    many = 2 * CACHE_DRAWS
    assert counts(many, 2, np.random.default_rng(0)).sum(axis=1).tolist() == [many, many]
    assert counts(0, 3, np.random.default_rng(0)).shape == (3, 0)
    assert [one.shape for one in plan(0, None, 40, ()).batches()] == [(40, 0)]
    batches = list(Plan(BATCH_NUMBERS + 1, 2, None, 3, 0).batches())
    assert [len(one) for one in batches] == [1, 1, 1]


def test_a_jackknife_leaves_each_unit_out_once() -> None:
    drawn = Plan(5, 5, None, 5, 0, jackknife=True)
    assert np.array_equal(np.concatenate(list(drawn.batches(2))), 1 - np.eye(5))


@pytest.mark.parametrize("units", [2, 8, 100])
def test_tails_are_expanded_to_those_of_student_and_back(units: int) -> None:
    """Of a normal mean with the plug-in deviation the cut share gives Student's interval."""
    found = expanded(0.025, units)
    half = -stats.norm.ppf(found) * np.sqrt((units - 1) / units)
    assert half == pytest.approx(-stats.t.ppf(0.025, units - 1))
    assert unexpanded(found, units) == pytest.approx(0.025)
