from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.reporting.text import (
    clean,
    common_decimals,
    decimals,
    interval,
    number,
    shorten,
    width_of,
)


@pytest.mark.parametrize(
    ("half", "places"),
    # GUM 7.2.2 writes 100.021 47 g with u = 0.35 mg as 100.021 47(35): two digits of u.
    [(0.0205, 3), (0.21, 2), (0.05, 3), (1.5, 1), (12.0, 0), (350.0, 0), (1e-9, 4)],
)
def test_intervals_show_two_digits_of_their_half_width(half: float, places: int) -> None:
    assert decimals(10.0, 10.0 - half, 10.0 + half) == places


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "—"),
        (0.0, "0"),
        (0.7, "0.7"),
        (0.715849, "0.716"),
        (-0.5, "−0.5"),
        (14.1, "14.1"),
        (123.456, "123.5"),
        (0.00002711, "2.7e−05"),
        (375000, "375\u2009000"),
        (-1250, "−1\u2009250"),
        (2.5e12, "2.500e+12"),
        (True, "yes"),
    ],
)
def test_numbers(value: float | None, words: str) -> None:
    assert number(value) == words


def test_a_number_that_would_round_to_zero_says_so() -> None:
    assert number(0.0002, 3) == "<0.001"
    assert number(-0.0002, 3) == ">−0.001"
    assert number(0.0, 3) == "0.000"


@given(st.floats(-1e8, 1e8))
def test_rounded_numbers_stay_within_half_a_last_place(value: float) -> None:
    words = number(value).replace("−", "-").replace("\u2009", "")
    places = len(words.split(".")[1]) if "." in words and "e" not in words else 0
    slack = 0.06 * abs(value) if "e" in words else 0.5 * 10.0**-places
    assert math.isclose(float(words), value, abs_tol=slack * 1.0001)


def test_intervals_say_which_end_is_open() -> None:
    assert (
        interval({"estimate": 0.7158, "lower": 0.6942, "upper": 0.7361}) == "0.716 [0.694, 0.736]"
    )
    assert interval({"estimate": 0.995, "lower": 0.991, "upper": None}) == "0.995 [0.991, ∞]"
    assert interval({"estimate": 0.1, "lower": -0.004, "upper": 0.204}) == "0.10 [−0.00, 0.20]"
    assert interval({"estimate": 0.5}) == "0.5"
    assert interval({"estimate": None, "lower": 0.1}) == "—"


def test_one_number_of_decimals_for_a_column() -> None:
    assert common_decimals([{"estimate": v} for v in (9.83, 14.1, 17.62)]) == 2
    assert common_decimals([{"estimate": v} for v in (0.7, 0.95, 0.0)]) == 2
    assert common_decimals([{"estimate": v} for v in (512.25, 0.05)]) == 2
    assert common_decimals([{"estimate": 3}, {"estimate": None}]) is None
    spans = [{"estimate": 0.4, "lower": 0.4 - h, "upper": 0.4 + h} for h in (0.09, 0.15, 0.2)]
    assert common_decimals(spans) == 2


def test_control_characters_are_seen_and_cannot_act() -> None:
    assert clean("a\x1b[31mb\x00\u202ec\ud800\x9b") == "a\ufffd[31mb\ufffd\ufffdc\ufffd\ufffd"
    assert clean("tab\tline\r\nend") == "tab\tline\nend"


@given(st.text(), st.integers(2, 40))
def test_shortened_text_fits_and_is_one_line(text: str, columns: int) -> None:
    short = shorten(text, columns)
    assert width_of(short) <= columns
    assert "\n" not in short
    short.encode()
