from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from measurand.stats.alike import HOLDS, caution, most_alike, skewness
from measurand.stats.reliability import cronbach_alpha


def test_the_share_of_the_most_frequent_answer() -> None:
    x = np.array([[1.0, 1.0, 2.0], [1.0, np.nan, 3.0]])
    assert most_alike(x) == 3 / 5
    assert most_alike(np.full((2, 2), np.nan)) == 0.0
    assert most_alike(np.empty((0, 3))) == 0.0


@pytest.mark.parametrize(
    ("same", "says"),
    [(50, "50% of the answers are the same: of 100 such intervals 92 to 95 hold alpha"),
     (60, "60% of the answers are the same: of 100 such intervals 90 to 93 hold alpha"),
     (75, "85 to 92"), (100, "78 to 92")],
)  # fmt: skip
def test_what_is_said_from_which_share_on(same: int, says: str) -> None:
    x = np.r_[np.ones(same), np.arange(2, 102 - same)].reshape(10, 10)
    found = caution(x)
    assert found is not None
    assert says in found


def test_skewed_answers_are_told_and_even_ones_are_not() -> None:
    # 39, 33, 16, 8 and 4% of five answers, as in the simulation of docs/coverage.md.
    x = np.repeat(np.arange(1.0, 6), [39, 33, 16, 8, 4]).reshape(10, 10)
    assert skewness(x) == pytest.approx(scipy.stats.skew(x, axis=None))
    assert caution(x) == "the answers are skewed by 1.0: of 100 such intervals 92 to 94 hold alpha"
    assert caution(6 - x) == (
        "the answers are skewed by -1.0: of 100 such intervals 92 to 94 hold alpha"
    )
    assert caution(np.repeat(np.arange(1.0, 6), 20).reshape(10, 10)) is None
    assert skewness(np.full((2, 2), 3.0)) == 0
    assert skewness(np.array([[np.nan, np.nan]])) == 0


def test_the_more_answers_are_the_same_the_fewer_intervals_hold() -> None:
    shares, low, high = zip(*HOLDS, strict=True)
    assert list(shares) == sorted(shares, reverse=True)
    assert list(low) == sorted(low)
    assert all(a < b <= 95 for a, b in zip(low, high, strict=True))


@pytest.mark.integration
def test_so_many_intervals_hold_alpha_where_most_answers_are_the_lowest() -> None:
    """84% at the lowest of five points; alpha of the population .827."""
    cuts, held, trials = np.array([1.4, 2.05, 2.65, 3.35]), 0, 300
    rng = np.random.default_rng(84)
    for _ in range(trials):
        x = np.searchsorted(cuts, rng.normal(size=(25, 1)) + rng.normal(size=(25, 10)))
        found = cronbach_alpha(x.astype(float))
        if found.ci_lo is None:
            trials -= 1
            continue
        held += found.ci_lo <= 0.827 <= found.ci_hi  # type: ignore[operator]
    assert 0.76 <= held / trials <= 0.88
