from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from measurand.errors import InputError
from measurand.reporting.document import Document, Figure, Section
from measurand.reporting.figures import GRIDS, draw, twin
from measurand.reporting.render import to_html

DATA: dict[str, Any] = {
    "rows": [
        {"label": "0", "estimate": 25.0, "met": True},
        {"label": "1", "estimate": 100.0, "met": False},
        {"label": "2", "estimate": None, "met": False},
    ],
    "strips": [
        {"name": "source", "pictures": ["AABBCCAAA", "A" * 9, "ABCABCABC"]},
        {"name": "coded", "pictures": ["A" * 9, "B" * 9, "C" * 9]},
    ],
    "side": 3,
    "palette": ["#000000", "#ff0000", "#00ff00"],
    "axis": "% of tokens",
    "maximum": 100.0,
}


def parsed(data: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(draw(Figure("frame_trace", "t", "d", data), "u"))


def pixels(group: ElementTree.Element, side: int) -> list[str]:
    """The picture painted again from what was drawn."""
    rect = group.find("rect")
    assert rect is not None
    grid = [str(rect.get("fill"))] * side**2
    for path in group.iter("path"):
        for step in str(path.get("d")).split("M")[1:]:
            start, length = step.split("h")
            x, y = map(int, start.split())
            for i in range(int(length)):
                grid[y * side + x + i] = str(path.get("stroke"))
    return grid


def test_pictures_are_drawn_pixel_by_pixel() -> None:
    groups = [g for g in parsed(DATA).iter("g") if g.get("shape-rendering") == "crispEdges"]
    texts = [p for strip in DATA["strips"] for p in strip["pictures"]]
    assert len(groups) == len(texts)
    for group, text in zip(groups, texts, strict=True):
        assert pixels(group, 3) == [DATA["palette"]["ABC".index(sign)] for sign in text]


def test_bars_say_whether_the_target_was_met() -> None:
    bars = [r.get("class") for r in parsed(DATA).iter("rect") if r.get("class")]
    assert bars == ["bar filled", "bar dashed"]
    heights = [float(str(r.get("height"))) for r in parsed(DATA).iter("rect") if r.get("class")]
    assert heights[1] == pytest.approx(4 * heights[0], rel=0.01)


def test_the_page_needs_no_image() -> None:
    figure = Figure("frame_trace", "t", "d", DATA)
    html = to_html(Document("x", "", None, (Section("s", (figure,)),)))
    assert "<img" not in html
    assert "data:image" not in html
    assert "img-src" not in html
    assert "frame_trace" in GRIDS


def test_the_table_says_the_same() -> None:
    table = twin(Figure("frame_trace", "t", "d", DATA))
    assert table.rows == [["0", 25.0, "yes"], ["1", 100.0, "no"], ["2", None, "no"]]
    assert "source, coded" in table.notes[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strips": [{"name": "s", "pictures": ["A" * 9]}]}, "one picture a column"),
        ({"strips": [{"name": "s", "pictures": ["A" * 8] * 3}]}, "other pixels"),
        ({"strips": [{"name": "s", "pictures": ["D" * 9] * 3}]}, "other pixels"),
        ({"palette": ["#000000", "red\" onload=\"", "#00ff00"]}, "not #rrggbb"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw(Figure("frame_trace", "t", "d", {**DATA, **changes}), "u")


def test_no_data_says_so() -> None:
    drawn = draw(Figure("frame_trace", "t", "d", {"reason": "no clip"}), "u")
    assert "No data: no clip" in drawn
