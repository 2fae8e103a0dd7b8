from __future__ import annotations

from xml.etree import ElementTree

import pytest
from report_example import HOSTILE, example

from measurand.errors import InputError
from measurand.reporting import svg
from measurand.reporting.document import Figure, from_json, to_json
from measurand.reporting.figures import PHONE, WIDE, draw, is_empty, twin, why_empty

KINDS = ("bars", "densities", "forest", "heatmap", "histogram", "levels", "ridges")
FIGURES = [
    block
    for section in from_json(to_json(example())).sections
    for block in section.blocks
    if isinstance(block, Figure)
]


def poisoned(value: object) -> object:
    """The same data with hostile text for every label, still telling labels apart."""
    if isinstance(value, dict):
        return {k: poisoned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(v) for v in value]
    return f"{HOSTILE}\"\x00'&{value}]]>" if isinstance(value, str) else value


def test_the_example_has_every_kind() -> None:
    assert {figure.kind for figure in FIGURES} == set(KINDS)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.title)
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_pictures_are_well_formed_named_and_free_of_script(figure: Figure, width: float) -> None:
    data = {k: v for k, v in figure.data.items() if k != "groups" or figure.kind != "densities"}
    evil = Figure(figure.kind, HOSTILE, HOSTILE, {**figure.data, **poisoned(data)})
    for drawn, title in (
        (draw(figure, "u", width), figure.title),
        (draw(evil, "u", width), HOSTILE),
    ):
        root = ElementTree.fromstring(drawn)
        assert root.get("role") == "img"
        named = {node.get("id"): node for node in root.iter() if node.get("id")}
        assert named[root.get("aria-labelledby")].text == title
        assert (named[root.get("aria-describedby")].text or "").startswith(
            figure.description if title == figure.title else HOSTILE
        )
        allowed = {"svg", "title", "desc", "g", "text", "line", "path", "rect", "circle"}
        assert {node.tag for node in root.iter()} <= allowed
        banned = [a for n in root.iter() for a in n.attrib if a == "style" or a.startswith("on")]
        assert banned == []


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.title)
def test_pictures_repeat_to_the_byte(figure: Figure) -> None:
    assert draw(figure, "u") == draw(figure, "u")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [{}, {"reason": "not run"}, {"rows": [], "reason": "not run"}])
def test_no_data_says_so_and_why(kind: str, data: dict[str, object]) -> None:
    figure = Figure(kind, "t", "d", data)
    why = "No data: not run" if data else "No data: no reason was given"
    root = ElementTree.fromstring(draw(figure, "u", PHONE))
    assert is_empty(figure)
    assert why in "".join(root.itertext())
    assert why in (root.findtext("desc") or "")


@pytest.mark.parametrize("figure", [f for f in FIGURES if not is_empty(f)], ids=lambda f: f.title)
def test_every_picture_has_a_table(figure: Figure) -> None:
    table = twin(figure)
    assert table.rows
    assert table.caption == figure.title


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(InputError, match="unknown kind of figure 'pie'") as caught:
        draw(Figure("pie", "t", "d", {"rows": [1]}), "u")
    assert caught.value.code == "unknown_figure"


def test_shapes_are_as_many_as_series_colours() -> None:
    assert len(svg.SERIES) == len(set(svg.SERIES)) == 5


def test_rows_without_any_figure_are_one_sentence() -> None:
    rows = [{"label": s, "estimate": None, "reason": "24 of 24 items never vary"} for s in "ab"]
    figure = Figure("forest", "Alpha", "d", {"rows": rows})
    assert is_empty(figure)
    assert why_empty(figure) == "24 of 24 items never vary"
    assert "No data: 24 of 24 items never vary" in draw(figure, "u")
    assert not is_empty(Figure("forest", "Alpha", "d", {"rows": [*rows, {"estimate": 0.5}]}))
    assert not is_empty(Figure("curves", "c", "d", {"rows": rows, "points": [{"y": 1}]}))
