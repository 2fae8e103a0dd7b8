from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import mannwhitneyu, trim_mean

from measurand.errors import InputError
from measurand.stats.aggregate import (
    _sizes,
    _variances,
    improvement_probability,
    interquartile_mean,
    performance_profile,
)
from measurand.stats.rates import mean_of_rates
from measurand.stats.resample import expanded

RNG = np.random.default_rng(4)
A = RNG.normal(0.6, 0.3, (10, 26))
B = RNG.normal(0.5, 0.3, (8, 26)).round(1)


@pytest.mark.parametrize("x", [A, A[:3, :5], A[:1, :1], A[:2, :1], A[:5, :1]])
def test_iqm_is_scipys_trimmed_mean(x: np.ndarray) -> None:
    found = interquartile_mean(x, resamples=0)
    assert found.value == pytest.approx(trim_mean(x, 0.25, axis=None))


def test_improvement_is_mann_whitney_averaged_over_tasks() -> None:
    u = [mannwhitneyu(A[:, t], B[:, t]).statistic / (10 * 8) for t in range(26)]
    found = improvement_probability(A, B)
    assert found.value == pytest.approx(np.mean(u))
    assert found.ci_lo < found.value < found.ci_hi  # type: ignore[operator]
    other = improvement_probability(B, A)
    assert other.value == pytest.approx(1 - found.value)  # type: ignore[operator]
    assert other.ci_hi == pytest.approx(1 - found.ci_lo)  # type: ignore[operator]
    assert other.se == pytest.approx(found.se)


def test_the_variance_of_an_improvement_is_without_bias() -> None:
    """Of 5 and 4 normal runs: scipy's permutation law has (n + m + 1) / (12 n m) where both are
    alike; with rounding there are ties, and the variance of many samples stands for it."""
    rng = np.random.default_rng(6)
    wins = np.sign(rng.normal(size=(5, 1, 40_000)) - rng.normal(size=(1, 4, 40_000)))
    assert _variances((wins + 1) / 2).mean() == pytest.approx(10 / (12 * 20), rel=0.02)
    x, y = (
        rng.normal(ahead, 1, s).round() for ahead, s in ((1, (5, 1, 40_000)), (0, (1, 4, 40_000)))
    )
    tied = (np.sign(x - y) + 1) / 2
    assert _variances(tied).mean() == pytest.approx(tied.mean(axis=(0, 1)).var(), rel=0.02)


def test_pairs_that_share_no_run_by_hand() -> None:
    wins = np.array([[1.0, 0.5], [0.0, 1.0], [1.0, 1.0]])[:, :, None]
    apart = [
        wins[i, j, 0] * wins[k, m, 0]
        for i in range(3) for j in range(2) for k in range(3) for m in range(2)
        if i != k and j != m
    ]  # fmt: skip
    assert _variances(wins)[0] == pytest.approx(wins.mean() ** 2 - np.mean(apart))


@pytest.mark.parametrize(("runs", "tasks"), [(3, 6), (6, 2), (6, 6)])
def test_improvements_are_covered(runs: int, tasks: int) -> None:
    rng = np.random.default_rng(runs)
    truth, held = float(ndtr(0.5 / 2**0.5)), []
    for _ in range(1200):
        x, y = (rng.normal(ahead, 1, (runs, tasks)) for ahead in (0.5, 0.0))
        found = improvement_probability(x, y)
        assert found.ci_lo is not None
        assert found.ci_hi is not None
        held.append(found.ci_lo <= truth <= found.ci_hi)
    assert 0.93 <= np.mean(held) <= 0.97


def test_where_one_side_always_wins_there_is_no_interval() -> None:
    found = improvement_probability(A + 100, B)
    assert (found.value, found.ci_lo) == (1.0, None)
    assert found.reason == "no interval: the sample shows no variance"
    assert (found.least, found.most) == (0.0, 1.0)


def test_of_unequal_numbers_of_runs_the_fewer_decide() -> None:
    for first, second in ((A, B), (B, A)):
        found = improvement_probability(first, second)
        assert found.n == B.size
        assert "26 tasks x 8 runs" in found.method
    assert improvement_probability(A[:1], B).reason == "no interval: 1 run"


def test_two_runs_have_an_interval() -> None:
    found = improvement_probability(A[:2], B[:2])
    assert found.ci_lo is not None
    assert found.se == pytest.approx(
        np.sqrt(_variances((np.sign(A[:2, None] - B[None, :2]) + 1) / 2).sum()) / 26
    )


def test_profiles_are_shares_of_scores() -> None:
    taus = np.array([0.0, 0.5, 0.9])
    for estimate, tau in zip(performance_profile(A, taus), taus, strict=True):
        assert estimate.value == pytest.approx((tau < A).mean())
        assert estimate.ci_lo < estimate.value < estimate.ci_hi  # type: ignore[operator]
        wanted = mean_of_rates((tau < A).sum(axis=0).tolist(), [10] * 26)
        assert (estimate.ci_lo, estimate.upper, estimate.n) == (wanted.ci_lo, wanted.upper, 260)
        assert estimate.method.startswith(f"share of scores above {tau:g} over 26 tasks x 10 runs")


def test_intervals_are_those_of_a_plain_loop() -> None:
    """The stratified bootstrap written out: within each task runs are drawn anew."""
    rng = np.random.default_rng(9)
    iqms = []
    for _ in range(1000):
        a = A[rng.integers(0, 10, A.shape), np.arange(26)]
        iqms.append(trim_mean(a, 0.25, axis=None))
    found = interquartile_mean(A, resamples=3000)
    lo, hi = np.quantile(iqms, [expanded(0.025, 10), 1 - expanded(0.025, 10)])
    assert (found.ci_lo, found.ci_hi) == pytest.approx((lo, hi), abs=0.15 * (hi - lo))
    assert found.se == pytest.approx(np.std(iqms), rel=0.1)


def test_order_of_runs_and_tasks_changes_no_value() -> None:
    mixed = A[RNG.permutation(10)][:, RNG.permutation(26)]
    before, after = (interquartile_mean(x, resamples=0).value for x in (A, mixed))
    assert after == pytest.approx(before)


def test_one_run_has_no_interval() -> None:
    found = interquartile_mean(A[:1])
    assert found.ci_lo is None
    assert found.reason
    with pytest.raises(InputError, match="same tasks"):
        improvement_probability(A, B[:, :3])
    with pytest.raises(InputError, match="empty"):
        interquartile_mean(np.empty((0, 3)))


def test_the_stated_seed_repeats_the_resampling() -> None:
    found = interquartile_mean(A, resamples=200, seed_words=("again",))
    rng = np.random.default_rng(found.seed)
    drawn = [
        A[rng.integers(0, 10, (size, 10, 26)), np.arange(26)].reshape(size, -1)
        for size in (100, 100)
    ]
    again = trim_mean(np.concatenate(drawn), 0.25, axis=1)
    out = expanded(0.025, 10)
    assert (found.ci_lo, found.ci_hi) == pytest.approx(tuple(np.quantile(again, [out, 1 - out])))
    with pytest.raises(InputError, match="2 resamples"):
        interquartile_mean(A, resamples=2)


def test_a_run_at_a_threshold_is_not_above_it() -> None:
    x = np.array([[0.5, 1.0], [0.5, 0.0]])
    shares = [one.value for one in performance_profile(x, np.array([0.0, 0.5, 1.0]))]
    assert shares == [0.75, 0.25, 0.0]


@pytest.mark.parametrize("resamples", [300, 250, 600])
def test_a_last_batch_holds_what_is_left(resamples: int) -> None:
    assert sum(_sizes(resamples)) == resamples
