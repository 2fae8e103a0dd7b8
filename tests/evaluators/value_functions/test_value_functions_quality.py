from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from value_functions_small import BREAKOUT, CHAIN, CHESS, DIGITS, HAS_CHESS, small, table

from evaluators.value_functions.context import Material
from evaluators.value_functions.quality import data_section
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
