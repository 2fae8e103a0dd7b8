from __future__ import annotations

import dataclasses
import math

import numpy as np
import pingouin
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from measurand.errors import InputError
from measurand.stats.means import (
    bootstrap_means,
    cluster_mean,
    paired_difference,
    proportion,
    rate_of_effective,
    required_n,
    smallest_detectable,
    within_unit,
)


def test_without_clusters_it_is_the_t_interval() -> None:
    x = np.random.default_rng(0).normal(3, 2, 40)
    found = cluster_mean(x)
    theirs = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert (found.ci_lo, found.ci_hi) == pytest.approx(tuple(theirs))
    assert found.lower == pytest.approx(
        stats.ttest_1samp(x, 0, alternative="greater").confidence_interval(0.95).low
    )
    assert found.n_clusters is None


def test_clustered_error_matches_statsmodels() -> None:
    from statsmodels.api import OLS

    rng = np.random.default_rng(1)
    clusters = rng.integers(0, 12, 200)
    x = rng.normal(size=200) + rng.normal(size=12)[clusters]
    fit = OLS(x, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    found = cluster_mean(x, clusters)
    assert found.value == pytest.approx(fit.params[0])
    assert found.se == pytest.approx(fit.bse[0])
    assert (found.ci_lo, found.ci_hi) == pytest.approx(tuple(fit.conf_int()[0]))
    assert (found.n, found.n_clusters) == (200, 12)


@pytest.mark.parametrize(
    ("x", "clusters"),
    [
        (np.full(5, 0.1), None),
        (np.array([0.0, 1.0, 0.0, 1.0]), np.array(["a", "a", "b", "b"])),
        (np.array([0.1, 0.3, 0.3, 0.1]), np.array([0, 0, 1, 1])),
    ],
)
def test_no_variation_between_clusters_is_degenerate(
    x: np.ndarray, clusters: np.ndarray | None
) -> None:
    found = cluster_mean(x, clusters)
    assert found.se == 0
    assert found.ci_lo == found.value == found.ci_hi
    assert (found.reason or "").startswith("degenerate")


def test_one_cluster_gives_no_interval_and_no_rows_no_mean() -> None:
    one = cluster_mean(np.array([1.0, 2.0]), np.array(["a", "a"]))
    assert (one.value, one.se, one.lower) == (1.5, None, None)
    assert one.reason == "no interval: fewer than two clusters"
    none = cluster_mean(np.empty(0))
    assert (none.value, none.reason) == (None, "no rows")


def test_paired_difference_is_the_mean_of_differences() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=50), rng.normal(size=50)
    found = paired_difference(a, b)
    theirs = stats.ttest_rel(a, b).confidence_interval()
    assert (found.ci_lo, found.ci_hi) == pytest.approx((theirs.low, theirs.high))
    with pytest.raises(InputError):
        paired_difference(a, b[:-1])


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 30), (7, 50), (98, 100), (10, 10)])
@pytest.mark.parametrize(("ours", "theirs"), [("wilson", "wilson"), ("clopper_pearson", "exact")])
def test_proportions_match_scipy(k: int, n: int, ours: str, theirs: str) -> None:
    found = proportion(k, n, ours)  # type: ignore[arg-type]
    two = stats.binomtest(k, n).proportion_ci(method=theirs)
    low = stats.binomtest(k, n, alternative="greater").proportion_ci(method=theirs).low
    high = stats.binomtest(k, n, alternative="less").proportion_ci(method=theirs).high
    assert (found.ci_lo, found.ci_hi) == pytest.approx((two.low, two.high), abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx((low, high), abs=1e-12)
    assert (found.se is None) == (k in (0, n))


def test_proportion_matches_r() -> None:
    wilson, exact = proportion(7, 50), proportion(7, 50, "clopper_pearson")
    assert (wilson.ci_lo, wilson.ci_hi) == pytest.approx((0.0695083342702, 0.261861937106))
    assert (exact.ci_lo, exact.ci_hi) == pytest.approx((0.0581917003404, 0.267396002497))


def test_proportion_of_nothing_and_of_nonsense() -> None:
    assert proportion(0, 0).reason == "no trials"
    for bad in ((-1, 3), (4, 3)):
        with pytest.raises(InputError):
            proportion(*bad)
    with pytest.raises(InputError, match="unknown interval"):
        proportion(1, 3, "wald")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "power", "alpha", "sides", "r"),
    [(20, 0.8, 0.05, 2, 0.660442409819), (11, 0.9, 0.01, 1, 1.26665036893)],
)
def test_smallest_detectable_matches_r_power_t_test(
    n: int, power: float, alpha: float, sides: int, r: float
) -> None:
    found = smallest_detectable(
        1 / math.sqrt(n),
        df=n - 1,
        power=power,
        alpha=alpha,
        sides=sides,  # type: ignore[arg-type]
    )
    assert found == pytest.approx(r, abs=1e-7)
    side = "two-sided" if sides == 2 else "greater"
    theirs = pingouin.power_ttest(
        n=n, power=power, alpha=alpha, contrast="one-sample", alternative=side
    )
    assert found == pytest.approx(theirs, abs=1e-3)


def test_smallest_detectable_normal_and_degenerate() -> None:
    assert smallest_detectable(1.0) == pytest.approx(1.959964 + 0.841621, abs=1e-5)
    assert smallest_detectable(1.0, df=1e6) == pytest.approx(2.801585, abs=1e-4)
    assert smallest_detectable(0.0, df=9) == 0
    for bad in ({"se": -1.0}, {"se": math.nan}, {"se": 1.0, "df": 0}, {"se": 1.0, "power": 1.0}):
        with pytest.raises(InputError):
            smallest_detectable(**bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(("margin", "n"), [(0.02, 1546), (0.03, 687), (0.05, 248)])
def test_required_n_of_a_paired_gate_at_ten_percent_discordance(margin: float, n: int) -> None:
    assert required_n(math.sqrt(0.1), margin, sides=1) == n


def test_required_n_refuses_a_zero_difference() -> None:
    with pytest.raises(InputError):
        required_n(1.0, 0.0)
    assert required_n(0.0, 0.1) == 1


def test_bootstrap_means_agree_with_scipy_and_with_the_clustered_t() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(1e6, 1, (400, 3))
    found = bootstrap_means(x, resamples=20_000, seed_words=("m",))
    theirs = stats.bootstrap((x,), np.mean, n_resamples=5_000, method="percentile", rng=rng)
    for j, e in enumerate(found):
        assert e.value == pytest.approx(x[:, j].mean(), rel=1e-15)
        assert e.se == pytest.approx(theirs.standard_error[j], rel=0.04)
        assert e.ci_lo == pytest.approx(theirs.confidence_interval.low[j], abs=0.006)
    clusters = np.arange(400) // 8
    y = rng.normal(size=(400, 1)) + rng.normal(size=(50, 1))[clusters]
    boot = bootstrap_means(y, clusters=clusters, resamples=20_000)[0]
    robust = cluster_mean(y[:, 0], clusters)
    assert boot.se == pytest.approx(robust.se, rel=0.05)
    assert boot.n_clusters == 50


def test_bootstrap_means_of_nothing() -> None:
    assert [e.reason for e in bootstrap_means(np.empty((0, 2)))] == ["no rows", "no rows"]


@pytest.mark.parametrize(("k", "n"), [(0, 8), (3, 20), (19, 20), (60, 60)])
def test_a_rate_of_whole_trials_has_wilsons_interval(k: int, n: int) -> None:
    for level in (0.8, 0.95):
        known = proportion(k, n, confidence=level)
        found = rate_of_effective(dataclasses.replace(known, ci_lo=None, ci_hi=None), n)
        ends = ("ci_lo", "ci_hi", "lower", "upper", "value", "method", "se")
        assert all(getattr(found, k) == getattr(known, k) for k in ends)
    twice = rate_of_effective(known, 2.5 * n)
    assert twice.ci_hi - twice.ci_lo < known.ci_hi - known.ci_lo


def test_a_rate_beyond_its_range_is_moved_to_the_end() -> None:
    above = rate_of_effective(dataclasses.replace(proportion(8, 8), value=1.25), 8)
    assert (above.value, above.ci_lo, above.ci_hi) == (1, proportion(8, 8).ci_lo, 1)
    below = rate_of_effective(dataclasses.replace(proportion(0, 8), value=-0.25), 8)
    assert (below.value, below.ci_lo, below.ci_hi) == (0, 0, proportion(0, 8).ci_hi)
    assert {(one.least, one.most) for one in (above, below)} == {(0, 1)}


def test_within_unit_equals_a_logistic_regression_with_clustered_errors() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(11)
    units = np.repeat(np.arange(12), 9)
    x = (rng.random(len(units)) < 0.75 + 0.2 * rng.standard_normal(12)[units]).astype(float)
    fit = sm.GLM(x, np.ones_like(x), family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": units}
    )
    found = within_unit(cluster_mean(x, units))
    half = stats.t.ppf(0.975, 11) * fit.bse[0]
    low, high = (1 / (1 + np.exp(-(fit.params[0] + d))) for d in (-half, half))
    assert (found.ci_lo, found.ci_hi) == (pytest.approx(low), pytest.approx(high))
    one_sided = stats.t.ppf(0.95, 11) * fit.bse[0]
    lower, upper = (1 / (1 + np.exp(-(fit.params[0] + d))) for d in (-one_sided, one_sided))
    assert (found.lower, found.upper) == (pytest.approx(lower), pytest.approx(upper))
    assert found.value == pytest.approx(x.mean())
    assert (found.least, found.most) == (0, 1)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=40))
def test_within_unit_stays_there_and_keeps_what_has_no_error(values: list[float]) -> None:
    before = cluster_mean(np.array(values))
    after = within_unit(before)
    if len(set(values)) == 1:
        assert after == before
    else:
        assert after.ci_lo is not None
        assert after.ci_hi is not None
        assert after.lower is not None
        assert 0 < after.ci_lo < after.lower < np.mean(values) < after.ci_hi < 1


def test_a_resampled_rate_stays_within_what_a_mean_can_be() -> None:
    """Single precision alone gives -3e-9 here."""
    x = np.zeros((11, 1))
    x[:2] = 0.375
    for seed in range(20):
        (found,) = bootstrap_means(x, resamples=200, seed_words=("rate", seed))
        assert found.ci_lo is not None
        assert found.ci_lo >= 0


@pytest.mark.parametrize("sd", [1.0, 1e300])
def test_a_difference_too_small_for_any_sample_is_refused(sd: float) -> None:
    with pytest.raises(InputError, match="more units than there are"):
        required_n(sd, 1e-200)


def test_rows_have_no_order_and_sides_mirror() -> None:
    rng = np.random.default_rng(4)
    a, b, clusters = rng.random(60), rng.random(60), np.arange(60) // 5
    rows = rng.permutation(60)
    first = paired_difference(a, b, clusters)
    assert first.value is not None
    moved = paired_difference(a[rows], b[rows], clusters[rows])
    turned = paired_difference(b, a, clusters)
    assert (moved.value, moved.ci_lo, moved.lower) == pytest.approx(
        (first.value, first.ci_lo, first.lower)
    )
    assert (turned.value, turned.ci_lo, turned.ci_hi) == pytest.approx(
        (-first.value, -(first.ci_hi or 0), -(first.ci_lo or 0))
    )


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_power_or_level_of_0_or_1_is_refused(level: float) -> None:
    for asked in ({"power": level}, {"alpha": level}):
        with pytest.raises(InputError, match="power"):
            smallest_detectable(1.0, **asked)
        with pytest.raises(InputError, match="power"):
            required_n(1.0, 0.5, **asked)
