from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.webagent import pictures
from evaluators.webagent.crossing import squares
from evaluators.webagent.evaluate.context import View
from measurand import runs, shards
from measurand.reporting.document import Figure
from measurand.reporting.figures import draw
from schemas.webagent.tables import FILMS


def _made(seen: View) -> list[Figure]:
    found, figures = seen.found, seen.figures
    return [
        pictures.success_figure(found.everyone, figures),
        pictures.failure_figure(found.everyone, figures),
        pictures.length_figure(found.everyone, figures),
        pictures.loss_figure(found, figures),
        *(pictures.square_figure(one, figures) for one in squares(found)),
        *pictures.films(seen.results, found),
    ]


def test_the_square_holds_the_four_shares(seen: View) -> None:
    square = next(one for one in squares(seen.found) if one.both.agent == "full")
    figure = pictures.square_figure(square, seen.figures)
    assert figure.data["values"] == [
        [pytest.approx(0.1), pytest.approx(0.3)],
        [pytest.approx(0.4), pytest.approx(0.8)],
    ]


def test_the_score_stands_at_every_length_that_was_there(seen: View) -> None:
    rows = pictures.length_figure(seen.found.everyone, seen.figures).data["rows"]
    full = [r for r in rows if (r["series"], r["panel"]) == ("full", "score")]
    assert [row["x"] for row in full] == [2, 4, 8, 16]
    # Of each length an instruction in five fails, and half of it holds.
    assert [row["estimate"] for row in full] == [pytest.approx(0.9)] * 4


def test_losses_are_lines_by_span(seen: View) -> None:
    rows = pictures.loss_figure(seen.found, seen.figures).data["rows"]
    text = [r["estimate"] for r in rows if (r["panel"], r["series"]) == ("trained:cut", "text")]
    assert text == [pytest.approx(2), pytest.approx(3)]


def test_films_say_how_they_ended(seen: View) -> None:
    titles = [one.title for one in pictures.films(seen.results, seen.found)]
    assert titles == [
        "estate, estate-t0, 0, 0, full: carried out",
        "estate, estate-t1, 16, 0, full: not carried out",
    ]


def test_what_is_said_again_on_the_same_page_is_shown_once(seen: View, tmp_path: Path) -> None:
    rows = shards.read_table(seen.results / "films").to_pylist()
    first = next(row for row in rows if row["sub_instruction"])
    again = [{**first, "step": first["step"] + 100 + n} for n in range(3)]
    shards.write_dataset(tmp_path / "films", FILMS, runs.table(FILMS, [*again, *rows]))
    before, after = (
        [row["caption"] for film in pictures.films(folder, seen.found) for row in film.data["rows"]]
        for folder in (seen.results, tmp_path)
    )
    said = first["sub_instruction"]
    assert f"{said} (3 times)" in after
    assert len(after) == len(before) + 1


def test_all_can_be_drawn(seen: View) -> None:
    for figure in _made(seen):
        assert "svg" in str(draw(figure, "f"))
