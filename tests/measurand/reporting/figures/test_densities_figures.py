from __future__ import annotations

from xml.etree import ElementTree

from measurand.reporting.document import Figure
from measurand.reporting.figures import densities, draw, twin

ROWS = [
    {"label": "E", "values": {"low": [1.0, 2.0, 3.0], "high": [3.0, 4.0, 4.5, 5.0]}},
    {"label": "A", "values": {"low": [2.0], "high": []}},
]
DATA = {"groups": ["low", "high"], "rows": ROWS, "minimum": 1, "maximum": 5}


def test_differences_of_medians() -> None:
    assert densities.difference(ROWS[0], ["low", "high"]) == 2.25
    assert densities.difference(ROWS[1], ["low", "high"]) is None


def test_groups_differ_by_line_and_mark() -> None:
    svg = ElementTree.fromstring(draw(Figure("densities", "t", "d", DATA), "u"))
    classes = [n.get("class") for n in svg.iter("path")]
    assert classes.count("hill g0") == 2
    assert classes.count("hill g1") == 1
    texts = [n.text for n in svg.iter("text")]
    assert "+2.25" in texts
    assert "— no scores" in texts


def test_the_twin_has_quartiles() -> None:
    # numpy.quantile([3, 4, 4.5, 5], [.25, .5, .75]) = 3.75, 4.25, 4.625
    table = twin(Figure("densities", "t", "d", DATA))
    assert list(table.rows[0]) == [
        "E", 3, 1.5, 2.0, 2.5, 4, 3.75, 4.25, 4.625, {"value": 2.25, "reason": "a group is empty"},
    ]  # fmt: skip
    assert table.rows[1][5:9] == [0, *[{"value": None, "reason": "no scores"}] * 3]
