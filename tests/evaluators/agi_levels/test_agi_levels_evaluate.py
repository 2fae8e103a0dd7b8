from __future__ import annotations

import json
from pathlib import Path

import pytest
from agi_levels_small import changed

from evaluators.agi_levels.evaluate import evaluate
from evaluators.agi_levels.report import statistics
from measurand import shards
from measurand.errors import InfraError
from measurand.gates import run_gates
from measurand.manifest import read_manifest
from measurand.params import Stop
from measurand.sequence import ordered
from measurand.until import Until
from pipelines.agi_levels import known, quiz
from schemas.agi_levels.params import Params
from schemas.agi_levels.tables import ANSWERS, RATINGS, TEXTS


def test_everybody_rates_every_text(results: Path, data: Path) -> None:
    rows = RATINGS.validate(shards.read_table(results / "ratings")).to_pylist()
    texts = TEXTS.conform(shards.read_table(data / "dataset" / "texts")).to_pylist()
    models = {"synthetic:uniform", *known.NAMES}
    assert {(r["model"], r["text_id"]) for r in rows} == {
        (model, text["text_id"]) for model in models for text in texts
    }
    held = {text["text_id"]: text["held"] for text in texts}
    for row in rows:
        if row["model"] == known.RATER:
            assert row["rating"] == held[row["text_id"]][0]
        if row["model"] == "synthetic:uniform":
            assert row["rating"] in range(-4, 5)
            assert row["mass"] == pytest.approx(1, abs=1e-6)


def test_a_run_ends_when_its_gates_are_decided(small: Params, data: Path, tmp_path: Path) -> None:
    about = {"test": "threshold", "sequential": {"low": 0, "high": 1}, "min_n": 0}
    gates = [
        {"id": "right", "metric": "right", "limit": 0.05, **about},
        {"id": "answered", "metric": "answered", "limit": 0.3, **about},
    ]
    file = tmp_path / "g.yaml"
    rules = {"version": 1, "system": "agi_levels", "defaults": {"min_clusters": 0}}
    file.write_text(json.dumps(rules | {"gates": gates}))
    until = Until(Stop(gates="g.yaml"), tmp_path)
    out = tmp_path / "results"
    evaluate(small, data, None, out, journal=tmp_path / "journal", until=until)
    [run] = read_manifest(out / "items").params["sequence"]["models"]
    assert run["open"] == []
    items = shards.read_table(out / "items").to_pylist()
    asked = {r["item_id"] for r in items if r["metric"] in ("right", "answered")}
    every = [shards.read_table(data / "dataset" / name) for name in ("texts", "questions")]
    names = every[0]["text_id"].to_pylist() + every[1]["item_id"].to_pylist()
    assert asked == set(ordered(names, until.order.seed)[: run["clusters"]])
    assert run["items"] == len(asked) < run["of_items"] == len(names)
    assert run_gates(file, root=tmp_path, results=out).state == "pass"
    assert statistics(data, out, small).num_rows > 20


def test_a_run_again_is_the_same_bytes(
    results: Path, small: Params, data: Path, tmp_path: Path
) -> None:
    evaluate(small, data, None, tmp_path / "again", journal=tmp_path / "journal")
    for name in ("ratings", "items"):
        first, again = (sorted((at / name).iterdir()) for at in (results, tmp_path / "again"))
        assert [p.read_bytes() for p in first] == [p.read_bytes() for p in again]


def test_everybody_answers_every_question(results: Path, data: Path) -> None:
    rows = ANSWERS.validate(shards.read_table(results / "answers")).to_pylist()
    asked = shards.read_table(data / "dataset" / "questions")["item_id"].to_pylist()
    models = {"synthetic:uniform", *quiz.NAMES}
    assert {(r["model"], r["item_id"]) for r in rows} == {(m, i) for m in models for i in asked}
    assert all(r["value"] == 1 for r in rows if r["model"] == quiz.KEY)
    # Whoever takes a letter without reading takes each option once.
    assert {r["value"] for r in rows if r["model"] == "synthetic:uniform"} == {0.25}


def test_some_prompts_are_asked_again_alone(results: Path) -> None:
    items = shards.read_table(results / "items").to_pylist()
    again = [row for row in items if row["metric"] == "retest_agreement"]
    assert len(again) == 16
    assert {row["value"] for row in again} == {1.0}
    assert [row["value"] for row in items if row["metric"] == "retest_difference"] == [0.0] * 16


def test_a_limit_marks_results_partial(small: Params, data: Path, tmp_path: Path) -> None:
    evaluate(small, data, "synthetic:constant", tmp_path / "out", journal=tmp_path / "j", limit=5)
    manifest = read_manifest(tmp_path / "out" / "items")
    assert manifest.params["partial"] is True
    assert manifest.params["models"] == ["synthetic:constant"]
    rows = shards.read_table(tmp_path / "out" / "ratings").to_pylist()
    assert [r["rating"] for r in rows if r["model"] == "synthetic:constant"] == [0.0] * 5


def test_a_server_that_is_not_there_is_no_answer(small: Params, data: Path, tmp_path: Path) -> None:
    gone = changed(small, evaluate={"models": ["openai:http://127.0.0.1:9/v1#none"]})
    with pytest.raises(InfraError):
        evaluate(gone, data, None, tmp_path / "out", journal=tmp_path / "j", limit=5)
