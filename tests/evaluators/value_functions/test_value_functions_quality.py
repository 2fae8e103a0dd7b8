from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from value_functions_small import BREAKOUT, CHAIN, CHESS, DIGITS, HAS_CHESS, small, table

from evaluators.value_functions.context import Material
from evaluators.value_functions.quality import _looks, data_section
from evaluators.value_functions.report import view
from measurand.reporting.document import Table
from measurand.statistics import statistics_table
from pipelines.value_functions import dataset
from schemas.value_functions.params import Params


@pytest.mark.integration
def test_rows_clusters_and_what_was_left_out(results: Path, params: Params, tmp_path: Path) -> None:
    sources = [CHAIN, {**DIGITS, "pictures": 40}, BREAKOUT, table(tmp_path / "mine.csv")]
    sources += [CHESS] if HAS_CHESS else []
    with (tmp_path / "mine.csv").open("a") as file:
        file.write("1,2,3,1,inf\n")
    given = small(sources, [{"id": "chain", "source": "chain", "steps": 1}])
    dataset.build(given, tmp_path / "dataset", "FnApiRunner", journal=tmp_path)
    found = view(tmp_path, results, statistics_table([]), params)
    assert isinstance(found.found, Material)
    seen = data_section(replace(found, found=replace(found.found, params=given)))
    assert seen is not None
    [made] = seen.blocks
    assert isinstance(made, Table)
    rows = {row[0]["text"]: row[1:] for row in made.rows if isinstance(row[0], dict)}
    assert rows["mine"][:2] == ["120", "14 / 5 / 5"]
    assert "targets from" in str(rows["mine"][2])
    assert rows["digits"][2] == "targets are made in training"
    assert "epsilon 0.1" in str(rows["breakout"][2])
    assert "examples: 1 left out as not_finite." in made.notes
    if HAS_CHESS:
        assert "positions of" in str(rows["chess"][2])
        assert any(note.startswith("Teacher: Stockfish") for note in made.notes)


def test_without_data_there_is_no_section(results: Path, params: Params) -> None:
    assert data_section(view(results, results, statistics_table([]), params)) is None


def test_what_sources_look_like_by_hand() -> None:
    targets = pl.DataFrame({"target": [1.0, None, 5.0, float("nan"), 3.0, 2.0, 4.0]})
    assert _looks("examples", targets) == "targets from 1 to 5, median 3"
    assert _looks("examples", targets[[1, 3]]) == "targets are made in training"
    moves = pl.DataFrame(
        {
            "position_id": ["a", "a", "b", "b", "b"],
            "puzzle": [True, True, False, False, False],
            "win_prob": [0.96, 0.5, 0.04, 0.94, 0.3],
            "mate": [3, None, None, None, None],
        }
    )
    assert _looks("moves", moves) == (
        "2 positions of 2.5 moves, 1 puzzles; 20.0% of moves lead to a mate that was seen, "
        "40.0% are as good as won or lost"
    )


def test_returns_are_of_episodes_of_a_player() -> None:
    """Episodes of two players may have one number."""
    rows = pl.DataFrame(
        {
            "player": ["late", "late", "late", "early", "early"],
            "episode": [0, 0, 1, 0, 1],
            "reward": [1.0, 2.0, 4.0, 8.0, 9.0],
        }
    )
    assert _looks("transitions", rows) == "mean return by player: early 8.50, late 3.50"
    assert _looks("transitions", rows.filter(player="late")) == "2 episodes"
