from __future__ import annotations

from pipelines.webagent.cutting import LABELS, subtrees, thinned
from pipelines.webagent.html import count, parse

ROW = "<div class=row><label for=n{0}>Field number {0}</label><input id=n{0} name=n{0}></div>"
PAGE = parse("<main>" + "".join(ROW.format(i) for i in range(20)) + "</main>")
SIZE = count(PAGE.html(PAGE.elements[3].first, PAGE.elements[3].last))
"""Words and signs of the first row."""


def test_the_smallest_ancestor_that_is_long_enough_is_taken() -> None:
    rows = subtrees(PAGE, SIZE, 10_000)
    assert [PAGE.html(one.first, one.last) for one in rows] == [
        PAGE.html(e.first, e.last) for e in PAGE.elements if e.tag == "div"
    ]
    assert {one.label for one in rows} == {"label"}
    # One word more than a row has, and it is the whole list, once.
    assert [one.symbols for one in subtrees(PAGE, SIZE + 1, 10_000)] == [
        count(PAGE.html(PAGE.elements[2].first, PAGE.elements[2].last))
    ]


def test_every_part_keeps_to_its_bounds_and_holds_a_label() -> None:
    for least, most in ((5, 30), (30, 64), (64, 2000)):
        for one in subtrees(PAGE, least, most):
            html = PAGE.html(one.first, one.last)
            assert least <= one.symbols == count(html) <= most
            assert one.label in LABELS
            assert f"<{one.label}" in html


def test_pages_without_labels_and_ancestors_too_large_give_nothing() -> None:
    assert subtrees(parse("<div><p>" + "word " * 100 + "</p></div>"), 10, 1000) == []
    assert subtrees(PAGE, SIZE + 1, SIZE + 9) == []


def test_thinning_is_even_and_keeps_order() -> None:
    parts = subtrees(PAGE, 5, 100)
    assert thinned(parts, 100) == parts
    assert thinned(parts, 5) == parts[:: len(parts) // 5][:5]
