from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import bootstrap, kurtosis, t

from measurand.errors import InputError
from measurand.stats.ratios import ratio_of_sums, share_of_sums, signed_ratio_of_sums

ENDS = ("ci_lo", "ci_hi", "lower", "upper")


def _skewed(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    own = rng.normal(size=n) / 2
    first, second = (np.exp(own + rng.normal(size=n) / 2) for _ in range(2))
    return first, second


def test_the_error_is_near_that_of_least_squares_through_the_origin() -> None:
    """HC3 is the jackknife of a regression: Davidson & MacKinnon 1993, equation 16.15."""
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, 60)
    y = 4 * x + rng.normal(0, 1, 60)
    found = ratio_of_sums(y, x)
    fit = sm.WLS(y, x, weights=1 / x).fit(cov_type="HC3")
    assert found.value == pytest.approx(float(fit.params[0]))
    # The logarithm bends by the square of the error's share, here one in twelve thousand.
    assert found.se == pytest.approx(float(fit.bse[0]) * math.sqrt(59 / 60), rel=2e-3)


def test_leaving_out_by_hand() -> None:
    y, x = np.array([3.0, 1.0, 8.0, 4.0]), np.array([1.0, 2.0, 2.0, 5.0])
    found = ratio_of_sums(y, x)
    logs = np.log([13 / 9, 15 / 8, 8 / 8, 12 / 5])
    error = math.sqrt(3 / 4 * sum((logs - logs.mean()) ** 2))
    shares = (y / 16 + x / 10) / 2
    df = 1 / sum(shares**2) - 1
    assert 1 < df < 3
    assert found.value == 1.6
    assert found.se == pytest.approx(1.6 * error)
    for name, level in zip(ENDS, (0.025, 0.975, 0.05, 0.95), strict=True):
        wanted = 1.6 * math.exp(t.ppf(level, df) * error)
        assert getattr(found, name) == pytest.approx(wanted)
    assert f"t({df:.3g})" in found.method
    assert (found.least, found.most, found.n, found.n_clusters) == (0.0, None, 4, None)


def test_equal_units_have_one_degree_less_and_one_that_has_all_has_one() -> None:
    x = np.ones(10)
    assert "t(9)" in ratio_of_sums(x + np.tile([0.001, -0.001], 5), x).method
    most = np.array([1e6, 1.0, 1.0, 1.0])
    assert "t(1)" in ratio_of_sums(most, most * np.array([1.0, 1.1, 0.9, 1.0])).method


def test_one_unit_that_moves_the_ratio_leaves_few_degrees() -> None:
    """A variance is as sure as Cramer 1946, section 27.4, says: of normal values n degrees."""
    x, y = np.ones(40), np.ones(40)
    y[:20] += 0.001
    assert "t(39)" in ratio_of_sums(y, x).method  # two values that are as frequent
    y = 1 + 0.001 * np.random.default_rng(2).normal(size=40)
    found = ratio_of_sums(y, x)
    left = np.log((y.sum() - y) / 39)
    degrees = 2 * 40 / (kurtosis(left, fisher=False) - 1)
    assert f"t({min(39, degrees):.3g})" in found.method
    y[7] = 1.02
    left = np.log((y.sum() - y) / 39)
    degrees = 2 * 40 / (kurtosis(left, fisher=False) - 1)
    assert degrees < 4
    assert f"t({degrees:.3g})" in ratio_of_sums(y, x).method


def test_a_sum_of_either_sign_is_left_out_on_its_own_scale() -> None:
    y, x = np.array([3.0, -1.0, 8.0, -14.0]), np.array([1.0, 2.0, 2.0, 5.0])
    found = signed_ratio_of_sums(y, x)
    left = np.array([-7 / 9, -3 / 8, -12 / 8, 10 / 5])
    error = math.sqrt(3 / 4 * sum((left - left.mean()) ** 2))
    df = min(1 / sum((x / 10) ** 2) - 1, 8 / (kurtosis(left, fisher=False) - 1))
    assert found.value == -0.4
    assert found.se == pytest.approx(error)
    for name, level in zip(ENDS, (0.025, 0.975, 0.05, 0.95), strict=True):
        assert getattr(found, name) == pytest.approx(-0.4 + t.ppf(level, df) * error)
    assert (found.least, found.n) == (None, 4)
    assert found.method == f"ratio of sums; t({df:.3g}) interval, jackknife over rows"
    mirrored = signed_ratio_of_sums(-y, x)
    assert mirrored.ci_lo == pytest.approx(-found.ci_hi)  # type: ignore[operator]
    rng = np.random.default_rng(0)
    x, own = rng.uniform(1, 3, 60), np.repeat(rng.normal(size=20), 3)
    y = own * x + rng.normal(0, 1, 60)
    fit = sm.WLS(y, x, weights=1 / x).fit(cov_type="HC3")
    assert signed_ratio_of_sums(y, x).se == pytest.approx(fit.bse[0] * math.sqrt(59 / 60), rel=1e-2)
    clusters = np.repeat(np.arange(20), 3)
    summed = signed_ratio_of_sums(y.reshape(20, 3).sum(1), x.reshape(20, 3).sum(1))
    over = signed_ratio_of_sums(y, x, clusters)
    assert (over.ci_lo, over.n_clusters) == (pytest.approx(summed.ci_lo), 20)


@pytest.mark.parametrize(
    ("above", "below", "reason"),
    [
        ([1, -1], [0, 0], "nothing to divide by"),
        ([1], [1], "no interval: fewer than two units"),
        ([1, -2, 3], [0, 0, 4], "no interval: a sum is 0 without one of the units"),
        ([-20, -40, -60], [1, 2, 3], "no interval: the same without any of the units"),
        ([0, 0, 0], [1, 2, 3], "no interval: the same without any of the units"),
        ([3, -3, 0], [1, 2, 3], None),
        ([3e-20, -3e-20, 0], [1, 2, 3], None),
    ],
)
def test_what_has_no_signed_ratio_or_interval_says_why(
    above: list[float], below: list[float], reason: str | None
) -> None:
    found = signed_ratio_of_sums(np.array(above, float), np.array(below, float))
    assert found.reason == reason
    assert (found.ci_lo is None) == (reason is not None)
    assert (found.value is None) == (sum(below) == 0)


def test_the_inverse_ratio_has_the_inverse_interval() -> None:
    y, x = _skewed(np.random.default_rng(3), 12)
    one, other = ratio_of_sums(y, x), ratio_of_sums(x, y)
    assert one.ci_lo == pytest.approx(1 / other.ci_hi)  # type: ignore[operator]
    assert one.upper == pytest.approx(1 / other.lower)  # type: ignore[operator]
    scaled = ratio_of_sums(7 * y, x)
    assert scaled.ci_hi == pytest.approx(7 * one.ci_hi)  # type: ignore[operator]


def test_of_many_units_it_is_scipys_bootstrap() -> None:
    y, x = _skewed(np.random.default_rng(4), 800)
    found = ratio_of_sums(y, x)
    drawn = bootstrap(
        (y, x), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, vectorized=True,
        n_resamples=4000, method="BCa", rng=np.random.default_rng(1),
    )  # fmt: skip
    low, high = drawn.confidence_interval
    assert found.se == pytest.approx(drawn.standard_error, rel=0.05)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_rows_of_a_cluster_are_one_unit() -> None:
    y, x = _skewed(np.random.default_rng(5), 24)
    clusters = np.repeat([f"c{i}" for i in range(8)], 3)
    found = ratio_of_sums(y, x, clusters)
    sums = ratio_of_sums(y.reshape(8, 3).sum(1), x.reshape(8, 3).sum(1))
    assert [getattr(found, name) for name in ENDS] == pytest.approx(
        [getattr(sums, name) for name in ENDS]
    )
    assert (found.n, found.n_clusters) == (24, 8)
    assert found.method.endswith("jackknife over clusters")


@pytest.mark.parametrize("n", [5, 10, 30])
def test_its_interval_holds_the_truth_of_skewed_quantities(n: int) -> None:
    rng = np.random.default_rng(n)
    held = []
    for _ in range(1500):
        found = ratio_of_sums(*_skewed(rng, n))
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        held.append(found.ci_lo <= 1 <= found.ci_hi)
    assert 0.93 <= np.mean(held) <= 0.97


def test_its_interval_holds_the_tokens_of_a_success() -> None:
    """Tokens of tries until a success: 300 a try, three tries in ten succeed."""
    rng = np.random.default_rng(1)
    held = []
    for _ in range(800):
        tokens = rng.gamma(4, 75, 150)
        found = ratio_of_sums(tokens, (rng.random(150) < 0.3) * 1.0)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        held.append(found.ci_lo <= 1000 <= found.ci_hi)
    assert 0.93 <= np.mean(held) <= 0.97


@pytest.mark.parametrize(
    ("above", "below", "reason"),
    [
        ([1, 1, 1], [0, 0, 0], "nothing to divide by"),
        ([0, 0, 0], [1, 1, 1], "no interval: the sum is 0"),
        ([1], [1], "no interval: fewer than two units"),
        ([1, 2, 3], [0, 0, 4], "no interval: a sum is 0 without one of the units"),
        ([0, 0, 3], [1, 2, 4], "no interval: a sum is 0 without one of the units"),
        ([2, 4, 6], [1, 2, 3], "no interval: the same without any of the units"),
    ],
)
def test_what_has_no_ratio_or_interval_says_why(
    above: list[float], below: list[float], reason: str
) -> None:
    found = ratio_of_sums(np.array(above, float), np.array(below, float))
    assert (found.ci_lo, found.ci_hi, found.reason) == (None, None, reason)
    assert (found.value is None) == (sum(below) == 0)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(InputError):
        ratio_of_sums(np.ones(2), np.ones(3))
    with pytest.raises(InputError):
        share_of_sums(np.ones(2), np.ones(3))
    with pytest.raises(InputError):
        signed_ratio_of_sums(np.ones(2), np.ones(3))


def test_a_share_is_odds_turned_back() -> None:
    part, whole = np.array([3.0, 1.0, 8.0, 4.0]), np.array([5.0, 9.0, 11.0, 6.0])
    found, odds = share_of_sums(part, whole), ratio_of_sums(part, whole - part)
    assert found.value == 16 / 31
    for name in ENDS:
        end = getattr(odds, name)
        assert getattr(found, name) == pytest.approx(end / (1 + end))
    assert (found.least, found.most) == (0.0, 1.0)
    assert "on the logit scale" in found.method
    rest = share_of_sums(whole - part, whole)
    assert rest.ci_lo == pytest.approx(1 - found.ci_hi)  # type: ignore[operator]
    assert rest.se == pytest.approx(found.se)


def test_of_many_alike_units_the_error_is_that_of_a_binomial() -> None:
    whole = np.full(3000, 40.0)
    part = np.random.default_rng(2).binomial(40, 0.1, 3000).astype(float)
    found = share_of_sums(part, whole)
    assert found.se == pytest.approx(math.sqrt(0.1 * 0.9 / (3000 * 40)), rel=0.05)


def test_sums_below_one_have_a_share() -> None:
    found = share_of_sums(np.array([0.1, 0.1, 0.2]), np.array([0.3, 0.2, 0.3]))
    assert found.value == pytest.approx(0.5)
    assert found.ci_lo is not None


@pytest.mark.parametrize(
    ("part", "whole", "value", "reason"),
    [
        ([0, 0, 0], [0, 0, 0], None, "nothing to be a share of"),
        ([0, 0, 0], [3, 2, 1], 0.0, "no interval: the sum is 0"),
        ([3, 2, 1], [3, 2, 1], 1.0, "no interval: the share is 1"),
        ([3, 0, 0], [3, 2, 1], 0.5, "no interval: a sum is 0 without one of the units"),
    ],
)
def test_shares_at_an_end_have_no_interval(
    part: list[float], whole: list[float], value: float | None, reason: str
) -> None:
    found = share_of_sums(np.array(part, float), np.array(whole, float))
    assert (found.value, found.ci_lo, found.reason) == (value, None, reason)


@pytest.mark.parametrize("part", [[2.0, 1.0], [-1.0, 1.0]])
def test_a_part_lies_within_its_whole(part: list[float]) -> None:
    with pytest.raises(InputError, match="above its whole"):
        share_of_sums(np.array(part), np.ones(2))


def test_two_units_have_an_interval_of_one_degree() -> None:
    found = ratio_of_sums(np.array([3.0, 1.0]), np.array([1.0, 2.0]))
    error = math.log(3 / (1 / 2)) / 2
    assert found.ci_hi == pytest.approx(4 / 3 * math.exp(t.ppf(0.975, 1) * error))
    assert "t(1)" in found.method
