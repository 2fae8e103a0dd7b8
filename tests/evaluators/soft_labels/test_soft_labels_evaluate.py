from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest
import soft_labels_small as small

from evaluators.soft_labels import report as report_module
from evaluators.soft_labels.evaluate import evaluate
from evaluators.soft_labels.report import statistics
from measurand import shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.reporting.view import assemble
from measurand.verification import verify
from pipelines.soft_labels.dataset import build
from pipelines.soft_labels.train import train
from pipelines.soft_labels.writing import AGAIN
from schemas.soft_labels.params import REFERENCE_RUN, Params


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, toy_model_folder: Path
) -> tuple[Params, Path]:
    """A project that was built, trained and evaluated."""
    folder = tmp_path_factory.mktemp("project")
    raw = small.raw_params(small.write_pairs(folder / "pairs.csv"), toy_model_folder)
    raw["evaluate"]["judges"] = ["reader"]
    raw["evaluate"]["bandit"] = {"methods": ["cdpo", "gdpo"], "steps": [0, 5]}
    raw["build"]["judges"][0]["model"] = "oracle:first"
    params = Params.model_validate(raw)
    build(params, folder / "data" / "dataset", "FnApiRunner", journal=folder / "journal")
    train(
        params,
        folder / "data" / "dataset",
        folder / "data" / "checkpoint",
        journal=folder / "journal",
    )
    evaluate(params, folder / "data", None, folder / "results", journal=folder / "journal")
    return params, folder


def _frame(folder: Path) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(shards.read_table(folder)))


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
        if "costs" not in path.parts
    }


@pytest.mark.integration
def test_every_table_is_written_and_verifies(project: tuple[Params, Path]) -> None:
    results = project[1] / "results"
    assert sorted(p.name for p in results.iterdir()) == [
        "bandit",
        "comparisons",
        "costs",
        "items",
        "judge_quality",
        "pair_scores",
        "samples",
        "training",
    ]
    assert verify(results) == []


def test_items_are_held_out_pairs_and_wins(project: tuple[Params, Path]) -> None:
    items = _frame(project[1] / "results" / "items")
    assert set(items["metric"]) == {"pair_correct", "win_learned", "win_reader"}
    assert set(items["model"]) == {"gdpo", AGAIN}
    scores = _frame(project[1] / "results" / "pair_scores")
    assert items.filter(metric="pair_correct").height == scores.height
    right = items.filter(metric="pair_correct", status="ok")["value"]
    assert set(right) <= {0.0, 0.5, 1.0}


def test_the_reference_is_compared_with_itself(project: tuple[Params, Path]) -> None:
    rows = _frame(project[1] / "results" / "comparisons")
    again = rows.filter(run_a=AGAIN, run_b=REFERENCE_RUN)
    assert set(again["judge"]) == {"learned", "reader"}


def test_running_again_asks_nothing_and_gives_the_same_bytes(
    project: tuple[Params, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, folder = project

    def refuse(self: object, *what: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("measurand.models.hf.HfModel.generate", refuse)
    monkeypatch.setattr("pipelines.soft_labels.writing.check", lambda model, **what: None)
    evaluate(params, folder / "data", None, tmp_path / "results", journal=folder / "journal")
    assert _digests(tmp_path / "results") == _digests(folder / "results")


def test_a_judge_that_leans_to_a_place_says_nothing_of_policies(
    project: tuple[Params, Path],
) -> None:
    params, folder = project
    table = statistics(folder / "data", folder / "results", params)
    rows = pl.DataFrame(pl.from_arrow(table))
    bias = rows.filter(metric="position_bias").row(0, named=True)
    assert bias["estimate"] == pytest.approx(0.96)
    wins = rows.filter(
        pl.col("metric").is_in(["win_percentage", "win_binary", "strength"]),
        pl.col("slice").str.contains("judge=reader"),
    )
    assert wins.height > 0
    assert wins["estimate"].null_count() == wins.height
    assert all("position bias +0.96" in reason for reason in wins["reason"])
    others = rows.filter(metric="win_percentage").filter(
        pl.col("slice").str.contains("judge=learned")
    )
    assert others["estimate"].null_count() == 0
    document = assemble(report_module, folder / "data", folder / "results", table, params)
    assert "its win rates are left out" in str(document.opening)


def test_a_limit_marks_results_partial(project: tuple[Params, Path], tmp_path: Path) -> None:
    params, folder = project
    evaluate(params, folder / "data", None, tmp_path / "r", journal=tmp_path / "journal", limit=1)
    assert read_manifest(tmp_path / "r" / "items").params["partial"] is True
    assert _frame(tmp_path / "r" / "samples")["prompt_id"].n_unique() == 1


def test_another_model_is_refused(project: tuple[Params, Path], tmp_path: Path) -> None:
    params, folder = project
    with pytest.raises(InputError, match=r"set build\.policy"):
        evaluate(params, folder / "data", "smollm2", tmp_path, journal=tmp_path)


def test_what_was_not_trained_is_named(project: tuple[Params, Path], tmp_path: Path) -> None:
    params, folder = project
    (tmp_path / "dataset").symlink_to(folder / "data" / "dataset")
    with pytest.raises(InputError, match="run `measurand train soft_labels` first"):
        evaluate(params, tmp_path, None, tmp_path / "r", journal=tmp_path / "journal")
