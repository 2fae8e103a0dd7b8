from __future__ import annotations

from typing import Any

import pytest
from compwob_web import element

from measurand.web.observation import Node, Observation
from pipelines.compwob.actions import click, write
from pipelines.compwob.pages import Wheel
from pipelines.compwob.solvers import Step, solve, synonyms_of


def panel(*content: Any) -> Node:
    return Observation.from_page([element("div", 1, *content)]).roots[0]


SUBMIT = element("button", 90, "Submit", id="subbtn")


def box(ref: int, label: str, kind: str = "checkbox", **more: str) -> dict[str, Any]:
    return element("label", ref + 50, element("input", ref, type=kind, **more), label)


def test_boxes_are_ticked_unticked_and_submitted_in_turn() -> None:
    wanted = {"names": "a, c"}
    assert solve("select", wanted, panel(box(2, "a"), box(3, "b"), box(4, "c"), SUBMIT), {}) == (
        Step(click(2), False)
    )
    wrong = panel(box(2, "a", checked=""), box(3, "b", checked=""), box(4, "c"), SUBMIT)
    assert solve("select", wanted, wrong, {}) == Step(click(3), False)
    right = panel(box(2, "a", checked=""), box(3, "b"), box(4, "c", checked=""), SUBMIT)
    assert solve("select", wanted, right, {}) == Step(click(90), True)


def test_a_panel_without_what_is_asked_for_is_not_the_one() -> None:
    assert solve("select", {"names": "z"}, panel(box(2, "a"), SUBMIT), {}) is None
    assert solve("select", {"names": "a"}, panel(box(2, "a")), {}) is None
    assert solve("click-button", {"text": "ok"}, panel(SUBMIT), {}) is None
    assert solve("click-dialog", {}, panel(SUBMIT), {}) is None
    assert solve("login-user", {"user": "a", "password": "b"}, panel(SUBMIT), {}) is None


def test_an_option_is_chosen_first() -> None:
    options = panel(box(2, "a", "radio"), box(3, "b", "radio"), SUBMIT)
    assert solve("select", {"names": "b"}, options, {}) == Step(click(3), False)


def test_words_of_like_meaning_are_ticked() -> None:
    words = {"red": frozenset({"red", "crimson"})}
    page = panel(box(2, "crimson"), box(3, "big"), SUBMIT)
    asked = {"names": "red"}
    assert solve("click-checkboxes-soft", asked, page, words) == Step(click(2), False)
    assert solve("click-checkboxes-soft", asked, page, {}) is None


def test_a_popup_is_sent_away_before_the_form_is_filled() -> None:
    form = (element("input", 2, id="username", type="text", value="", disabled=""),
            element("input", 3, id="password", type="password", value=""), SUBMIT)  # fmt: skip
    popup = element("div", 4, element("button", 5, "OK"), element("button", 6, "Cancel"),
                    id="popup")  # fmt: skip
    asked = {"user": "ada", "password": "x"}
    assert solve("login-user", asked, panel(*form, popup), {}) == Step(click(6), False)
    assert solve("login-user", asked, panel(*form), {}) == Step(write(2, "ada"), False)


def test_the_sequence_is_one_then_two() -> None:
    asked: dict[str, str] = {}
    page = panel(element("button", 2, "ONE"), element("button", 3, "TWO"))
    assert solve("click-button-sequence", asked, page, {}) == Step(click(2), False)
    assert solve("click-button-sequence", asked, page, {}) == Step(click(3), True)


@pytest.mark.parametrize(("place", "ref"), [("2", 12), ("5", 22)])
def test_results_of_later_pages_are_turned_to(place: str, ref: int) -> None:
    field = element("input", 2, id="search-text", type="text", value="Ada")
    results = [element("a", 11 + i, "r", **{"class": "search-title"}) for i in range(3)]
    tabs = [element("li", 30 + i, element("a", 21 + i, str(i + 1)),
                    **{"class": "page-item active" if i == 0 else "page-item"})
            for i in range(3)]  # fmt: skip
    step = solve(
        "search-engine", {"text": "Ada", "place": place}, panel(field, *results, *tabs), {}
    )
    assert step is not None
    assert step.action == click(ref)


def test_movie_fields_are_found_by_the_label_in_their_row() -> None:
    rows = [element("p", 10 + i, element("span", 20 + i, label),
                    element("input", 30 + i, type="text", value=value))
            for i, (label, value) in enumerate(
                [("Year:", "1999"), ("Genre:", "crime"), ("Director:", "")])]  # fmt: skip
    asked = {"genre": "crime", "director": "Lee", "year": "1999"}
    assert solve("multi-layouts", asked, panel(*rows, SUBMIT), {}) == Step(write(32, "Lee"), False)


def test_synonyms_are_those_of_the_page(miniwob: Wheel) -> None:
    found = synonyms_of(miniwob)
    assert "crimson" in found["red"]
    assert "water" in found
    assert "red" not in found["big"]
