from __future__ import annotations

from typing import Any

import pytest
from compwob_web import box, button, element, page, text

from measurand.web.observation import Node
from pipelines.compwob.actions import Action, click, write
from pipelines.compwob.plain import Hand
from pipelines.compwob.wording import asks


def done(said: str, *seen: Node) -> list[Action | None]:
    """What is done on pages that change in this way."""
    wanted = asks(said)
    assert wanted is not None
    hand = Hand(wanted, {"big": frozenset({"big", "large"})})
    return [hand.act(one, 0, len(wanted)) for one in seen]


def test_a_form_ends_with_the_button_beside_what_was_filled_in_last() -> None:
    one = element("div", 10, box(2), "a", box(3), "b", button(4, "OK"))
    two = element("div", 11, text(5), button(6, "OK"))
    filled = element("div", 11, text(5, "x"), button(6, "OK"))
    said = 'Enter "x" into the text field and press OK'
    assert done(said, page(one, two), page(one, filled)) == [write(5, "x"), click(6)]


def test_on_a_flat_page_it_is_the_next_button() -> None:
    content = ("w", text(2, "x"), button(3, "Submit"), box(4), "a", box(5), "b",
               button(6, "Submit"), button(7, "Submit"))  # fmt: skip
    assert done("Select b and click Submit", page(*content), page(*content)) == [click(5), click(6)]


def test_a_button_that_stands_alone_ends_no_form() -> None:
    form = element("div", 10, element("p", 11, box(2), "a"), element("p", 12, button(3, "OK")))
    assert done("Click on the OK button", page(form, element("p", 13, button(4, "OK")))) == [
        click(4)
    ]


@pytest.mark.parametrize("label", ["OK", "Send", "Done", "Go"])
def test_a_button_of_another_name_ends_the_form_where_none_has_the_name(label: str) -> None:
    seen = page(button(2, "Help"), box(3), "a", box(4), "b", button(5, label))
    assert done("Select a and click Submit", seen, seen)[-1] == click(5)


def test_a_button_that_is_named_but_not_there_is_not_replaced() -> None:
    assert done('Click on the "Yes" button', page(button(2, "No"))) == [None]


def test_one_button_serves_two_clauses_and_two_groups() -> None:
    seen = page(box(2, name="g"), "a", box(3, name="g"), "b", box(4, name="h"), "b",
                box(5, name="h"), "c", button(6, "Submit"))  # fmt: skip
    said = "Select b, select b and click Submit"
    assert done(said, seen, seen, seen) == [click(3), click(4), click(6)]


def test_several_names_mean_boxes_that_can_all_be_ticked() -> None:
    seen = page(box(2, name="g"), "a", box(3, name="g"), "b", box(4, "checkbox"), "b",
                box(5, "checkbox"), "a", button(6, "OK"))  # fmt: skip
    assert done("Select a, b and click OK", seen, seen) == [click(5), click(4)]


def test_a_box_that_nobody_asked_for_is_unticked_before_the_form_ends() -> None:
    before = page(box(2, "checkbox"), "a", box(3, "checkbox", checked=""), "b", button(4, "OK"))
    ticked = page(box(2, "checkbox", checked=""), "a", box(3, "checkbox", checked=""), "b",
                  button(4, "OK"))  # fmt: skip
    after = page(box(2, "checkbox", checked=""), "a", box(3, "checkbox"), "b", button(4, "OK"))
    assert done("Tick a and press OK", before, ticked, after) == [click(2), click(3), click(4)]


def test_fields_are_found_by_their_labels_and_dates_by_their_type() -> None:
    day = element("input", 4, type="date", value="")
    seen = page("First name", text(2), "Last name", text(3), "Born", day)
    said = 'Enter "Lee" as the last name, and enter 03/04/2021 as the date'
    filled = page("First name", text(2), "Last name", text(3, "Lee"), "Born", day)
    assert done(said, seen, filled) == [write(3, "Lee"), write(4, "2021-03-04")]


def test_a_text_that_does_not_stay_is_written_twice_and_into_the_same_field() -> None:
    seen = page(text(2), text(3), button(4, "OK"))
    said = 'Enter "x" into the text field and press OK'
    assert done(said, seen, seen, seen) == [write(2, "x"), write(2, "x"), click(4)]


def test_both_fields_get_the_same_text() -> None:
    def secret(ref: int, value: str) -> dict[str, Any]:
        return element("input", ref, type="password", value=value)

    seen = [page(text(2), secret(3, one), secret(4, two)) for one, two in (("", ""), ("x", ""))]
    said = 'Enter the password "x" into both text fields'
    assert done(said, *seen) == [write(3, "x"), write(4, "x")]


def test_lists_words_of_like_meaning_and_keys() -> None:
    listed = element(
        "select", 2, element("option", 3, "red"), element("option", 4, "big"), value=""
    )
    assert done("Choose red from the list", page(listed)) == [Action("select", 2, "red")]
    boxes = page(box(5, "checkbox"), "large", box(6, "checkbox"), "small")
    assert done("Select words similar to big", boxes) == [click(5)]
    assert done("Press Enter", page(text(2))) == [Action("press", None, "Enter")]


def test_a_link_is_a_link_and_what_is_not_there_is_not_pressed() -> None:
    seen = page(
        button(2, "go"), element("a", 3, "go"), element("span", 4, "x", **{"class": "alink"})
    )
    assert done('Click on the link "go"', seen) == [click(3)]
    assert done('Click on the link "x"', seen) == [click(4)]
    assert done("Select nobody", seen) == [None]
