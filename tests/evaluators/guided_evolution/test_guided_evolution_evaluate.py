from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.guided_evolution.evaluate import evaluate
from measurand import shards
from measurand.errors import InputError
from pipelines.guided_evolution.dataset import build
from schemas.guided_evolution.params import Params

GIVEN = {
    "build": {
        "tasks": [
            {"id": "n8", "source": {"kind": "formula", "name": "nguyen8"}, "budget": 60, "seeds": 2}
        ],
        "methods": [{"id": "evolution", "kind": "evolution"}, {"id": "random", "kind": "random"}],
        "populations": [20],
        "processes": 1,
    },
    "train": None,
    "evaluate": {"fresh": 200, "exported": 10},
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    params = Params.model_validate(GIVEN)
    build(params, folder / "dataset", "FnApiRunner", journal=folder / "journal")
    evaluate(params, folder, None, folder / "results", journal=folder / "journal")
    return folder


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shards.read_table(folder / "results" / name).to_pylist()
    return found


@pytest.mark.integration
def test_winners_are_measured_on_fresh_points(done: Path) -> None:
    rows = _rows(done, "winners")
    assert len(rows) == 4
    for row in rows:
        assert row["fresh"] is not None
        assert row["fresh"] != row["fitness"] or row["fitness"] == 1
        # sqrt is among the operations: one node solves it.
        assert row["same"] is (row["fitness"] > 1 - 1e-9)
    assert any(row["same"] for row in rows)


@pytest.mark.integration
def test_exported_source_runs_and_gives_the_programs_values(done: Path) -> None:
    rows = _rows(done, "exports")
    assert 3 < len(rows) <= 10
    assert [r["fitness"] for r in rows] == sorted((r["fitness"] for r in rows), reverse=True)
    assert {row["difference"] for row in rows} == {0.0}
    made: dict[str, Any] = {}
    exec(rows[0]["source"], made)
    x = np.linspace(0, 4, 9)
    np.testing.assert_allclose(made["formula"](x), np.sqrt(x))
    assert "sqrt(Abs(x))" in {row["formula"] for row in rows} or rows[0]["formula"] == "sqrt(x)"


@pytest.mark.integration
def test_a_search_is_run_again_and_comes_out_the_same(done: Path) -> None:
    [row] = _rows(done, "replays")
    assert (row["method"], row["differ"], row["calls"]) == ("evolution", 0, 0)
    assert row["rows"] > 20


@pytest.mark.integration
def test_times_come_from_the_journal_of_the_run(done: Path) -> None:
    rows = _rows(done, "seconds")
    assert len({row["search"] for row in rows}) == 4
    searches = shards.read_table(done / "dataset" / "searches").to_pylist()
    wanted = {row["search"]: row["evaluations"] for row in searches}
    assert {row["search"]: row["calls"] for row in rows} == wanted
    assert {row["ended"] for row in searches if row["best"] > 1 - 1e-9} == {"solved"}
    params = Params.model_validate(GIVEN)
    evaluate(params, done, None, done / "elsewhere", journal=done / "no-journal", limit=1)
    assert shards.read_table(done / "elsewhere" / "seconds").num_rows == 0
    assert shards.read_table(done / "elsewhere" / "winners").num_rows == 1


def test_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="measures searches"):
        evaluate(Params.model_validate(GIVEN), tmp_path, "smollm2", tmp_path, journal=tmp_path)
