from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.errors import InputError
from pipelines.soft_labels.rewards import KnownModel

MODEL = KnownModel({"good": 2.0, "bad": -2.5, "fine": 0.5}, 0.5)


def test_the_reward_is_the_shrunken_mean_of_known_words() -> None:
    assert MODEL.reward("A film.") == 0.0
    assert MODEL.reward("Good, good film") == pytest.approx(4 / 4)
    assert MODEL.reward("GOOD") == pytest.approx(2 / 3)
    assert MODEL.reward("bad_good 3good") == pytest.approx((-2.5 + 2 + 2) / 5)
    assert MODEL.reward("") == 0.0


def test_preferences_follow_the_rewards() -> None:
    gap = MODEL.reward("good") - MODEL.reward("bad")
    assert MODEL.preference("good", "bad") == pytest.approx(1 / (1 + math.exp(-gap / 0.5)))
    assert MODEL.preference("a", "b") == 0.5


@given(st.text("god bad fine", max_size=30), st.text("god bad fine", max_size=30))
def test_exchanging_the_texts_gives_the_other_probability(a: str, b: str) -> None:
    assert MODEL.preference(a, b) + MODEL.preference(b, a) == pytest.approx(1)


@given(st.integers(1, 50))
def test_more_of_the_same_is_better_but_never_without_bound(n: int) -> None:
    less, more = MODEL.reward("good " * n), MODEL.reward("good " * (n + 1))
    assert less < more < 2.0


def test_a_temperature_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="temperature"):
        KnownModel({}, 0.0).preference("a", "b")
