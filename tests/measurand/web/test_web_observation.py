from __future__ import annotations

from typing import Any

import pytest

from measurand.web.observation import Observation, words


def element(tag: str, ref: int, *content: Any, **attributes: str) -> dict[str, Any]:
    return {"t": tag, "r": ref, "a": attributes, "c": list(content)}


PAGE = [
    element("div", 1, "Hello", element("b", 2, "<you>"), "there"),
    element("div", 3, element("ul", 4, element("li", 5, "x"), element("li", 6, "y"))),
]


def test_the_text_escapes_what_a_page_says() -> None:
    seen = Observation.from_page([element("input", 1, value='a"<b', checked="")])
    assert seen.html == '<input ref="1" value="a&quot;&lt;b" checked></input>'
    assert Observation.from_page(PAGE).html.startswith(
        '<div ref="1">Hello<b ref="2">&lt;you&gt;</b>there</div>'
    )


def test_text_own_text_and_look_up() -> None:
    seen = Observation.from_page(PAGE)
    first = seen.node(1)
    assert first is not None
    assert (first.text, first.own_text) == ("Hello <you> there", "Hello there")
    assert seen.node(99) is None
    assert seen.node(None) is None
    assert [node.ref for node in seen.nodes()] == [1, 2, 3, 4, 5, 6]


def test_complexity_counts_elements_levels_and_the_largest_part() -> None:
    found = Observation.from_page(PAGE).complexity()
    assert found["html_nodes"] == 6
    assert found["max_subtree"] == 4
    assert found["depth"] == 3
    assert found["html_chars"] == len(Observation.from_page(PAGE).html)


def test_the_text_is_the_whole_of_what_is_seen() -> None:
    more = element("input", 7, type="checkbox", checked="", value='a"&<b')
    seen = Observation.from_page([*PAGE, element("div", 8, "a & b", more)])
    again = Observation.from_html(seen.html)
    assert again.html == seen.html
    assert [n.attributes for n in again.nodes()] == [n.attributes for n in seen.nodes()]
    with pytest.raises(ValueError, match="not closed"):
        Observation.from_html('<div ref="1">')


def test_an_empty_page_has_a_size_too() -> None:
    assert Observation(()).complexity()["html_nodes"] == 0


def test_equal_pages_have_equal_hashes_and_a_tick_changes_them() -> None:
    ticked = [PAGE[0], element("input", 7, checked="")]
    assert Observation.from_page(PAGE).sha256 == Observation.from_page(PAGE).sha256
    assert Observation.from_page(ticked).sha256 != Observation.from_page([PAGE[0]]).sha256


def test_words_and_signs_are_counted() -> None:
    assert words('Click on the "ok" button.') == [
        "Click", "on", "the", '"', "ok", '"', "button", "."
    ]  # fmt: skip
