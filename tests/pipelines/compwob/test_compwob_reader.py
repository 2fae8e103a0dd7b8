from __future__ import annotations

import pytest
from compwob_web import element

from measurand.web.observation import Observation
from pipelines.compwob.actions import click
from pipelines.compwob.reader import Reader

OK = element("p", 2, element("button", 3, "OK"))
LINK = element("p", 4, element("a", 5, "go"))
FORM = element("p", 6, element("input", 7, type="radio"), "Q", element("button", 8, "Done"))
PLAIN = Observation.from_page([element("div", 1, OK, LINK, FORM)])
SENTENCES = (
    'Click on the "OK" button, click on the link "go", and then select Q and press Done.',
    'Click on the link "go", and select Q and press Done, after clicking on the "OK" button.',
    'Select Q and press Done after clicking on the "OK" button and clicking on the link "go".',
    'First, click on the "OK" button. Second, click on the link "go". Select Q and press Done.',
    'Once you have clicked on the "OK" button, click the link "go", and select Q and press Done.',
    'After clicking on the "OK" button, click on the link "go", then select Q and press Done.',
    'Before selecting Q and pressing Done, click on the "OK" button and click on the link "go".',
)


def _done(reader: Reader, sentence: str) -> list[object]:
    reader.start(sentence)
    return [reader.act(PLAIN) for _ in range(5)]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_clauses_of_one_plain_page_are_done_in_the_order_that_the_sentence_says(
    sentence: str,
) -> None:
    wanted = [click(3), click(5), click(7), click(8), None]
    assert _done(Reader({}), sentence) == wanted


@pytest.mark.parametrize("sentence", SENTENCES[1:3])
def test_who_ignores_after_begins_with_what_is_named_first(sentence: str) -> None:
    assert _done(Reader({}, follows_after=False), sentence)[0] != click(3)


def test_it_stops_where_it_does_not_understand() -> None:
    said = 'Click on the "OK" button, and then dance.'
    assert _done(Reader({}), said) == [click(3), None, None, None, None]


def test_a_clause_waits_for_the_view_that_shows_it() -> None:
    reader = Reader({})
    reader.start('Click on the "OK" button, and then click on the link "go".')
    first = Observation.from_page([element("div", 1, OK)])
    assert reader.act(first) == click(3)
    assert reader.act(first) is None
    assert reader.act(Observation.from_page([element("div", 1, LINK)])) == click(5)
