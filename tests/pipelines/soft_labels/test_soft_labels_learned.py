from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.soft_labels.learned import learn

GOOD, BAD = ("a good film", "good and fine", "fine work"), ("a bad film", "bad and dull", "dull")
PAIRS = [(good, bad, 0.9) for good in GOOD for bad in BAD]


@pytest.mark.parametrize(
    "rated", [[*((t, 2.0) for t in GOOD), *((t, -2.0) for t in BAD)], []], ids=["rated", "pairs"]
)
def test_words_of_preferred_texts_are_worth_more(rated: list[tuple[str, float]]) -> None:
    reward = learn(PAIRS, rated)
    good, bad = reward.rewards(["good", "fine"]), reward.rewards(["bad", "dull"])
    assert good.min() > bad.max()
    assert (reward.preferences(["good"], ["bad"]) > 0.5).all()


def test_the_temperature_makes_the_labels_likeliest() -> None:
    reward = learn(PAIRS, [*((t, 2.0) for t in GOOD), *((t, -2.0) for t in BAD)])
    p = reward.preferences([a for a, _, _ in PAIRS], [b for _, b, _ in PAIRS])
    gaps = reward.rewards([a for a, _, _ in PAIRS]) - reward.rewards([b for _, b, _ in PAIRS])
    # At the optimum of a logistic likelihood the residuals are orthogonal to the input.
    assert float(gaps @ (0.9 - p)) == pytest.approx(0, abs=1e-3)


def test_exchanging_texts_exchanges_the_preference() -> None:
    reward = learn(PAIRS)
    a, b = ["good film", "unknown words"], ["dull work", "bad"]
    np.testing.assert_allclose(reward.preferences(a, b) + reward.preferences(b, a), 1)


def test_one_text_is_not_enough() -> None:
    with pytest.raises(InputError, match="two texts"):
        learn([], [("one", 1.0)])
