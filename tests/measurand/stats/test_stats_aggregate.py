from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, trim_mean

from measurand.errors import InputError
from measurand.stats.aggregate import (
    _sizes,
    improvement_probability,
    interquartile_mean,
    performance_profile,
)
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


def test_of_unequal_numbers_of_runs_the_fewer_decide() -> None:
    for first, second in ((A, B), (B, A)):
        found = improvement_probability(first, second, resamples=100)
        assert found.n == B.size
        assert "26 tasks x 8 runs" in found.method
    assert improvement_probability(A[:1], B, resamples=100).ci_lo is None


def test_profiles_are_shares_of_scores() -> None:
    taus = np.array([0.0, 0.5, 0.9])
    for estimate, tau in zip(performance_profile(A, taus), taus, strict=True):
        assert estimate.value == pytest.approx((tau < A).mean())
        assert estimate.ci_lo <= estimate.value <= estimate.ci_hi  # type: ignore[operator]


def test_intervals_are_those_of_a_plain_loop() -> None:
    """The stratified bootstrap written out: within each task runs are drawn anew."""
    rng = np.random.default_rng(9)
    iqms, wins = [], []
    for _ in range(1000):
        a = A[rng.integers(0, 10, A.shape), np.arange(26)]
        b = B[rng.integers(0, 8, B.shape), np.arange(26)]
        iqms.append(trim_mean(a, 0.25, axis=None))
        wins.append(np.mean((np.sign(a[:, None] - b[None]) + 1) / 2))
    for found, plain, runs in (
        (interquartile_mean(A, resamples=3000), iqms, 10),
        (improvement_probability(A, B, resamples=3000), wins, 8),
    ):
        lo, hi = np.quantile(plain, [expanded(0.025, runs), 1 - expanded(0.025, runs)])
        assert (found.ci_lo, found.ci_hi) == pytest.approx((lo, hi), abs=0.15 * (hi - lo))
        assert found.se == pytest.approx(np.std(plain), rel=0.1)


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
    seeds = {
        found.seed,
        improvement_probability(A, B, resamples=200, seed_words=("again",)).seed,
        performance_profile(A, np.array([0.5]), resamples=200, seed_words=("again",))[0].seed,
    }
    assert len(seeds) == 3
    with pytest.raises(InputError, match="2 resamples"):
        interquartile_mean(A, resamples=2)


def test_a_run_at_a_threshold_is_not_above_it() -> None:
    x = np.array([[0.5, 1.0], [0.5, 0.0]])
    shares = [one.value for one in performance_profile(x, np.array([0.0, 0.5, 1.0]), resamples=0)]
    assert shares == [0.75, 0.25, 0.0]


@pytest.mark.parametrize("resamples", [300, 250, 600])
def test_a_last_batch_holds_what_is_left(resamples: int) -> None:
    assert sum(_sizes(resamples)) == resamples
