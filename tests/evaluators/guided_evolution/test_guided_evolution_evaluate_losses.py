"""A search for a loss, from its parameters to the report's figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.guided_evolution.evaluate import evaluate
from evaluators.guided_evolution.found_sections import winner_section
from evaluators.guided_evolution.report import statistics, view
from measurand import shards
from measurand.reporting.document import Document, Table, to_json
from measurand.verification import verify
from pipelines.guided_evolution.dataset import build
from schemas.guided_evolution.params import Params

GIVEN = {
    "build": {
        "tasks": [
            {"id": "loss", "source": {"kind": "rl_loss", "steps": 24, "runs": 1}, "budget": 9,
             "seeds": 2}
        ],
        "methods": [{"id": "evolution", "kind": "evolution"}],
        "populations": [4],
        "tournaments": [2],
        "processes": 1,
    },
    "train": None,
    "evaluate": {"fresh": 100, "exported": 4},
}  # fmt: skip


@pytest.mark.integration
def test_a_search_for_a_loss_from_end_to_end(tmp_path: Path) -> None:
    """About 10 s of a core: some 60 short trainings in three environments each."""
    params = Params.model_validate(GIVEN)
    build(params, tmp_path / "dataset", "FnApiRunner", journal=tmp_path / "journal")
    evaluate(params, tmp_path, None, tmp_path / "results", journal=tmp_path / "journal")
    for folder in (tmp_path / "dataset").iterdir():
        assert verify(folder) == []
    read = {
        name: shards.read_table(tmp_path / name).to_pylist()
        for name in ("dataset/searches", "dataset/targets", "dataset/steps", "results/winners",
                     "results/exports", "results/seconds", "results/replays")
    }  # fmt: skip
    searches = read["dataset/searches"]
    assert [row["evaluations"] for row in searches] == [9, 9]
    names = [row["target"] for row in sorted(read["dataset/targets"], key=lambda row: row["rank"])]
    assert names == ["dqn", "double_dqn", "huber", "dqn_reg"]
    known = [row for row in read["dataset/steps"] if row["evaluated"]]
    assert len(known) == 18
    assert {row["calls"] for row in read["results/seconds"]} == {9}
    assert [(row["differ"], row["calls"]) for row in read["results/replays"]] == [(0, 0)]
    winners = read["results/winners"]
    assert all(row["fresh"] is not None and row["fresh"] != row["fitness"] for row in winners)
    assert len({row["rival"] for row in winners}) == 1
    exports = read["results/exports"]
    assert len(exports) == 4
    assert max(row["difference"] for row in exports) < 1e-12
    assert all(row["source"].startswith("import torch") for row in exports)
    assert [row["formula"] is not None for row in exports] == [True] * 3 + [False]

    table = statistics(tmp_path, tmp_path / "results", params)
    [row] = [row for row in table.to_pylist() if row["metric"] == "beats_dqn"]
    wins = sum(row["fresh"] > row["rival"] for row in winners)
    assert row["estimate"] == wins / 2
    section = winner_section(view(tmp_path, tmp_path / "results", table, params))
    assert to_json(Document("t", "s", None, (section,)))
    shown = section.blocks[0]
    assert isinstance(shown, Table)
    assert shown.rows[0][0] == "loss, evolution"
