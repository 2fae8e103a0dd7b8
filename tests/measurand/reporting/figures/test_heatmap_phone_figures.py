from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from measurand.reporting.document import Figure
from measurand.reporting.figures import GRIDS, PHONE, draw
from measurand.reporting.figures.cells import short
from measurand.reporting.figures.heatmap_phone import LEAST, _parts


def picture(data: dict[str, object]) -> ElementTree.Element:
    return ElementTree.fromstring(draw(Figure("heatmap", "t", "d", data), "u", PHONE))


def matrix(rows: int, columns: int, **more: object) -> dict[str, object]:
    values = [[(r * columns + c) / 1000 for c in range(columns)] for r in range(rows)]
    names = {
        "labels": [f"row {r}" for r in range(rows)],
        "columns": [f"c{c}" for c in range(columns)],
    }
    return {**names, "values": values, **more}


@pytest.mark.parametrize(("rows", "columns"), [(5, 5), (3, 12), (2, 30), (1, 1)])
def test_every_number_stands_within_the_width_of_a_phone(rows: int, columns: int) -> None:
    data = matrix(rows, columns)
    svg = picture(data)
    assert svg.get("viewBox", "").split()[2] == f"{PHONE:g}"
    cells = [node for node in svg.iter("rect") if node.get("class") in ("plus", "less")]
    assert all(float(n.get("x", 0)) + float(n.get("width", 0)) <= PHONE for n in cells)
    shown = sorted(n.text or "" for n in svg.iter("text") if n.get("class") == "cell")
    values = [v for row in data["values"] for v in row]  # type: ignore[attr-defined]
    assert shown == sorted(short(v) for v in values)
    wide = [float(n.get("width", 0)) for n in cells if float(n.get("height", 0)) > 8]
    assert min(wide) >= LEAST - 2


def test_names_of_rows_stand_above_their_cells_in_every_part() -> None:
    svg = picture(matrix(3, 20))
    names = [n.text for n in svg.iter("text") if (n.text or "").startswith("row ")]
    assert len(names) == 3 * len(_parts(20, [], int(PHONE // LEAST)))
    columns = [n.text for n in svg.iter("text") if (n.text or "").startswith("c")]
    assert columns == [f"c{c}" for c in range(20)]


@pytest.mark.parametrize(("columns", "ends", "most"), [(7, [], 3), (10, [4, 10], 4), (5, [5], 9)])
def test_parts_hold_every_column_once_and_no_two_groups(
    columns: int, ends: list[int], most: int
) -> None:
    found = _parts(columns, ends, most)
    assert [at for part in found for at in range(*part)] == list(range(columns))
    assert all(last - first <= most for first, last in found)
    assert all(end == columns or any(first == end for first, _ in found) for end in ends)
    assert all(a[1] == b[0] for a, b in pairwise(found))


def test_groups_are_named_along_rows_and_parts() -> None:
    names = ["E", "A", "C", "E", "A", "C"]
    groups = [{"label": "one form", "size": 2}, {"label": "another", "size": 4}]
    values = [[0.5] * 6 for _ in names]
    framed = {"outlined": [[0, 0], [5, 5]], "axis": "r"}
    svg = picture({"labels": names, "values": values, "groups": groups, **framed})
    heads = [n.text for n in svg.iter("text") if n.get("class") == "head"]
    # A part's own group first, then those of its rows.
    assert heads == ["one form", "one form", "another", "another", "one form", "another"]
    assert sum(n.get("class") == "framed" for n in svg.iter("rect")) == 2
    assert "r" in [n.text for n in svg.iter("text") if n.get("class") == "tick"]


def test_long_names_are_slanted_and_stay_inside() -> None:
    names = ["Extraversion", "Agreeableness", "Conscientiousness", "Neuroticism", "Openness"]
    svg = picture({**matrix(5, 5), "columns": names})
    turned = [n for n in svg.iter("g") if "rotate(-45)" in n.get("transform", "")]
    assert len(turned) == 5
    last = float(turned[-1].get("transform", "").split("(")[1].split()[0])
    assert last + 17 * 7.2 * 0.72 <= PHONE + 2


def test_it_is_no_grid_that_only_exists_wide() -> None:
    assert "heatmap" not in GRIDS
