from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from measurand.errors import InputError
from measurand.reporting.document import Figure
from measurand.reporting.figures import PHONE, draw, twin

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
    [path] = nodes(DATA, "path", "curve")
    assert path.get("d").count("L") == 2  # from 4 to 16 to 64
    without = {**DATA, "rows": ROWS[1:]}
    strokes = nodes(DATA, "line", "zero")
    zero, four = (float(n.get("cx")) for n in nodes(DATA, "circle", "s0")[:2])
    assert len(strokes) == 2
    assert all(zero < float(n.get("x1")) < float(n.get("x2")) < four for n in strokes)
    assert nodes(without, "line", "zero") == []


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


def test_points_stand_beside_their_interval_and_not_under_it() -> None:
    rows = [row("one", name, k, 0.5, lower=0.4, upper=0.6) for name in "abc" for k in (1, 2)]
    points = [{"panel": "one", "series": "a", "x": 1, "y": 0.5}]
    data = {**DATA, "rows": rows, "points": points}
    [dot] = nodes(data, "circle", "p0")
    whiskers = sorted({float(n.get("x1")) for n in nodes(data, "line", "whisker")})
    assert whiskers[0] < float(dot.get("cx")) < whiskers[1]


def test_points_of_no_row_are_neither_drawn_nor_counted() -> None:
    points = [{"panel": "one", "series": "a", "x": 4, "y": 0.2},
              {"panel": "one", "series": "nobody", "x": 4, "y": 0.2},
              {"panel": "nowhere", "series": "a", "x": 4, "y": 7.0}]  # fmt: skip
    data = {**DATA, "points": points}
    assert len(nodes(data, "circle", "p0")) == 1
    assert "1 single points" in twin(Figure("curves", "t", "d", data)).notes[0]


LINES = [{"panel": "one", "series": "a", "y": 0.75}, {"panel": "one", "series": "knn", "y": 0.5},
         {"panel": "two", "series": "knn", "y": 0.25}]  # fmt: skip
LINED = {**DATA, "rows": [*ROWS, *({**r, "panel": "two"} for r in ROWS)], "lines": LINES}


def test_lines_are_dashed_levels_at_their_height_in_their_panel() -> None:
    grid = sorted({float(n.get("y1")) for n in nodes(LINED, "line", "grid")})
    bottom, top = grid[-1], grid[0]
    drawn = [n for n in nodes(LINED, "line", "curve") if n.find("title") is not None]
    heights = [(bottom - float(n.get("y1"))) / (bottom - top) for n in drawn]
    assert heights == pytest.approx([0.75, 0.5, 0.25], abs=1e-3)
    assert all(n.get("y1") == n.get("y2") for n in drawn)
    assert float(drawn[1].get("x2")) < float(drawn[2].get("x1"))  # panels stand side by side
    assert [n.find("title").text for n in drawn] == ["a: 0.75", "knn: 0.5", "knn: 0.25"]
    # The line of a series has its colour; others have one of their own. Patterns tell them apart.
    assert [n.get("class") for n in drawn] == ["curve c0", "curve c1", "curve c1"]
    assert drawn[0].get("stroke-dasharray") != drawn[1].get("stroke-dasharray")
    assert drawn[1].get("stroke-dasharray") == drawn[2].get("stroke-dasharray")
    assert words(LINED).count("knn") == 1


def test_lines_and_the_reference_are_in_the_table() -> None:
    table = twin(Figure("curves", "t", "d", {**LINED, "reference": 0.25}))
    assert len(table.rows) == len(LINED["rows"]) + len(LINES)
    panel, series, x, level = table.rows[-1]
    assert (panel, series, x["value"], level) == ("two", "knn", None, 0.25)
    assert table.notes == ["Dotted line: 0.25."]


def test_a_line_of_no_panel_is_an_error() -> None:
    data = {**DATA, "lines": [{"panel": "elsewhere", "series": "knn", "y": 0.5}]}
    with pytest.raises(InputError, match="without rows: elsewhere"):
        parsed(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_scale": "ln"}, "unknown scale 'ln'"),
        ({"rows": [row("one", "a", -1, 0.5)]}, "a negative x has no place on a log2 scale"),
    ],
)
def test_what_a_scale_cannot_show_is_an_error(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parsed({**DATA, **change})


@pytest.mark.parametrize(
    ("change", "tag", "class_", "at"),
    [
        ({"rows": [row("one", "a", 1, 1.2), row("one", "a", 2, 0.5)]}, "circle", "s0", "cy"),
        ({"reference": 1.2}, "line", "reference", "y1"),
        ({"lines": [{"panel": "one", "series": "a", "y": 1.2}]}, "line", "curve", "y1"),
    ],
)
def test_a_stated_range_hides_nothing(
    change: dict[str, Any], tag: str, class_: str, at: str
) -> None:
    data = {**DATA, **change}
    grid = sorted(float(n.get("y1")) for n in nodes(data, "line", "grid"))
    found = [n for n in nodes(data, tag, class_) if tag != "line" or n.get("x1") != "0"]
    highest = min(float(n.get(at)) for n in found)
    assert highest < grid[0]  # above the line of 1.0
    assert (grid[-1] - highest) / (grid[-1] - grid[0]) == pytest.approx(1.2, abs=0.01)


def test_the_end_of_an_interval_does_not_widen_a_stated_range() -> None:
    data = {**DATA, "rows": [row("one", "a", k, 0.9, lower=0.7, upper=1.4) for k in (1, 2)]}
    grid = [float(n.get("y1")) for n in nodes(data, "line", "grid")]
    assert {float(n.get("y2")) for n in nodes(data, "line", "whisker")} == {min(grid)}


def test_names_are_escaped() -> None:
    evil = '<b>&"]]>'
    rows = [row(evil, name, k, 0.5) for name in (evil, "a") for k in (1, 2)]
    lines = [{"panel": evil, "series": evil + "line", "y": 0.5}]
    data = {**DATA, "rows": rows, "lines": lines, "x_axis": evil, "y_axis": evil}
    assert words(data).count(evil) == 4  # panel, series and both axes
    assert list(parsed(data).iter("b")) == []


@pytest.mark.parametrize("width", [720.0, PHONE])
def test_a_long_name_is_cut_and_whole_in_its_title(width: float) -> None:
    long, short = "sentiment with swapped labels, " * 3 + "end", "short"
    data = {**DATA, "rows": [{**r, "panel": name} for name in (long, short) for r in ROWS]}
    heads = [n.text for n in nodes(data, "text", "head", width)]
    assert heads[0] is not None
    assert heads[0].endswith("…")
    assert heads[1] == short
    titles = [n.text for group in parsed(data, width).iter("g") for n in group.findall("title")]
    assert titles == [long]


@pytest.mark.parametrize("width", [720.0, PHONE])
def test_no_text_leaves_the_picture_and_tick_labels_do_not_touch(width: float) -> None:
    shots = [0, *(2**i for i in range(17))]
    rows = [row(p, s, k, 0.5) for p in "abcdef" for s in "xyz" for k in shots]
    data = {**DATA, "rows": rows, "x_axis": "shots " * 30, "y_axis": "share " * 40}
    root = parsed(data, width)
    spans: dict[str, list[tuple[float, float]]] = {}
    for node in root.iter("text"):
        x, size = float(node.get("x", "nan")), len(node.text or "") * 6.6
        left = x - {"middle": size / 2, "end": size}.get(node.get("text-anchor") or "", 0.0)
        assert left >= -0.5
        assert left + size <= width + 0.5
        if node.get("class") == "tick" and node.get("text-anchor") == "middle":
            spans.setdefault(node.get("y", ""), []).append((left, left + size))
    for row_of_ticks in spans.values():
        ordered = sorted(row_of_ticks)
        ends = [0.0, *(end for _, end in ordered)]
        assert all(start > end for (start, _), end in zip(ordered, ends, strict=False))
    assert "65\u2009536" in words(data, width)


def test_no_rows_and_rows_without_figures_say_why() -> None:
    assert "No data: nothing was asked" in words({"rows": [], "reason": "nothing was asked"})
    bare = {**DATA, "rows": [row("one", "a", k, None) for k in (0, 1)], "minimum": None}
    assert nodes(bare, "circle", "s0") == []
    assert words(bare) == ["No data: no answers"]


def test_equal_data_draw_equal_bytes() -> None:
    assert draw(Figure("curves", "t", "d", LINED), "u") == draw(
        Figure("curves", "t", "d", LINED), "u"
    )
    turned = {**LINED, "rows": LINED["rows"][:4][::-1] + LINED["rows"][4:]}
    assert draw(Figure("curves", "t", "d", LINED), "u") == draw(
        Figure("curves", "t", "d", turned), "u"
    )
