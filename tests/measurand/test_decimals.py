from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measurand.dialects import Dialect
from measurand.responses import Responses, read


def table(text: str, decimal: str | None = None) -> Responses:
    return read(io.BytesIO(text.encode()), "t.csv", dialect=Dialect(decimal=decimal))


def values(cells: list[str], decimal: str | None = None) -> list[float]:
    found = table("\n".join(["id;a", *(f"p{i};{cell}" for i, cell in enumerate(cells))]), decimal)
    numbers = found.numbers("a")
    return [] if numbers.n_bad else numbers.values.tolist()


MARKS = {
    "german": (".", ","),
    "english": (",", "."),
    "swiss": ("\u2019", "."),
    "blanks": (" ", "."),
    "french": ("\u00a0", ","),
    "thin": ("\u202f", ","),
}


def written(value: float, way: str) -> str:
    thousands, decimal = MARKS[way]
    return f"{value:,.2f}".translate({ord(","): thousands, ord("."): decimal})


@pytest.mark.parametrize("way", MARKS)
@given(quarters=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_one_number_however_it_is_written(way: str, quarters: list[int]) -> None:
    numbers = [1234.25, *(q / 4 for q in quarters)]
    assert values([written(x, way) for x in numbers]) == numbers


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1.234,5", "2.000", "10,5"], [1234.5, 2000, 10.5]),
        (["1,234.5", "2,000", "10.5"], [1234.5, 2000, 10.5]),
        (["1'234.5", "2'000", "10.5"], [1234.5, 2000, 10.5]),
        (["1 234,5 %", "12,5%"], [12.345, 0.125]),
        (["\u22121.5", "2"], [-1.5, 2]),
    ],
)
def test_marks_that_can_be_read_in_one_way(cells: list[str], numbers: list[float]) -> None:
    assert values(cells) == pytest.approx(numbers)


@pytest.mark.parametrize(
    "cells", [["1,234", "5,500"], ["1,234.5", "12,5"], ["1 2345"], ["12 34"], ["0 123"], ["1''234"]]
)
def test_marks_that_could_be_two_things_are_no_numbers(cells: list[str]) -> None:
    assert values(cells) == []


def test_what_stands_between_thousands_is_said() -> None:
    for cell, number in (("1 234,5", "1234,5"), ("1'234.5", "1234.5"), ("1,234.5", "1234.5")):
        found = table(f"id;a\np1;{cell}\n")
        assert found.numbers("a").values.tolist() == [1234.5]
        assert any(f"{cell} is {number}" in text for text in found.understood)


def test_names_and_texts_keep_their_marks() -> None:
    found = table("id;a\n1 234;1,5\n1'234;2\n")
    assert found.ids("id") == ["1 234", "1'234"]
    assert np.array_equal(found.numbers("a").values, [1.5, 2])
