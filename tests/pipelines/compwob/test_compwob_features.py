from __future__ import annotations

import numpy as np
import pytest
from compwob_web import element

from measurand.web.observation import Observation
from pipelines.compwob.actions import click, write
from pipelines.compwob.features import (
    Encoder,
    Target,
    action_of,
    as_said,
    as_wanted,
    train_tokenizer,
)

SAID = 'Enter the username "bo7" and the password "Qz" into the text fields and press login.'
PAGE = Observation.from_page(
    [
        element("div", 1,
            element("p", 2, element("label", 3, "username"),
                    element("input", 4, type="text", value="")),
            element("p", 5, element("label", 6, "password"),
                    element("input", 7, type="password", value="Qz")),
            element("button", 8, "login", id="subbtn")),
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(train_tokenizer([SAID, "button input login password username Submit"] * 3, 400))


def test_equal_words_are_found_in_the_element_and_around_it(encoder: Encoder) -> None:
    found = encoder.encode(SAID, PAGE, [])
    said = [SAID[a:b] for a, b in found.spans]
    login = found.refs.index(8)
    assert found.same[0, login][said.index("login")] == 1
    assert found.same[0, login].sum() == 1
    user = found.refs.index(4)
    assert found.same[0, user].sum() == 0
    assert found.same[1, user][said.index("username")] == 1
    # The value of a field counts as its text.
    filled = found.refs.index(7)
    assert found.same[0, filled].sum() >= 1


def test_shapes_agree(encoder: Encoder) -> None:
    found = encoder.encode(SAID, PAGE, [click(8)])
    e, t = len(found.refs), len(found.words)
    assert found.same.shape == (2, e, t)
    assert found.own.shape[0] == found.around.shape[0] == found.numbers.shape[0] == e
    assert list(np.array(found.refs)[found.fields]) == [4, 7]


def test_a_demonstrated_action_comes_back_as_it_was(encoder: Encoder) -> None:
    found = encoder.encode(SAID, PAGE, [])
    for action in (click(8), write(4, "bo7"), write(7, "Qz")):
        target = encoder.target(action, found, SAID)
        assert target is not None
        assert action_of(found, target, SAID, PAGE.node(action.ref)) == action


def test_what_the_sentence_does_not_say_cannot_be_pointed_at(encoder: Encoder) -> None:
    found = encoder.encode(SAID, PAGE, [])
    assert encoder.target(write(4, "nobody"), found, SAID) is None
    assert encoder.target(click(99), found, SAID) is None


def test_dates_are_turned_into_the_form_that_a_field_takes() -> None:
    assert as_wanted("01/31/2012") == "2012-01-31"
    assert as_said("2012-01-31") == "01/31/2012"
    assert as_wanted("ada") == as_said("ada") == "ada"


def test_history_changes_what_is_known_of_an_element(encoder: Encoder) -> None:
    before, after = (encoder.encode(SAID, PAGE, h) for h in ([], [click(8)]))
    at = before.refs.index(8)
    assert not np.array_equal(before.numbers[at], after.numbers[at])
    other = before.refs.index(3)
    assert np.array_equal(before.numbers[other][:9], after.numbers[other][:9])


def test_a_target_is_a_place_and_a_kind() -> None:
    assert Target(3, False) == Target(3, False, -1, -1)
