from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from measurand.stats.left_out import advantage, advantages


def test_by_hand() -> None:
    """Raters 1, 2, 6; the others' means are 4, 3.5 and 1.5; their distances 3, 1.5, 4.5."""
    ratings = np.array([[1.0, 2.0, 6.0, np.nan]])
    # A model at 2: distances 2, 1.5, .5: closer, a tie with the rater of the same answer, closer.
    assert advantages(np.array([2.0]), ratings).tolist() == [2.5 / 3]
    # A model at 6: distances 2, 2.5, 4.5: closer, farther, tie.
    assert advantages(np.array([6.0]), ratings).tolist() == [1.5 / 3]


def test_of_two_raters_each_is_the_others() -> None:
    found = advantages(np.array([2.0, 0.0]), np.array([[1.0, 3.0], [1.0, 3.0]]))
    # Between them it is closer to either; at 0 it is closer to 1, by one, and farther from 3.
    assert found.tolist() == [1.0, 0.5]


def test_a_rater_stands_in_the_middle_whatever_the_scale() -> None:
    """One rater of each text plays the model: a half in expectation, by exchange."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        ratings = rng.integers(-4, 5, (40, 12)) * rng.integers(0, 2, (40, 1)) * 1.0
        found.append(advantages(ratings[:, 0], ratings[:, 1:]).mean())
    assert np.mean(found) == pytest.approx(0.5, abs=4 * np.std(found) / np.sqrt(300))


def test_the_consensus_is_ahead_and_the_opposite_behind() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 2, 60)
    ratings = truth[:, None] + rng.normal(0, 1, (60, 15))
    ahead, behind = advantage(truth, ratings), advantage(-truth, ratings)
    assert ahead.lower is not None
    assert ahead.lower > 0.5
    assert behind.upper is not None
    assert behind.upper < 0.5
    assert ahead.n == 60


def test_intervals_hold_the_truth_over_texts_and_raters() -> None:
    """Texts and raters drawn anew each time; the truth from a long run."""
    rng = np.random.default_rng(2)

    def sample(texts: int) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.normal(0, 2, (texts, 1))
        ratings = np.round(truth + rng.normal(0, 1.5, (texts, 10)))
        return np.round(truth[:, 0] + rng.normal(0.5, 1.5, texts)), ratings

    truth = advantages(*sample(100_000)).mean()
    held = []
    for _ in range(600):
        found = advantage(*sample(40))
        held.append(found.ci_lo <= truth <= found.ci_hi)
    assert 0.93 <= np.mean(held) <= 0.975


def test_one_rater_is_refused() -> None:
    with pytest.raises(InputError, match="text 1 has 1 raters"):
        advantages(np.zeros(2), np.array([[1.0, 2.0], [1.0, np.nan]]))
