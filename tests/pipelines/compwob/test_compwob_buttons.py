from __future__ import annotations

import pytest
from compwob_web import button, element, page, text

from pipelines.compwob.buttons import ends_a_form, labelled, likely_end, nearest, standing
from pipelines.compwob.place import Place
from pipelines.compwob.wording import Ask


def test_the_exact_label_comes_before_the_same_label_and_buttons_before_links() -> None:
    place = Place(page(button(2, "ok"), button(3, "OK"), element("a", 4, "OK")))
    assert [n.ref for n in labelled(Ask("press", ("OK",)), place)] == [3]
    assert [n.ref for n in labelled(Ask("press", ("OK",), "link"), place)] == [4]
    assert [n.ref for n in labelled(Ask("press", ("Ok",)), place)] == [2, 3]
    assert labelled(Ask("press", ("No",)), place) == []


@pytest.mark.parametrize(("label", "ends"), [("Log  in", True), ("SEND", True), ("Help", False)])
def test_names_of_buttons_that_end_a_form(label: str, ends: bool) -> None:
    assert ends_a_form(label) == ends


def test_a_button_of_type_submit_ends_a_form_most_likely() -> None:
    root = page(button(2, "Help"), button(3, "Go"), element("button", 4, "Now", type="submit"))
    assert [n.ref for n in sorted(root.children, key=likely_end)] == [4, 3, 2]


def test_the_nearest_lies_together_with_what_was_filled_in_and_the_standing_one_alone() -> None:
    form = element("div", 10, text(2), button(3, "OK"))
    place = Place(page(button(4, "OK"), form, button(5, "OK")))
    found = labelled(Ask("press", ("OK",)), place)
    assert nearest(found, place, 2, set()).ref == 3
    assert standing(found, place, None, set()).ref != 3
    # Without anything filled in there is nothing to be near to; one that was pressed comes last.
    assert nearest(found, place, None, set()).ref == standing(found, place, None, set()).ref
    assert standing(found, place, None, {4, 5}).ref == 3
