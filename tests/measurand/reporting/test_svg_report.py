from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from measurand.reporting import svg


@given(st.text(), st.text())
def test_text_and_attributes_are_escaped(words: str, attribute: str) -> None:
    made = svg.element("g", svg.text(0, 0, words, columns=10_000), id=attribute)
    parsed = ElementTree.fromstring(made)
    assert [child.tag for child in parsed] == ["text"]
    assert len(parsed[0]) == 0


def test_markup_is_kept_and_strings_are_not_markup() -> None:
    made = svg.element("g", Markup("<a/>"), "<b/>", class_="x", stroke_width=1.0, dx=None)
    assert made == '<g class="x" stroke-width="1"><a/>&lt;b/&gt;</g>'


@pytest.mark.parametrize(
    ("value", "words"), [(1.0, "1"), (1.005, "1"), (-0.001, "0"), (12.345, "12.35"), (0.1, "0.1")]
)
def test_coordinates_have_two_decimals_at_most(value: float, words: str) -> None:
    assert svg.px(value) in (words, words.replace("12.35", "12.34"))


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_ticks_are_round_even_and_inside(low: float, span: float, wanted: int) -> None:
    high = low + span
    marks = svg.ticks(low, high, wanted)
    assert len(marks) <= wanted + 1
    assert all(low - 1e-6 * span <= v <= high + 1e-6 * span for v in marks)
    steps = [b - a for a, b in pairwise(marks)]
    assert all(abs(step - steps[0]) < 1e-6 * span for step in steps)


def test_tick_labels_have_the_decimals_of_their_step() -> None:
    marks = svg.ticks(0.4, 1.0, 6)
    assert [svg.tick_text(v, marks) for v in marks] == [
        "0.4",
        "0.5",
        "0.6",
        "0.7",
        "0.8",
        "0.9",
        "1.0",
    ]
    marks = svg.ticks(0, 75_000, 4)
    assert [svg.tick_text(v, marks) for v in marks][:2] == ["0", "20\u2009000"]
    assert svg.ticks(3, 3) == [3]


def test_a_scale_holds_its_values_inside_the_plot() -> None:
    scale = svg.Scale(0, 1, 100, 200)
    assert [scale(v) for v in (-5, 0, 0.25, 1, 9)] == [100, 100, 125, 200, 200]
    assert svg.Scale(2, 2, 100, 200)(2) == 100


def test_a_legend_wraps() -> None:
    swatch = svg.mark(8, -4, "diamond", "s0")
    one, below_one = svg.keys([("alpha", swatch)] * 2, 700)
    two, below_two = svg.keys([("alpha", swatch)] * 20, 340)
    assert below_two > below_one
    assert "translate(0 32)" in two
    assert svg.keys([], 700) == ("", 4.0)
    assert one.count("<g") == 2


def test_labels_are_cut_as_far_as_they_stay_apart() -> None:
    assert svg.columns_apart(["short", "other"], 24) == 24
    long = ["a" * 40 + "b", "a" * 40 + "c"]
    assert svg.columns_apart(long, 24) == 41
    assert svg.columns_apart(["x" * 26 + "1" * 30, "x" * 26 + "2" * 30], 24) == 28
    assert svg.columns_apart([], 24) == 24


def test_a_line_of_many_points_is_exact_to_a_tenth() -> None:
    few = svg.path([(0.126, 1.0), (2.0, 3.0)], "line")
    many = svg.path([(i + 0.126, 1.0) for i in range(30)], "line")
    assert "M0.13 1L2 3" in few
    assert "M0.1 1L1.1 1" in many
