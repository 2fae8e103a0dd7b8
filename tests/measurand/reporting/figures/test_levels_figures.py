from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from measurand.reporting.document import Figure
from measurand.reporting.figures import draw, levels, twin

ROWS = [
    {"panel": "E", "series": s, "level": level, "estimate": 1 + level / 3 if s == "E" else 3.0,
     "lower": 1.0, "upper": 4.5}
    for s in ("E", "A")
    for level in (1, 5, 9)
]  # fmt: skip
DATA = {"rows": ROWS, "minimum": 1, "maximum": 5, "axis": "median"}


def test_the_prompted_trait_is_drawn_strongly() -> None:
    svg = ElementTree.fromstring(draw(Figure("levels", "t", "d", DATA), "u"))
    classes = [n.get("class") for n in svg.iter("path")]
    assert (classes.count("trace own"), classes.count("trace other")) == (1, 1)
    assert classes.count("spread") == 1
    assert len(list(svg.iter("circle"))) == 3


def test_a_single_level_and_a_null_draw() -> None:
    one = [{**ROWS[0], "level": 1}, {**ROWS[3], "estimate": None, "reason": "constant"}]
    figure = Figure("levels", "t", "d", {**DATA, "rows": one})
    assert len(list(ElementTree.fromstring(draw(figure, "u")).iter("circle"))) == 1
    assert twin(figure).rows[1][2]["reason"] == "constant"


def test_names_are_shortened_to_what_tells_them_apart() -> None:
    assert levels.prefixes(["Extraversion", "Agreeableness"]) == {
        "Extraversion": "E", "Agreeableness": "A",
    }  # fmt: skip
    assert levels.prefixes(["calm", "cold", "cal"]) == {"calm": "calm", "cold": "co", "cal": "cal"}


@given(st.lists(st.floats(0, 130), min_size=1, max_size=9))
def test_labels_do_not_touch(ys: list[float]) -> None:
    moved = levels.apart([(y, "x", False) for y in ys], 11.0)
    assert all(b[0] - a[0] >= 11.0 - 0.5 for a, b in pairwise(moved))
