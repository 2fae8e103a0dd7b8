from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import polars as pl
from compwob_handmade import TASKS, params, write

from evaluators.compwob.context import subjects
from evaluators.compwob.pictures import (
    films,
    heat_figure,
    scatter_figure,
    slope_figure,
)
from evaluators.compwob.rates import rate_rows
from measurand.report.figures import curves
from measurand.report.lookup import Figures
from measurand.statistics import statistics_table

AGENTS = {"zero_shot@m": lambda s: s.seed % 2 == 0, "oracle": lambda s: True}


def test_a_film_holds_the_pictures_as_they_were_taken(tmp_path: Path) -> None:
    (film,) = films(write(tmp_path, params(AGENTS), AGENTS))
    first = film.data["rows"][0]
    assert base64.b64decode(first["image"]) == b"\xff\xd8\xff"
    assert first["box"] == [1.0, 2.0, 3.0, 4.0]
    assert "two easy parts" in film.title


def test_the_line_has_a_gap_where_an_agent_was_not_asked(tmp_path: Path) -> None:
    given = params(AGENTS)
    first, oracle = subjects(write(tmp_path, given, AGENTS), given)
    some = first.episodes.filter(pl.col("order") != "forward")
    backwards = dataclasses.replace(first, model="backwards", episodes=some)
    everyone = [backwards, oracle]
    figures = Figures(statistics_table([row for one in everyone for row in rate_rows(one)]))
    figure = slope_figure(everyone, figures)
    mine = [row for row in figure.data["rows"] if row["series"] == "backwards"]
    assert [row["estimate"] for row in mine] == [0.5, None, 0.5]
    assert mine[1]["reason"] == "not asked"
    # Two series' keys, and the line of the one that was asked everything.
    _, body = curves.draw(figure.data, 720.0)
    assert body.count('class="curve c0"') == 1
    assert body.count('class="curve c1"') == 2


def test_the_heat_map_has_a_row_a_task_and_a_column_an_agent(tmp_path: Path) -> None:
    given = params(AGENTS)
    everyone = subjects(write(tmp_path, given, AGENTS), given)
    data = heat_figure(everyone, "forward").data
    assert sorted(data["labels"]) == sorted(TASKS)
    assert data["columns"] == list(AGENTS)
    assert all(row == [0.5, 1.0] for row in data["values"])


def test_the_scatter_has_a_dot_a_task_and_a_line(tmp_path: Path) -> None:
    given = params(AGENTS)
    subject = subjects(write(tmp_path, given, AGENTS), given)[0]
    data = scatter_figure(subject, "forward").data
    assert len(data["points"]) == 2 * len(TASKS)
    assert len(data["rows"]) == 4
