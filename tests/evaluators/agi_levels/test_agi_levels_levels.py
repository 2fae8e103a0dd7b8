from __future__ import annotations

import pytest

from evaluators.agi_levels.levels import HIGHEST, SUPERHUMAN, call, in_words, shown_by
from schemas.agi_levels.params import Rules
from schemas.agi_levels.taxonomy import NAMES

RULES = Rules()


@pytest.mark.parametrize(
    ("p", "level", "possible", "words"),
    [
        ((1.0, 0.8261, 0.0049), 2, 3, "at least Competent, possibly Expert"),
        ((1.0, 0.99886, 0.685), 3, 4, "at least Expert, possibly Virtuoso"),
        ((1.0, 1.0, 0.986), 4, 4, "Virtuoso"),
        ((0.9217, 0.0, 0.0), None, 2, "possibly Competent, no level shown"),
        ((0.01, 0.0, 0.0), None, None, "below Competent"),
    ],
)
def test_a_level_is_claimed_or_possible(
    p: tuple[float, ...], level: int | None, possible: int | None, words: str
) -> None:
    found = call(p, p, RULES)
    assert (found.level, found.possible, found.words) == (level, possible, words)


def test_what_people_cannot_show_is_not_claimed() -> None:
    certain = (1.0, 1.0, 1.0)
    assert call(certain, certain, RULES, most=shown_by(50)).level == 3
    assert call(certain, certain, RULES, most=shown_by(300)).level == 4
    assert call(certain, certain, RULES, most=shown_by(4)).level is None
    assert call(certain, certain, RULES, most=shown_by(None)).level is None
    assert [shown_by(n) for n in (4, 5, 28, 29, 298, 299)] == [1, 2, 2, 3, 3, 4]


def test_a_probability_of_just_what_is_asked_is_enough() -> None:
    at = (RULES.claim, RULES.claim - 1e-9, 0.0)
    assert call(at, at, RULES).level == 2
    just = (0.0, RULES.possible, 0.0)
    assert call(just, just, RULES).possible == 3


def test_a_level_that_is_sure_stands_alone() -> None:
    assert in_words(2, 2) == "Competent"


def test_what_is_sure_and_what_may_be_are_two_readings() -> None:
    found = call((1.0, 0.0, 0.0), (1.0, 1.0, 0.0), RULES)
    assert (found.level, found.possible) == (2, 3)


def test_nobody_is_left_above_the_last_level() -> None:
    assert (NAMES[SUPERHUMAN], SUPERHUMAN - HIGHEST, len(NAMES)) == ("Superhuman", 1, 6)
