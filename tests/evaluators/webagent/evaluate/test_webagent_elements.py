from __future__ import annotations

from evaluators.webagent.evaluate.elements import numbers_in, same, shows

HERE = '<ul><li><a data-ref="5" href="/a">Open</a></li><li><a data-ref="9" href="/a">Open</a></ul>'
THERE = '<ul><li><a data-ref="1" href="/a">Open</a></li><li><a data-ref="2" href="/a">Open</a></ul>'


def test_the_same_element_has_another_number() -> None:
    old = '<p><input data-ref="3" id="city" value=""><button data-ref="4">Go</button></p>'
    new = '<p><button data-ref="8">Go</button><input data-ref="7" id="city" value="Oslo"></p>'
    assert same([3, 4], old, new) == [[7], [8]]


def test_of_elements_that_are_alike_the_one_in_the_same_place() -> None:
    assert same([2], THERE, HERE) == [[9]]
    assert same([2], THERE, HERE.replace('data-ref="9" href="/a"', 'data-ref="9"')) == [[5]]


def test_what_the_page_lacks_is_nothing() -> None:
    assert same([1], THERE, "<p data-ref='1'>Open</p>") == [[]]
    assert same([77], THERE, HERE) == [[]]


def test_numbers_that_a_program_names_however_it_quotes_them() -> None:
    program = "a('[data-ref=\"12\"]')\nb(\"[data-ref='3']\")\nc('//*[@data-ref=4]')\nd(5)"
    assert numbers_in(program) == {12, 3, 4}
    assert shows(HERE, [9])
    assert not shows(HERE, [1, 2])
