"""On the published form of HELM's files: the package brings half a gigabyte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from more_logs import helm_run

import measurand
from measurand.interop import helm

SCORES = [[1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 1]]


def test_instances_are_items_and_trials_repeats(tmp_path: Path) -> None:
    found = measurand.analyse(helm_run(tmp_path / "a", SCORES))
    score = next(s for s in found.record["scores"] if s["metric"] == "exact_match")
    assert (score["items"], score["repeats"], score["task"]) == (6, 2, "qa:subject:x")
    assert score["models"][0]["mean"]["value"] == pytest.approx(8 / 12)
    assert not found.record["findings"]
    left = {e["name"].split(", ")[-1] for e in found.record["account"]["left_out"]}
    assert "num_prompt_tokens" in left
    assert any(s["metric"] == "exact_match,typos" for s in found.record["scores"])


def test_sub_splits_may_be_clusters_and_models_are_paired(tmp_path: Path) -> None:
    for name in ("one", "two"):
        helm_run(tmp_path / "runs" / name, SCORES, model=f"org/{name}")
    found = measurand.analyse(tmp_path / "runs", cluster="sub_split")
    score = next(s for s in found.record["scores"] if s["metric"] == "exact_match")
    assert score["clusters"] == 3
    assert len(score["pairs"]) == 1


def test_a_mean_that_is_not_the_runs_own_is_a_finding(tmp_path: Path) -> None:
    found = measurand.analyse(helm_run(tmp_path / "a", SCORES, own=0.9))
    assert "0.9" in found.record["findings"][0]


def test_a_failed_request_is_no_answer(tmp_path: Path) -> None:
    found = measurand.analyse(helm_run(tmp_path / "a", SCORES, failed=(0, 1)))
    score = next(s for s in found.record["scores"] if s["metric"] == "exact_match")
    assert score["models"][0]["lost"] == {"infra_error": 1}


def test_other_questions_under_the_same_ids_are_refused(tmp_path: Path) -> None:
    helm_run(tmp_path / "a", SCORES)
    other = helm_run(tmp_path / "b", SCORES, model="org/two")
    state = json.loads((other / "scenario_state.json").read_text())
    for request in state["request_states"]:
        request["instance"]["input"]["text"] += " changed"
    (other / "scenario_state.json").write_text(json.dumps(state))
    with pytest.raises(measurand.InputError) as error:
        measurand.read(tmp_path)
    assert error.value.code == "item_changed"


def test_a_named_state_stands_for_its_run_and_a_broken_file_is_named(tmp_path: Path) -> None:
    folder = helm_run(tmp_path / "a", SCORES)
    assert helm.logs(folder / "scenario_state.json") == [folder / helm.FILE]
    (folder / helm.FILE).write_text('[{"instance_id": "x"}]')
    with pytest.raises(measurand.InputError) as error:
        measurand.read(folder)
    assert error.value.code == "bad_log"
