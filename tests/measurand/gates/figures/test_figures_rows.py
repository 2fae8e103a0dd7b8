from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np
import pytest
import scipy.stats
from gate_evidence import statistic

from measurand.gates.figures.bounds import Bounds, EvidenceError, Items, from_items
from measurand.gates.figures.rows import from_statistic, statistic_p
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean
from measurand.stats.trainings import mean_over_trainings, widened

Better = Literal["higher", "lower"]


def items(values: object, clusters: object) -> Items:
    return Items(np.asarray(values, dtype=float), np.asarray(clusters).astype(str))


def bounds(sample: Items, **more: object) -> Bounds:
    base = {"alpha": 0.05, "confidence": 0.95, "interval": "auto", "null": 0.5, "better": "higher"}
    return from_items(sample, **{**base, **more})  # type: ignore[arg-type]


def row_of(found: Estimate) -> dict[str, Any]:
    return {**dataclasses.asdict(found), "estimate": found.value}


@pytest.mark.parametrize("alpha", [0.05, 0.025, 0.0125, 0.2])
def test_moving_a_t_interval_to_another_level_is_exact(alpha: float) -> None:
    x = np.random.default_rng(2).normal(size=400)
    clusters = np.arange(400) // 10
    row = dataclasses.asdict(cluster_mean(x, clusters))
    moved = from_statistic({**row, "estimate": row["value"]}, alpha=alpha)
    direct = bounds(items(x, clusters), alpha=alpha)
    assert moved.lower == pytest.approx(direct.lower, rel=1e-12)
    assert moved.upper == pytest.approx(direct.upper, rel=1e-12)
    assert moved.sd == pytest.approx(direct.sd, rel=1e-12)
    assert moved.flags == (() if alpha == 0.05 else ("rescaled",))


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("null", [-0.3, -0.05, 0.0, 0.05, 0.3])
def test_p_of_a_statistic_is_that_of_its_t_interval(better: Better, null: float) -> None:
    x = np.random.default_rng(2).normal(size=400)
    clusters = np.arange(400) // 10
    row = dataclasses.asdict(cluster_mean(x, clusters))
    read = statistic_p({**row, "estimate": row["value"]}, null, better)
    direct = bounds(items(x, clusters), interval="t", null=null, better=better)
    assert read == pytest.approx(direct.p, rel=1e-9)


def test_p_of_a_statistic_follows_its_own_side() -> None:
    """A skewed interval: the distance to the null is measured with the width on that side."""
    row = statistic(estimate=0.5, lower=0.4, upper=0.8, n_clusters=None, n=100)
    for alpha in (0.05, 0.01):
        moved = from_statistic(row, alpha=alpha)
        assert statistic_p(row, moved.lower, "higher") == pytest.approx(alpha)
        assert statistic_p(row, moved.upper, "lower") == pytest.approx(alpha)
        assert statistic_p(row, moved.upper, "higher") == pytest.approx(1 - alpha)
    exact = statistic(estimate=0.5, lower=None, upper=None, method="exact count")
    assert statistic_p(exact, 0.4, "higher") == 0.0
    assert statistic_p(exact, 0.5, "higher") == 1.0
    assert statistic_p(statistic(lower=None), 0.1, "higher") is None
    assert statistic_p(statistic(estimate=None), 0.1, "higher") is None


def test_a_count_is_exact_at_any_level() -> None:
    row = statistic("n_flipped", estimate=3.0, lower=None, upper=None, method="exact count")
    got = from_statistic(row, alpha=0.01)
    assert (got.lower, got.upper, got.flags) == (3.0, 3.0, ("exact",))


def test_an_interval_that_calls_itself_exact_is_an_interval() -> None:
    row = statistic(method="exact binomial interval")
    got = from_statistic(row, alpha=0.05)
    assert (got.lower, got.upper, got.flags) == (row["lower"], row["upper"], ())
    assert got.lower < got.upper


def test_the_error_follows_from_the_bounds_where_it_is_not_given() -> None:
    row = statistic(se=None, n_clusters=None, estimate=0.8, lower=0.7, upper=0.9)
    assert from_statistic(row, alpha=0.05).se == pytest.approx(0.1 / 1.6448536, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"estimate": float("nan")}, "nan_value"),
        ({"lower": float("-inf")}, "nan_value"),
        ({"lower": 0.9, "upper": 0.8}, "bad_statistic"),
    ],
)
def test_impossible_statistics_are_errors(change: dict[str, float], code: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        from_statistic(statistic(**change), alpha=0.05)
    assert caught.value.code == code


@pytest.mark.parametrize("trainings", [2, 3, 5])
@pytest.mark.parametrize("alpha", [0.025, 0.01, 0.2])
def test_an_interval_over_trainings_moves_by_its_own_degrees_of_freedom(
    trainings: int, alpha: float
) -> None:
    rng = np.random.default_rng(3)
    x = (
        rng.normal(size=(trainings, 1))
        + rng.normal(size=(1, 40))
        + rng.normal(size=(trainings, 40))
    )
    moved = from_statistic(row_of(mean_over_trainings(x)), alpha=alpha)
    direct = mean_over_trainings(x, confidence=1 - 2 * alpha)
    assert (moved.lower, moved.upper) == pytest.approx((direct.ci_lo, direct.ci_hi), rel=1e-9)
    items_, sd = np.arange(40), float(x.mean(axis=1).std(ddof=1))
    one = cluster_mean(x[0], items_)
    moved = from_statistic(row_of(widened(one, sd, trainings)), alpha=alpha)
    direct = widened(cluster_mean(x[0], items_, confidence=1 - 2 * alpha), sd, trainings)
    assert (moved.lower, moved.upper) == pytest.approx((direct.ci_lo, direct.ci_hi), rel=1e-9)


def test_p_of_an_interval_over_trainings_is_the_level_at_which_it_passes() -> None:
    one = Estimate(0.5, se=0.1, ci_lo=0.3, ci_hi=0.8, lower=0.35, upper=0.7, n=400, n_clusters=40)
    row = row_of(widened(one, 0.1, 3))
    for alpha in (0.2, 0.05, 0.01):
        moved = from_statistic(row, alpha=alpha)
        assert statistic_p(row, moved.lower, "higher") == pytest.approx(alpha)
        assert statistic_p(row, moved.upper, "lower") == pytest.approx(alpha)
        assert statistic_p(row, moved.upper, "higher") == pytest.approx(1 - alpha)
    assert statistic_p(row, 0.5, "higher") == pytest.approx(0.5)
    assert statistic_p(row, -1e9, "higher") == pytest.approx(0, abs=1e-10)


def test_more_rows_shrink_the_part_of_the_items_alone() -> None:
    one = Estimate(0.5, se=0.03, ci_lo=0.44, ci_hi=0.56, lower=0.45, upper=0.55, n=100,
                   n_clusters=40)  # fmt: skip
    found = from_statistic(row_of(widened(one, 0.04, 5)), alpha=0.05)
    assert found.se == pytest.approx(0.05)
    assert found.fixed == 0.04
    assert found.sd == pytest.approx(0.3)
    assert found.df is not None
    assert 4 < found.df < 39
    bare = dataclasses.replace(one, se=None)
    again = from_statistic(row_of(widened(bare, 0.04, 5)), alpha=0.05)
    assert again.se == pytest.approx(np.hypot(0.05 / 1.6848751, 0.04), rel=1e-6)


def test_moved_bounds_stay_within_what_is_possible() -> None:
    row = statistic(estimate=0.95, lower=0.8, upper=1.0, n_clusters=20, least=0.0, most=1.0)
    strict = from_statistic(row, alpha=0.001)
    assert strict.upper == 1.0
    assert strict.lower < 0.8
    assert from_statistic({**row, "most": None}, alpha=0.001).upper > 1.0


def test_a_ratio_over_trainings_moves_on_its_log_scale() -> None:
    made = Estimate(2.0, se=0.2, ci_lo=1.6, ci_hi=2.6, lower=1.7, upper=2.4, n=400, n_clusters=40,
                    least=0.0)  # fmt: skip
    row = row_of(widened(made, 0.3, 3, log=True))
    for alpha in (0.01, 0.2):
        moved = from_statistic(row, alpha=alpha)
        assert 0 < moved.lower < 2 < moved.upper
        assert statistic_p(row, moved.lower, "higher") == pytest.approx(alpha)
    assert statistic_p(row, 0.0, "higher") == pytest.approx(0, abs=1e-10)
    wide = row_of(widened(made, 3.0, 2, log=True))
    assert statistic_p(wide, 1e300, "higher") == pytest.approx(1.0, abs=5e-3)
    items = np.log(2.0 / 1.7)
    t = scipy.stats.t.ppf([0.95, 0.99], 39)
    far = np.hypot(items * t[1] / t[0], 0.3 * scipy.stats.t.ppf(0.99, 2))
    assert from_statistic(row, alpha=0.01).lower == pytest.approx(2 * np.exp(-far))
