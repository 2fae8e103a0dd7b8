from __future__ import annotations

import numpy as np
import pytest

from measurand.stats.alike import HOLDS, caution, most_alike
from measurand.stats.reliability import cronbach_alpha


def test_the_share_of_the_most_frequent_answer() -> None:
    x = np.array([[1.0, 1.0, 2.0], [1.0, np.nan, 3.0]])
    assert most_alike(x) == 3 / 5
    assert most_alike(np.full((2, 2), np.nan)) == 0.0
    assert most_alike(np.empty((0, 3))) == 0.0


@pytest.mark.parametrize(
    ("same", "says"),
    [(59, None), (60, "60% of the answers are the same: of 100 such intervals 90 to 93 hold alpha"),
     (75, "85 to 92"), (100, "78 to 92")],
)  # fmt: skip
def test_what_is_said_from_which_share_on(same: int, says: str | None) -> None:
    x = np.r_[np.ones(same), np.arange(2, 102 - same)].reshape(10, 10)
    found = caution(x)
    if says is None:
        assert found is None
    else:
        assert found is not None
        assert says in found


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
