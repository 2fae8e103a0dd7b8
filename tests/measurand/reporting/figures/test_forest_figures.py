from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from measurand.reporting.document import Figure
from measurand.reporting.figures import draw, forest, twin

ROW = {"label": "E", "estimate": 0.5, "lower": 0.4, "upper": 0.6}


def svg_of(**data: object) -> ElementTree.Element:
    return ElementTree.fromstring(draw(Figure("forest", "t", "d", data), "u"))


def marks(svg: ElementTree.Element, tag: str, class_: str) -> list[ElementTree.Element]:
    return [node for node in svg.iter(tag) if class_ in node.get("class", "").split()]


def ticks_of(svg: ElementTree.Element) -> dict[float, float]:
    pairs = {}
    for node in marks(svg, "text", "tick"):
        if re.fullmatch(r"−?[\d.]+", node.text or ""):
            pairs[float((node.text or "").replace("−", "-"))] = float(node.get("x", "nan"))
    return pairs


def test_a_dot_and_its_interval_stand_where_the_axis_says() -> None:
    svg = svg_of(rows=[ROW], axis="alpha")
    ticks = ticks_of(svg)
    unit = ticks[1.0] - ticks[0.0]
    (dot,) = marks(svg, "circle", "s0")
    (whisker,) = marks(svg, "line", "whisker")
    assert float(dot.get("cx", "")) == pytest.approx(ticks[0.0] + 0.5 * unit, abs=0.02)
    assert float(whisker.get("x1", "")) == pytest.approx(ticks[0.0] + 0.4 * unit, abs=0.02)
    assert float(whisker.get("x2", "")) == pytest.approx(ticks[0.0] + 0.6 * unit, abs=0.02)
    assert dot.get("cy") == whisker.get("y1")


def test_limit_and_bands_stand_at_their_values() -> None:
    bands = [
        {"low": None, "high": 0.5, "label": "poor"},
        {"low": 0.5, "high": None, "label": "good"},
    ]
    svg = svg_of(rows=[ROW], limit=0.7, limit_label="gate", bands=bands)
    ticks = ticks_of(svg)
    unit = ticks[1.0] - ticks[0.0]
    (limit,) = marks(svg, "line", "limit")
    assert float(limit.get("x1", "")) == pytest.approx(ticks[0.0] + 0.7 * unit, abs=0.02)
    (first,) = marks(svg, "rect", "band0")
    assert float(first.get("width", "")) == pytest.approx(0.5 * unit, abs=0.02)
    assert {"poor", "good", "gate"} <= {node.text for node in svg.iter("text")}


def test_a_null_is_a_dash_with_its_reason_and_no_dot() -> None:
    svg = svg_of(rows=[{"label": "E", "estimate": None, "reason": "constant items"}, ROW])
    assert len(marks(svg, "circle", "s0")) == 1
    assert "— constant items" in [node.text for node in svg.iter("text")]


def test_what_leaves_the_axis_is_an_arrow_at_its_end() -> None:
    rows = [{"label": "E", "estimate": -0.86, "lower": -1.2, "upper": -0.5}]
    wide = svg_of(rows=rows)
    assert len(marks(wide, "circle", "s0")) == 1  # the axis widens by itself
    held = svg_of(rows=rows, minimum=0, maximum=1)
    assert not marks(held, "circle", "s0")
    assert len(marks(held, "path", "s0")) == 1


def test_series_differ_by_shape_and_share_a_line() -> None:
    rows = [{**ROW, "series": name} for name in ("alpha", "lambda-6", "omega")]
    svg = svg_of(rows=rows)
    texts = [node.text for node in svg.iter("text")]
    assert texts.count("E") == 1
    assert {"alpha", "lambda-6", "omega"} <= set(texts)
    assert len(marks(svg, "circle", "s0")) == 2  # key and dot
    assert len(marks(svg, "path", "s1")) == len(marks(svg, "path", "s2")) == 2


def test_groups_get_a_heading_once() -> None:
    rows = [{**ROW, "label": label, "group": "facets"} for label in "ab"]
    texts = [node.text for node in svg_of(rows=rows).iter("text")]
    assert texts.count("facets") == 1


def test_the_twin_says_the_same() -> None:
    rows = [{**ROW, "series": "alpha"}, {"label": "A", "estimate": None, "reason": "why"}]
    bands = [{"low": None, "high": 0.5, "label": "poor"},
             {"low": 0.5, "high": 0.7, "label": "fair"},
             {"low": 0.7, "high": None, "label": "good"}]  # fmt: skip
    table = twin(Figure("forest", "t", "d", {"rows": rows, "limit": 0.7, "bands": bands}))
    assert list(table.columns) == ["row", "series", "estimate"]
    assert table.rows[0][2] == {"estimate": 0.5, "lower": 0.4, "upper": 0.6, "reason": "undefined"}
    assert table.rows[1][2]["reason"] == "why"
    assert table.notes == [
        "Limit: 0.7.", "Bands: poor below 0.50; fair 0.50 to 0.70; good from 0.70.",
    ]  # fmt: skip


def test_the_axis_reaches_every_estimate() -> None:
    assert forest.reach({"rows": [ROW]}) == (0.0, 1.0)
    low, high = forest.reach({"rows": [{"estimate": -12.0}, {"estimate": 3.0}]})
    assert low < -12
    assert high > 3


def test_few_estimates_far_from_all_others_do_not_squeeze_the_axis() -> None:
    rows = [{"estimate": v} for v in (0.7, 0.8, 0.75, 0.9, 0.85, 0.8, -35.9)]
    assert forest.reach({"rows": rows}) == (0.0, 1.0)
    svg = svg_of(rows=[{"label": str(i), **row} for i, row in enumerate(rows)])
    assert "−35.90" in [node.text for node in svg.iter("text")]
    spread = [{"estimate": v} for v in (-9.0, -5.0, -1.0, 0.5, 3.0, 8.0)]
    low, high = forest.reach({"rows": spread})
    assert low < -9
    assert high > 8


def test_an_axis_around_a_value_is_as_wide_as_its_figures() -> None:
    rows = [{"estimate": 0.06, "lower": -0.02, "upper": 0.1}, {"estimate": 0.0}]
    low, high = forest.reach({"rows": rows, "around": 0.0})
    assert -0.03 < low < 0
    assert 0.06 < high < 0.12


def test_long_names_stand_above_their_dots_on_a_phone() -> None:
    names = ["sentiment_film, supervised-flipped", "sentiment_film, supervised-abstract"]
    rows = [{**ROW, "label": name} for name in names]
    svg = ElementTree.fromstring(draw(Figure("forest", "t", "d", {"rows": rows}), "u", 320.0))
    texts = [node.text for node in svg.iter("text")]
    assert set(names) <= set(texts)
    assert texts.count("0.50 [0.40, 0.60]") == 2


def test_one_difference_that_is_far_off_does_not_squeeze_the_others() -> None:
    near = [
        {"estimate": e, "lower": e - 0.1, "upper": e + 0.1} for e in (-0.3, -0.1, 0.0, 0.02, 0.4)
    ]
    far = {"estimate": -613.0, "lower": -826.0, "upper": -399.0}
    low, high = forest.reach({"rows": [*near, far], "around": 0.0})
    assert -1 < low < -0.3
    assert 0.4 < high < 1
