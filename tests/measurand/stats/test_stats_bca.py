from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap, norm

from measurand.errors import InputError
from measurand.stats.bca import _corrections, bca_ratio

RNG = np.random.default_rng(6)
SKEWED = RNG.exponential(size=60)
WEIGHTS = RNG.integers(1, 5, 60).astype(float)


def ratio(x: np.ndarray, w: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.asarray(x.sum(axis=axis) / w.sum(axis=axis))


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_means_are_scipys_to_monte_carlo_error(confidence: float) -> None:
    theirs = bootstrap(
        (SKEWED,), np.mean, n_resamples=20_000, confidence_level=confidence, rng=1, method="BCa"
    )
    found = bca_ratio(SKEWED, resamples=20_000, confidence=confidence)
    low, high = theirs.confidence_interval
    assert (found.ci_lo, found.ci_hi) == pytest.approx((low, high), abs=0.03 * (high - low))
    assert found.se == pytest.approx(theirs.standard_error, rel=0.03)


def test_ratios_are_scipys_to_monte_carlo_error() -> None:
    theirs = bootstrap(
        (SKEWED, WEIGHTS), ratio, n_resamples=20_000, paired=True, rng=1, method="BCa"
    )
    found = bca_ratio(SKEWED, WEIGHTS, resamples=20_000)
    low, high = theirs.confidence_interval
    assert (found.ci_lo, found.ci_hi) == pytest.approx((low, high), abs=0.03 * (high - low))


def test_clusters_of_equal_size_are_a_mean_of_their_means() -> None:
    units = np.repeat(np.arange(20), 3)
    means = SKEWED.reshape(20, 3).mean(axis=1)
    found = bca_ratio(SKEWED, None, units, resamples=4000, seed_words=("x",))
    plain = bca_ratio(means, resamples=4000, seed_words=("x",))
    assert (found.ci_lo, found.ci_hi) == pytest.approx((plain.ci_lo, plain.ci_hi))
    assert found.n_clusters == 20


def test_skew_moves_the_interval() -> None:
    found = bca_ratio(SKEWED)
    assert found.value - found.ci_lo < found.ci_hi - found.value  # type: ignore[operator]
    mirrored = bca_ratio(-SKEWED)
    assert (found.ci_lo, found.ci_hi) == pytest.approx((-mirrored.ci_hi, -mirrored.ci_lo), abs=0.01)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((np.empty(0),), "no rows"),
        ((np.ones(9),), "does not vary"),
        ((np.ones(1),), "1 rows"),
        ((SKEWED, np.zeros(60)), "sum to 0"),
        ((SKEWED, None, np.arange(60) % 3), "3 clusters"),
    ],
)
def test_undefined_has_a_reason(args: tuple[np.ndarray, ...], reason: str) -> None:
    found = bca_ratio(*args)
    assert found.ci_lo is None
    assert reason in (found.reason or "")


def test_too_few_resamples_are_refused() -> None:
    with pytest.raises(InputError):
        bca_ratio(SKEWED, resamples=3)
    assert "asked for" in (bca_ratio(SKEWED, resamples=0).reason or "")


def test_resamples_without_a_ratio_are_counted_and_many_are_refused() -> None:
    half = (np.arange(60) < 2).astype(float)
    found = bca_ratio(SKEWED, half, resamples=400)
    assert "of 400 resamples" in (found.reason or "")
    few = bca_ratio(SKEWED, (np.arange(60) < 4).astype(float), resamples=400)
    assert few.ci_lo is not None
    assert "undefined resamples dropped" in few.method


def test_a_constant_decimal_does_not_vary() -> None:
    for n in (7, 10, 33):
        assert "does not vary" in (bca_ratio(np.full(n, 0.1), resamples=50).reason or "")


def test_replicates_that_all_lie_on_one_side_give_a_finite_bias() -> None:
    """Half a replicate is taken to lie beyond."""
    sums = np.array([[1.0, 2.0, 4.0], [1.0, 1.0, 1.0]])
    replicates = np.linspace(3, 4, 50)
    for value, share in ((2.0, 0.01), (5.0, 0.99)):
        bias, acceleration = _corrections(sums, value, replicates)
        assert bias == pytest.approx(norm.ppf(share))
        assert acceleration is not None


def test_two_rows_have_an_interval_and_one_has_none() -> None:
    two = bca_ratio(np.array([1.0, 3.0]), resamples=200)
    assert (two.ci_lo, two.ci_hi) == (1.0, 3.0)
    assert bca_ratio(np.array([1.0]), resamples=200).reason == "no interval: 1 rows"


def test_two_thousand_resamples_are_drawn_unless_asked_otherwise() -> None:
    assert bca_ratio(np.arange(6.0)).resamples == 2000


def test_the_method_says_which_figure_it_is() -> None:
    assert bca_ratio(SKEWED, resamples=200).method.startswith("mean; BCa")
    assert bca_ratio(SKEWED, WEIGHTS, resamples=200).method.startswith("ratio of sums; BCa")
