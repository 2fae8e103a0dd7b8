from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import scipy.stats
from gate_evidence import bits

from measurand.gates.figures.bounds import (
    EvidenceError,
    Items,
    from_items,
)

Better = Literal["higher", "lower"]


def items(values: object, clusters: object = None, paired: bool = False) -> Items:
    x = np.asarray(values, dtype=float)
    names = np.arange(len(x)) if clusters is None else np.asarray(clusters)
    return Items(x, names.astype(str), paired)


def bounds(sample: Items, **more: object):
    base = {"alpha": 0.05, "confidence": 0.95, "interval": "auto", "null": 0.5, "better": "higher"}
    return from_items(sample, **{**base, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("alpha", [0.05, 0.025, 0.01])
def test_independent_scores_get_the_t_interval_of_scipy(alpha: float) -> None:
    x = np.random.default_rng(1).normal(0.6, 1, 240)
    got = bounds(items(x), alpha=alpha)
    test = scipy.stats.ttest_1samp(x, 0.5, alternative="greater")
    assert got.lower == pytest.approx(test.confidence_interval(1 - alpha).low, rel=1e-12)
    assert got.p == pytest.approx(test.pvalue, rel=1e-9)
    less = scipy.stats.ttest_1samp(x, 0.5, alternative="less")
    assert got.upper == pytest.approx(less.confidence_interval(1 - alpha).high, rel=1e-12)
    assert bounds(items(x), better="lower").p == pytest.approx(less.pvalue, rel=1e-9)
    two_sided = scipy.stats.ttest_1samp(x, 0.5).confidence_interval(0.95)
    assert (got.ci_lo, got.ci_hi) == pytest.approx((two_sided.low, two_sided.high), rel=1e-12)


@pytest.mark.parametrize(
    ("interval", "scipy_name"), [("wilson", "wilson"), ("clopper_pearson", "exact")]
)
@pytest.mark.parametrize("ones", [0, 3, 150, 299, 300])
def test_rates_get_the_intervals_of_scipy(interval: str, scipy_name: str, ones: int) -> None:
    sample = items([1.0] * ones + [0.0] * (300 - ones))
    got = bounds(sample, interval=interval)
    test = scipy.stats.binomtest(ones, 300, alternative="two-sided")
    ci = test.proportion_ci(0.90, method=scipy_name)
    assert (got.lower, got.upper) == pytest.approx((ci.low, ci.high), abs=1e-12)


def test_auto_takes_wilson_for_independent_rates_and_t_otherwise() -> None:
    assert "wilson" in bounds(items(bits(300, 0.9))).method
    assert "t(" in bounds(items([0.1, 0.9] * 150)).method
    assert "CR1" in bounds(items(bits(300, 0.9), np.arange(300) // 3)).method
    assert "t(" in bounds(items([1.0, 0.0, -1.0] * 100, paired=True)).method


@pytest.mark.parametrize("interval", ["auto", "t", "clopper_pearson", "jeffreys"])
@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("ones", [0, 10, 150, 290, 300])
@pytest.mark.parametrize("null", [0.01, 0.03, 0.48, 0.52, 0.97, 0.99])
def test_p_is_at_most_alpha_exactly_where_the_bound_meets_the_limit(
    interval: str, better: Better, ones: int, null: float
) -> None:
    got = bounds(
        items([1.0] * ones + [0.0] * (300 - ones)), interval=interval, better=better, null=null
    )
    assert got.lower is not None
    assert got.upper is not None
    assert got.p is not None
    met = got.lower >= null if better == "higher" else got.upper <= null
    assert (got.p <= 0.05) == met


def test_scores_without_variation_still_have_a_width() -> None:
    clustered = bounds(items([1.0] * 300, np.arange(300) // 10))
    assert clustered.flags == ("degenerate",)
    # Thirty clusters without a failure: the exact bound for 30 trials.
    assert clustered.lower == pytest.approx(0.05 ** (1 / 30), rel=1e-12)
    assert (clustered.n, clustered.clusters) == (300, 30)
    alone = bounds(items([1.0] * 300))
    assert alone.lower is not None
    assert 0.98 < alone.lower < 1


def test_constant_differences_are_a_point() -> None:
    got = bounds(items([-0.02] * 300, paired=True), null=-0.02)
    assert got.estimate == got.lower == got.upper == -0.02
    assert got.flags == ("degenerate",)
    assert got.p == 1.0


@pytest.mark.parametrize(
    ("sample", "code"),
    [
        (items([0.5, 1.0] * 150), "not_binary"),
        (items(bits(300, 0.5), np.arange(300) // 2), "clustered_proportion"),
    ],
)
@pytest.mark.parametrize("interval", ["wilson", "clopper_pearson"])
def test_rate_intervals_are_refused_where_they_do_not_hold(
    sample: Items, code: str, interval: str
) -> None:
    with pytest.raises(EvidenceError) as caught:
        bounds(sample, interval=interval)
    assert caught.value.code == code


def test_scores_that_overflow_are_named() -> None:
    with pytest.raises(EvidenceError) as caught:
        bounds(items([1.7e308, -1.7e308, 1.6e308] * 100))
    assert caught.value.code == "overflow"


def test_degrees_of_freedom_are_one_less_than_the_units() -> None:
    x = np.random.default_rng(5).normal(size=40)
    assert bounds(items(x), interval="t").df == 39
    clustered = bounds(items(x, clusters=np.repeat(np.arange(8), 5)), interval="t")
    assert (clustered.df, clustered.clusters) == (7, 8)


def test_equal_scores_below_or_above_the_null_leave_no_doubt() -> None:
    for scores, better, p in (
        (0.9, "higher", 0.0),
        (0.9, "lower", 1.0),
        (0.1, "lower", 0.0),
        (0.5, "higher", 1.0),
    ):
        assert bounds(items([scores] * 30), interval="t", better=better).p == p
