from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.texts import normalise


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    "same",
    [
        ("What is 3 - 5?", "  WHAT is\n3 - 5 ?"),
        (
            "\N{LEFT DOUBLE QUOTATION MARK}No\N{RIGHT DOUBLE QUOTATION MARK}, she said.",
            "no she said",
        ),
        ("f(x) = 2.5", "F ( x ) = 2.5."),
        ("-7", "\N{MINUS SIGN}7"),
        ("\N{LATIN SMALL LIGATURE FI}ve \N{FULLWIDTH DIGIT TWO}", "five 2"),
        ("Stra\N{LATIN SMALL LETTER SHARP S}e", "STRASSE"),
    ],
)
def test_case_spaces_punctuation_and_forms_make_no_other_question(same: tuple[str, str]) -> None:
    assert normalise(same[0]) == normalise(same[1])


@pytest.mark.parametrize(
    "other",
    [
        ("3 - 5", "3 5"),
        ("-3", "3"),
        ("2.5", "25"),
        (".5", "5"),
        ("1,000", "1,0,00"),
        ("3 - 5", "5 - 3"),
        ("(1 + 2) * 3", "1 + (2 * 3)"),
        ("[ < >", "< [ >"),
        ("12:30", "12 30"),
    ],
)
def test_numbers_signs_brackets_and_order_make_another_question(other: tuple[str, str]) -> None:
    assert normalise(other[0]) != normalise(other[1])


@given(
    st.lists(st.one_of(st.integers(-(10**6), 10**6), st.decimals(-99, 99, places=2)), min_size=1),
    st.sampled_from([" ", ", ", "; ", " - ", ") (", "! "]),
)
def test_every_number_survives_in_its_place(numbers: list[Any], between: str) -> None:
    text = f"Take {between.join(map(str, numbers))}."
    assert re.findall(r"-?\d+(?:\.\d+)?", normalise(text)) == [str(n) for n in numbers]
