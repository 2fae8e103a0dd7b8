from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest

from measurand.analysis.record import analyse
from measurand.errors import InputError
from measurand.interop.lm_eval import NAME, logs, model_of
from measurand.interop.read import read
from measurand.interop.rows import Wish

pytestmark = pytest.mark.integration


def test_every_figure_is_the_harness_own(lm_eval_folder: Path) -> None:
    """Means and standard errors of item rows equal those that lm-eval wrote into its results."""
    [file] = lm_eval_folder.rglob("results_*.json")
    theirs = json.loads(file.read_text())["results"]
    record = analyse(read([lm_eval_folder], Wish()))
    seen = set()
    for score in record["scores"]:
        metric, _, kept = score["metric"].partition(",")
        key = f"{metric},{kept or 'none'}"
        stderr = f"{metric}_stderr,{kept or 'none'}"
        [model] = score["models"]
        assert model["mean"]["value"] == pytest.approx(theirs[score["task"]][key], abs=1e-12)
        n = model["mean"]["n"]
        # Wald's error has n, theirs n - 1.
        ours = model["mean"]["se"] * math.sqrt(n / (n - 1))
        assert ours == pytest.approx(theirs[score["task"]][stderr], abs=1e-12)
        seen.add((score["task"], score["metric"]))
    assert seen == {
        ("toy_mc", "acc"),
        ("toy_gen", "exact_match,first"),
        ("toy_gen", "exact_match,maj"),
    }


def test_what_is_no_item_row_is_named(lm_eval_folder: Path) -> None:
    found = read([lm_eval_folder], Wish())
    [left] = [e for e in found.account.left if e.kind == "metric"]
    [file] = lm_eval_folder.rglob("results_*.json")
    own = json.loads(file.read_text())["results"]["toy_text"]["word_perplexity,none"]
    assert (left.name, left.n, left.told) == ("toy_text, word_perplexity", 9, own)
    assert "weighted_perplexity is no mean" in left.why
    assert any("passage" in note and "--cluster" in note for note in found.notes)


def test_passages_become_clusters(lm_eval_folder: Path) -> None:
    table = read([lm_eval_folder], Wish(cluster="passage", by=("passage",))).table
    chosen = table.filter(pc.starts_with(table["item_id"], "toy_mc"))
    assert len(set(chosen["cluster_id"].to_pylist())) == 6
    assert "passage=p0,task=toy_mc" in chosen["slice"].to_pylist()
    others = table.filter(pc.starts_with(table["item_id"], "toy_gen"))
    assert set(others["cluster_id"].to_pylist()) == set(others["item_id"].to_pylist())


def test_a_changed_document_is_noticed(lm_eval_folder: Path, tmp_path: Path) -> None:
    [log] = lm_eval_folder.rglob("samples_toy_mc_*")
    for model in ("one", "two"):
        (tmp_path / model).mkdir()
        shutil.copy(log, tmp_path / model / log.name)
    assert set(read([tmp_path], Wish()).table["model"].to_pylist()) == {"one", "two"}
    lines = log.read_text().splitlines()
    lines[3] = lines[3].replace('"doc_hash": "', '"doc_hash": "f')
    (tmp_path / "two" / log.name).write_text("\n".join(lines))
    with pytest.raises(InputError, match="toy_mc/3 is two documents"):
        read([tmp_path], Wish())


def test_damaged_lines_are_named(lm_eval_folder: Path, tmp_path: Path) -> None:
    [log] = lm_eval_folder.rglob("samples_toy_mc_*")
    text = log.read_text()
    for bad in (text[:-40], text + "{}\n", text + "[1]\n"):
        (tmp_path / log.name).write_text(bad)
        with pytest.raises(InputError, match=r"line 2[45]: no sample") as caught:
            read([tmp_path], Wish())
        assert caught.value.code == "bad_log"


def test_names(lm_eval_folder: Path, tmp_path: Path) -> None:
    found = NAME.fullmatch("samples_a_b_2026-01-02T03-04-05.678.jsonl")
    assert found is not None
    assert (found["task"], found["time"]) == ("a_b", "2026-01-02T03-04-05.678")
    [log] = lm_eval_folder.rglob("samples_toy_mc_*")
    assert logs(log) == [log]
    [about] = lm_eval_folder.rglob("results_*.json")
    assert model_of(log) == json.loads(about.read_text())["model_name"]
    lone = tmp_path / "some-model" / "samples_t.jsonl"
    assert model_of(lone) == "some-model"


def test_numbers_beyond_all_floats_and_odd_lines(tmp_path: Path) -> None:
    log = tmp_path / "samples_t.jsonl"
    line = {"doc_id": 0, "doc": {}, "metrics": ["acc"], "filter": "none", "acc": 10**400}
    log.write_text(json.dumps(line) + "\n")
    [row] = read([log], Wish()).table.to_pylist()
    assert (row["value"], row["status"], row["reason"]) == (None, "model_error", "score is inf")
    for bad in (json.dumps({**line, "metrics": None}), "[" * 100_000):
        log.write_text(bad + "\n")
        with pytest.raises(InputError, match="line 1: no sample"):
            read([log], Wish())
