from __future__ import annotations

from xml.etree import ElementTree

import pytest

from measurand.errors import InputError
from measurand.reporting.document import Figure
from measurand.reporting.figures import draw, twin
from measurand.reporting.figures.graph import layers

ROWS = [
    {"label": "x", "reads": []},
    {"label": "<sin>", "reads": [0]},
    {"label": "y", "reads": []},
    {"label": "sub", "reads": [1, 2]},
]
FIGURE = Figure("graph", "t", "d", {"rows": ROWS})


def test_a_node_stands_below_all_that_it_reads() -> None:
    assert layers(ROWS) == [0, 1, 0, 2]
    page = ElementTree.fromstring(draw(FIGURE, "u"))
    boxes = [(float(n.get("y", "")), float(n.get("x", ""))) for n in page.iter("rect")]
    assert len(boxes) == 4
    assert boxes[0][0] == boxes[2][0] < boxes[1][0] < boxes[3][0]
    assert boxes[0][1] != boxes[2][1]
    for line in page.iter("line"):
        assert float(line.get("y1", "")) < float(line.get("y2", ""))
    assert len(list(page.iter("line"))) == 3


@pytest.mark.parametrize("width", [320.0, 720.0])
def test_it_is_drawn_at_every_width_with_escaped_names(width: float) -> None:
    assert "&lt;sin&gt;" in draw(FIGURE, "u", width)


def test_the_twin_names_what_is_read() -> None:
    table = twin(FIGURE)
    assert [list(row) for row in table.rows][-1] == [4, "sub", "2, 3"]


def test_a_circle_is_refused() -> None:
    with pytest.raises(InputError, match="node 0 reads"):
        layers([{"label": "x", "reads": [0]}])
