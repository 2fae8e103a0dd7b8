from __future__ import annotations

from xml.etree import ElementTree

import pytest

from measurand.reporting.document import Figure
from measurand.reporting.figures import draw, twin

DATA = {"edges": [0.0, 0.5, 1.0], "counts": [1, 3], "axis": "mass", "limit": 0.1, "missing": 2,
        "marks": [{"label": "mean", "value": 0.6}, {"label": "none", "value": None}]}  # fmt: skip


def heights(data: dict[str, object]) -> list[float]:
    svg = ElementTree.fromstring(draw(Figure("histogram", "t", "d", data), "u"))
    return [float(n.get("height", "")) for n in svg.iter("rect") if n.get("class") == "mass"]


def test_heights_are_proportional_to_counts() -> None:
    low, high = heights(DATA)
    assert high / low == pytest.approx(3, rel=1e-3)


def test_a_single_count_among_many_stays_visible_and_an_empty_bin_stays_empty() -> None:
    drawn = heights({**DATA, "edges": [0, 1, 2, 3], "counts": [1, 0, 1_000_000]})
    assert len(drawn) == 2
    assert drawn[0] == 1.0
    assert heights({**DATA, "counts": [0, 0]}) == []


def test_the_twin_counts_everything() -> None:
    table = twin(Figure("histogram", "t", "d", DATA))
    assert [list(row) for row in table.rows] == [["0 to 0.5", 1, 25.0], ["0.5 to 1", 3, 75.0]]
    assert table.notes == ["mean: 0.6.", "Without a value: 2."]
