from __future__ import annotations

from xml.etree import ElementTree

from measurand.reporting.document import Figure
from measurand.reporting.figures import draw, twin

DATA = {
    "labels": ["E", "A"],
    "values": [[1.0, -0.5], [-0.5, None]],
    "reasons": [[None, None], [None, "constant"]],
    "outlined": [[0, 1]],
    "groups": [{"label": "one", "size": 1}, {"label": "two", "size": 1}],
    "axis": "r",
}


def cells(data: dict[str, object]) -> list[ElementTree.Element]:
    svg = ElementTree.fromstring(draw(Figure("heatmap", "t", "d", data), "u"))
    rects = [node for node in svg.iter("rect") if float(node.get("height", "0")) > 8]
    return [node for node in rects if node.get("class") in ("plus", "less")]


def test_colour_is_centred_at_zero_and_symmetric() -> None:
    found = [(node.get("class"), node.get("fill-opacity")) for node in cells(DATA)]
    assert found == [("plus", "1"), ("less", "0.5"), ("less", "0.5")]
    row = {"labels": ["x"], "columns": ["a", "b", "c"], "values": [[0.0, 0.3, -0.3]]}
    found = [(node.get("class"), node.get("fill-opacity")) for node in cells(row)]
    assert found == [("plus", "0"), ("plus", "0.3"), ("less", "0.3")]


def test_a_smaller_extent_fills_sooner_and_never_overflows() -> None:
    found = [node.get("fill-opacity") for node in cells({**DATA, "extent": 0.5})]
    assert found == ["1", "1", "1"]


def test_every_cell_has_its_number() -> None:
    svg = ElementTree.fromstring(draw(Figure("heatmap", "t", "d", DATA), "u"))
    texts = [node.text for node in svg.iter("text") if node.get("class") == "cell"]
    assert texts == ["1.00", "−.50", "−.50"]
    assert "—" in [node.text for node in svg.iter("text")]
    assert sum(node.get("class") == "framed" for node in svg.iter("rect")) == 1


def test_the_twin_gives_reasons() -> None:
    table = twin(Figure("heatmap", "t", "d", DATA))
    assert list(table.columns) == ["r", "E", "A"]
    assert table.rows[1] == [
        "A", {"value": -0.5, "reason": "undefined"}, {"value": None, "reason": "constant"},
    ]  # fmt: skip


def test_names_that_begin_alike_stay_apart() -> None:
    names = ["click-button_click-tab-2-hard_login-user", "click-button_click-tab-2-hard_login-use"]
    data = {"labels": names, "columns": names, "values": [[0.5, 0.1], [0.2, 1.0]]}
    svg = ElementTree.fromstring(draw(Figure("heatmap", "t", "d", data), "u"))
    texts = [node.text or "" for node in svg.iter("text")]
    assert {text for text in texts if text.startswith("click")} == set(names)


def test_the_key_of_shares_begins_at_zero() -> None:
    def ticks(data: dict[str, object]) -> list[str | None]:
        svg = ElementTree.fromstring(draw(Figure("heatmap", "t", "d", data), "u"))
        return [node.text for node in svg.iter("text") if node.get("class") == "tick"]

    row: dict[str, object] = {"labels": ["x"], "columns": ["a"], "values": [[0.5]]}
    assert ticks(row)[:3] == ["−1", "0", "1"]
    assert ticks({**row, "range": "share"})[:2] == ["0", "1"]
    key = draw(Figure("heatmap", "t", "d", {**row, "range": "share"}), "u")
    assert 'class="less"' not in key
