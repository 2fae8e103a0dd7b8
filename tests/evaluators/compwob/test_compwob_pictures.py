from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import numpy as np
import polars as pl
from compwob_handmade import TASKS, params, write

from evaluators.compwob.context import subjects
from evaluators.compwob.pictures import (
    _line,
    films,
    heat_figure,
    parts_figure,
    scatter_figure,
)
from evaluators.compwob.rates import rate_rows
from measurand.reporting.figures import curves
from measurand.reporting.lookup import Figures
from measurand.statistics import statistics_table

AGENTS = {"zero_shot@m": lambda s: s.seed % 2 == 0, "oracle": lambda s: True}


def test_a_film_holds_the_pictures_as_they_were_taken(tmp_path: Path) -> None:
    (film,) = films(write(tmp_path, params(AGENTS), AGENTS))
    first = film.data["rows"][0]
    assert base64.b64decode(first["image"]) == b"\xff\xd8\xff"
    assert first["box"] == [1.0, 2.0, 3.0, 4.0]
    assert "two easy parts" in film.title


def test_the_line_has_a_gap_where_an_agent_was_not_asked(tmp_path: Path) -> None:
    agents = {"zero_shot@m": lambda s: s.seed % 2 == 0, "oracle": lambda s: True}
    given = params(agents)
    first, oracle = subjects(write(tmp_path, given, agents), given)
    n = pl.col("n_parts")
    ends = oracle.episodes.with_columns(n_parts=pl.when(n == 3).then(4).otherwise(n))
    oracle = dataclasses.replace(oracle, episodes=ends)
    everyone = [first, oracle]
    figures = Figures(statistics_table([row for one in everyone for row in rate_rows(one)]))
    rows = parts_figure(everyone, figures).data["rows"]
    mine = [row for row in rows if row["series"] == "oracle" and row["panel"] == "compositions"]
    assert [(row["x"], row["estimate"]) for row in mine] == [(2, 1.0), (3, None), (4, 1.0)]
    assert mine[1]["reason"] == "not asked"
    _, body = curves.draw(parts_figure(everyone, figures).data, 720.0)
    # Its key and nothing else: two points with a gap between are joined by no line.
    assert body.count('class="curve c1"') == 1


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
    assert all(0 <= row["estimate"] <= 1 for row in data["rows"])


def test_the_line_ends_where_it_would_leave_what_a_share_can_be() -> None:
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, 0.0, 0.0])
    # Least squares: y = 1.5 - 0.4 x, which is 1 at 1.25 and 0 at 3.75.
    assert np.allclose(_line(x, y), [(1.25, 1.0), (3.75, 0.0)])
    assert np.allclose(_line(x, x / 10), [(1.0, 0.1), (4.0, 0.4)])
    assert _line(x[:2], y[:2]) == []
