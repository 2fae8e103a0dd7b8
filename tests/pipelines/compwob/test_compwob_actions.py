from __future__ import annotations

import pytest
from compwob_web import element
from hypothesis import given
from hypothesis import strategies as st

from measurand.web.observation import Observation
from pipelines.compwob.actions import NOOP, Action, bad_reference, click, parse, write
from schemas.compwob.params import BAD_REFERENCES


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("click(12)", click(12)),
        ("I will press it.\nAction: click(ref=3)", click(3)),
        ('type(4, "a, b")', write(4, "a, b")),
        ("type(4, 'x(1)')", write(4, "x(1)")),
        ('type(ref=4, text="x")', write(4, "x")),
        ('type(4, "")', write(4, "")),
        ("select(2, Red)", Action("select", 2, "Red")),
        ("press(enter)", Action("press", None, "Enter")),
        ("scroll(up)", Action("scroll", None, "up")),
        ("scroll()", Action("scroll", None, "down")),
        ("noop()", NOOP),
        ("CLICK( 7 ).", click(7)),
        ("`click(7)`", click(7)),
        ("click(the button) then click(8)", click(8)),
    ],
)
def test_what_models_write_is_read(text: str, action: Action) -> None:
    assert parse(text) == action


@pytest.mark.parametrize(
    "text", ["", "I would click the button.", "click()", "type(3)", "press(F13)", "drag(1)"]
)
def test_what_is_no_action_is_none(text: str) -> None:
    assert parse(text) is None


@given(st.integers(0, 9999), st.text("abcXYZ0 ,.()'-_@", max_size=20))
def test_an_action_is_read_as_it_was_written(ref: int, text: str) -> None:
    assert parse(str(write(ref, text))) == write(ref, text)
    assert parse(str(click(ref))) == click(ref)


SEEN = Observation.from_page(
    [
        element("input", 1, type="text"), element("input", 2, type="checkbox"),
        element("input", 3, type="text", disabled=""), element("textarea", 4),
        element("select", 5, element("optgroup", 6, element("option", 7, "red"))),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        (click(2), None),
        (Action("noop"), None),
        (Action("press", None, "Enter"), None),
        (Action("click"), "no_number"),
        (click(8), "gone"),
        (click(9), "never_seen"),
        (click(3), "disabled"),
        (write(1, "x"), None),
        (write(4, "x"), None),
        (write(2, "x"), "no_field"),
        (write(5, "x"), "no_field"),
        (Action("select", 5, "red "), None),
        (Action("select", 5, "blue"), "no_such_option"),
        (Action("select", 1, "red"), "no_list"),
    ],
)
def test_why_an_element_cannot_be_acted_on(action: Action, wanted: str | None) -> None:
    found = bad_reference(action, SEEN, {1, 8})
    assert found == wanted
    assert found is None or found in BAD_REFERENCES
