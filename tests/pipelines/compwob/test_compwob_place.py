from __future__ import annotations

from typing import Any

import pytest
from compwob_web import box, button, element, page, text

from pipelines.compwob.place import Place, caption, is_control, words_around


@pytest.mark.parametrize(
    "content",
    [
        (element("label", 11, box(2), "a"), element("label", 12, "b", box(3))),
        (element("div", 11, box(2), element("span", 12, "a")), element("p", 13, "b", box(3))),
        (box(2), "a", box(3), "b"),
        ("Which?", box(2), "a", box(3), "b"),
        ("a", box(2), "b", box(3)),
        (element("table", 11, element("tr", 12, element("td", 13, "a"), element("td", 14, box(2))),
                 element("tr", 15, element("td", 16, "b"), element("td", 17, box(3)))),),
    ],
)  # fmt: skip
def test_boxes_are_named_in_every_way_in_which_pages_are_written(content: Any) -> None:
    root = page(*content, button(9, "OK"))
    place = Place(root)
    boxes = root.all(lambda n: n.ref in (2, 3))
    assert [place.label(one) for one in boxes] == ["a", "b"]


def test_a_button_says_its_text_its_value_or_what_the_browser_writes_on_it() -> None:
    made = page(button(2, "Go"), element("input", 3, type="submit", value="Send"),
                element("input", 4, type="submit", value=""))  # fmt: skip
    assert [caption(one) for one in made.children] == ["Go", "Send", "Submit"]


def test_what_a_person_would_use_is_a_control_and_words_around_it_say_which() -> None:
    root = page("First name", text(2, name="first_name"), "Last name", text(3), button(4, "OK"))
    place = Place(root)
    assert [n.ref for n in place.all(is_control)] == [2, 3, 4]
    first, last = root.all(lambda n: n.ref in (2, 3))
    assert words_around(first, "first name", place) > words_around(last, "first name", place)
    assert words_around(last, "age", place) == 0
