from __future__ import annotations

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurand.report.document import Figure
from measurand.report.figures import PHONE, draw, twin
from measurand.report.figures.curves import Axis

SVG = "{http://www.w3.org/2000/svg}"


def row(panel: str, series: str, x: float, y: float | None, **more: Any) -> dict[str, Any]:
    return {"panel": panel, "series": series, "x": x, "estimate": y, "lower": None, "upper": None,
            "reason": None if y is not None else "no answers", **more}  # fmt: skip


ROWS = [row("one", "a", k, k / 64, lower=0.0, upper=1.0) for k in (0, 4, 16, 64)]
DATA: dict[str, Any] = {
    "rows": ROWS, "x_axis": "shots", "y_axis": "share", "x_scale": "log2", "minimum": 0.0,
    "maximum": 1.0,
}  # fmt: skip


def parsed(data: dict[str, Any], width: float = 720.0) -> ElementTree.Element:
    return ElementTree.fromstring(draw(Figure("curves", "t", "d", data), "u", width))


def nodes(data: dict[str, Any], tag: str, class_: str, width: float = 720.0) -> list[Any]:
    root = parsed(data, width)
    found = [*root.iter(tag), *root.iter(SVG + tag)]
    return [n for n in found if class_ in (n.get("class") or "").split()]


def words(data: dict[str, Any], width: float = 720.0) -> list[str]:
    root = parsed(data, width)
    return [n.text or "" for n in [*root.iter("text"), *root.iter(SVG + "text")]]


def test_marks_stand_where_the_scales_say() -> None:
    marks = nodes(DATA, "circle", "s0")
    xs = [float(n.get("cx")) for n in marks]
    ys = [float(n.get("cy")) for n in marks]
    # 4, 16 and 64 are equally far apart on a logarithmic scale.
    assert xs[3] - xs[2] == pytest.approx(xs[2] - xs[1], abs=0.02)
    assert xs[0] < xs[1]
    grid = sorted(float(n.get("y1")) for n in nodes(DATA, "line", "grid"))
    assert ys[0] == grid[-1]  # 0
    assert ys[3] == grid[0]  # 1


def test_zero_stands_apart_behind_a_break_and_no_line_crosses_it() -> None:
    axis = Axis((0.0, 4.0, 16.0), "log2", 0.0, 100.0)
    assert axis.broken
    [path] = nodes(DATA, "path", "curve")
    assert path.get("d").count("L") == 2  # from 4 to 16 to 64
    without = {**DATA, "rows": ROWS[1:]}
    assert len(nodes(DATA, "line", "foot")) == len(nodes(without, "line", "foot")) + 2
    assert not Axis((4.0, 16.0), "log2", 0.0, 1.0).broken
    assert not Axis((0.0, 16.0), "linear", 0.0, 1.0).broken


def test_an_undefined_figure_leaves_a_gap_and_its_reason_in_the_table() -> None:
    gap = [row("one", "a", k, y) for k, y in ((1, 0.1), (2, 0.2), (4, None), (8, 0.3), (16, 0.4))]
    data = {**DATA, "rows": gap}
    assert len(nodes(data, "path", "curve")) == 2
    assert len(nodes(data, "circle", "s0")) == 4
    table = twin(Figure("curves", "t", "d", data))
    assert table.rows[2][3]["reason"] == "no answers"
    assert table.rows[2][3]["estimate"] is None


def test_intervals_are_drawn_only_where_there_are_any() -> None:
    assert len(nodes(DATA, "line", "whisker")) == 4
    bare = {**DATA, "rows": [row("one", "a", k, 0.5) for k in (1, 2)]}
    assert nodes(bare, "line", "whisker") == []


def test_series_differ_by_more_than_colour() -> None:
    many = [row("one", f"s{i}", k, i / 10) for i in range(7) for k in (1, 2)]
    data = {**DATA, "rows": many}
    lines = {n.get("class") for n in nodes(data, "path", "curve")}
    assert len(lines) == 7  # the sixth repeats the first's colour and is dashed
    assert [f"s{i}" in words(data) for i in range(7)] == [True] * 7


def test_panels_stack_on_a_phone() -> None:
    panels = [row(f"panel {i}", "a", k, 0.5) for i in range(4) for k in (1, 2)]
    data = {**DATA, "rows": panels}
    wide, narrow = (
        [float(n.get("x")) for n in nodes(data, "text", "head", w)] for w in (720.0, PHONE)
    )
    assert len(set(wide)) == 2
    assert len(set(narrow)) == 1
    for width in (720.0, PHONE):
        for n in nodes(data, "line", "grid", width):
            assert 0 <= float(n.get("x1")) < float(n.get("x2")) <= width


def test_panels_may_have_scales_of_their_own() -> None:
    rows = [row("low", "a", 1, 0.1), row("low", "a", 2, 0.2), row("high", "a", 1, 30.0),
            row("high", "a", 2, 40.0)]  # fmt: skip
    data = {**DATA, "rows": rows, "minimum": None, "maximum": None}
    shared = [float(n.get("cy")) for n in nodes(data, "circle", "s0")]
    alone = [float(n.get("cy")) for n in nodes({**data, "own_scale": True}, "circle", "s0")]
    assert abs(shared[0] - shared[1]) < 1
    assert abs(alone[0] - alone[1]) > 100


def test_points_and_a_reference_are_drawn_and_counted_in_the_table() -> None:
    points = [{"panel": "one", "series": "a", "x": 4, "y": y} for y in (0.2, 0.3)]
    data = {**DATA, "points": points, "reference": 0.5}
    assert len(nodes(data, "circle", "p0")) == 2
    assert len(nodes(data, "line", "reference")) == 1
    table = twin(Figure("curves", "t", "d", data))
    assert list(table.columns) == ["panel", "series", "shots", "share"]
    assert [r[2] for r in table.rows] == [0, 4, 16, 64]
    assert "2 single points" in table.notes[0]


def test_names_are_escaped() -> None:
    data = {**DATA, "rows": [row("<b>&", "a", k, 0.5) for k in (1, 2)]}
    assert "<b>&" in words(data)


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=12, unique=True),
    st.sampled_from(["linear", "log2", "log10"]),
    st.floats(120, 600),
)
def test_ticks_never_touch_and_the_last_number_has_one(
    xs: list[int], scale: str, end: float
) -> None:
    axis = Axis(tuple(float(x) for x in sorted(xs)), scale, 40.0, end)
    places = [axis(x) for x in axis.values]
    assert places == sorted(places)
    assert all(40 - 1e-9 <= p <= end + 1e-9 for p in places)
    ticks = axis.ticks()
    assert axis.values[-1] in ticks
    at = [axis(t) for t in ticks]
    assert all(b - a >= 20 - 1e-9 for a, b in pairwise(at))
