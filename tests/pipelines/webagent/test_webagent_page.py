from __future__ import annotations

import pytest

from pipelines.webagent.html import count
from pipelines.webagent.page import Seen

PAGE = """<body><nav data-ref="1"><a href="/x" data-ref="2">Home</a></nav>
<main data-ref="3"><form data-ref="4"><div data-ref="5"><label for="a" data-ref="6">City</label>
<input id="a" data-ref="7" value="x"></div><p data-ref="8">A long text that nobody needs</p>
<fieldset data-ref="20"><legend data-ref="21">Pets</legend><label data-ref="9"><input type="radio"
value="c" data-ref="10"> <span data-ref="11">Cats</span></label></fieldset><table><tr>
<th id="t">Beds</th><td><select aria-labelledby="t" data-ref="12"><option>1</option></select>
</td></tr></table>
<input type="submit" value="Go" data-ref="13"></form></main></body>"""


def test_elements_by_what_they_are_called() -> None:
    seen = Seen(PAGE)
    city, beds = seen.field("City"), seen.field("Beds")
    assert city is not None
    assert (city.ref, city.label) == (7, 6)
    assert beds is not None
    assert beds.ref == 12
    box, button, link = seen.box("Cats", "Pets"), seen.button("Go"), seen.link("Home")
    assert (box and box.ref, button and button.ref, link and link.ref) == (10, 13, 2)


def test_what_is_not_there_is_none() -> None:
    seen = Seen(PAGE)
    assert seen.field("Cats") is None
    assert seen.box("Cats", "Town") is None
    assert seen.button("Home") is None
    assert seen.link("Go") is None
    assert Seen("").field("City") is None
    assert Seen("").refs == frozenset()


def test_a_snippet_holds_what_was_pointed_at_and_what_it_stands_in() -> None:
    snippet = Seen(PAGE).snippet([6, 7], 1000)
    assert 'data-ref="7"' in snippet
    assert snippet.startswith('<form data-ref="4"><div data-ref="5">')
    assert "nobody needs" not in snippet
    assert Seen(snippet).field("City") is not None


def test_snippets_stand_in_the_order_of_the_page() -> None:
    snippet = Seen(PAGE).snippet([13, 2], 1000)
    assert snippet.index('data-ref="2"') < snippet.index('data-ref="13"')


@pytest.mark.parametrize("tokens", [5, 20, 40])
def test_a_snippet_keeps_to_its_budget(tokens: int) -> None:
    assert count(Seen(PAGE).snippet([3], tokens)) <= tokens


def test_numbers_that_are_not_on_the_page_are_left_out() -> None:
    assert Seen(PAGE).snippet([99], 100) == ""
