from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness_logs import eval_file, right

from measurand.analysis.record import analyse
from measurand.interop.inspect_runs import planned, settings, text
from measurand.interop.read import read
from measurand.interop.rows import Wish


def score(value: float, name: str = "accuracy", **about: Any) -> dict[str, Any]:
    metrics = {name: {"name": name, "value": value}}
    return {"name": "match", "scorer": "match", "metrics": metrics, **about}


def analysed(file: Path) -> dict[str, Any]:
    return analyse(read([file], Wish()))


def test_a_figure_of_the_log_that_its_items_do_not_give_is_a_finding(tmp_path: Path) -> None:
    log = eval_file(tmp_path / "a.eval", right("C", "I"), scores=[score(0.75)])
    [finding] = analysed(log)["findings"]
    assert "the log's own accuracy is 0.75" in finding
    assert "2 items with a score give 0.5" in finding
    same = eval_file(tmp_path / "b.eval", right("C", "I"), scores=[score(0.5)])
    assert analysed(same)["findings"] == []


@pytest.mark.parametrize("name", ["frequency", "krippendorff_alpha", "my_metric"])
def test_figures_that_are_no_mean_are_named_with_their_value(tmp_path: Path, name: str) -> None:
    log = eval_file(tmp_path / "a.eval", right("C", "I"), scores=[score(7.0, name)])
    [left] = analysed(log)["account"]["left_out"]
    assert (left["kind"], left["name"], left["told"]) == ("metric", f"t, match: {name}", 7.0)


@pytest.mark.parametrize("name", ["stderr", "ci", "std", "inspect_ai/stderr"])
def test_errors_of_a_figure_are_no_figures(tmp_path: Path, name: str) -> None:
    log = eval_file(tmp_path / "a.eval", right("C", "I"), scores=[score(0.1, name)])
    record = analysed(log)
    assert (record["findings"], record["account"]["left_out"]) == ([], [])


def test_perplexity_is_exp_of_the_mean(tmp_path: Path) -> None:
    values = right(0.5, 1.5)
    log = eval_file(
        tmp_path / "a.eval", values, scores=[score(2.718281828459045, "perplexity_per_seq")]
    )
    record = analysed(log)
    [found] = record["scores"]
    assert found["higher_is_better"] is False
    figure = found["models"][0]["figure"]
    assert figure["value"] == pytest.approx(2.718281828459045)
    assert figure["ci_lo"] < figure["value"] < figure["ci_hi"]
    assert record["findings"] == []


def test_reducers_give_scores_of_their_own(tmp_path: Path) -> None:
    asked = [("a", 1, "C"), ("a", 2, "I"), ("b", 1, "I"), ("b", 2, "I")]
    samples = [{"id": i, "epoch": e, "input": i, **right(v)[0]} for i, e, v in asked]
    reduced = {"scorer": "match", "reducer": "pass_at_2"}
    values = [{"sample_id": "a", "value": 1.0}, {"sample_id": "b", "value": 0.0}]
    log = eval_file(
        tmp_path / "a.eval",
        samples,
        scores=[score(0.5, reducer="pass_at_2")],
        reductions=[{**reduced, "samples": values}],
        config={"epochs": 2, "epochs_reducer": ["pass_at_2"]},
    )
    record = analysed(log)
    means = {s["metric"]: s["models"][0]["mean"]["value"] for s in record["scores"]}
    assert means == {"match": 0.25, "match,pass_at_2": 0.5}
    assert record["findings"] == []


def test_sets_of_tasks_have_a_figure(tmp_path: Path) -> None:
    for task, values in (("t", right("C", "C")), ("u", right("I", "C", "I", "I"))):
        eval_file(tmp_path / f"{task}.eval", values, task=task, eval_set_id="e1")
    found = {s["task"]: s["models"][0]["mean"] for s in analysed(tmp_path)["scores"]}
    assert (found["set e1"]["value"], found["set e1"]["n"]) == (0.5, 6)


def test_samples_planned() -> None:
    assert planned({"dataset": {"sample_ids": [1, 2]}, "config": {"epochs": 3}}) == 6
    assert planned({"dataset": {"samples": 4}}) == 4
    assert planned({}) is None


def test_long_settings_are_short_and_stay_apart() -> None:
    one, two = text("a" * 100 + "1"), text("a" * 100 + "2")
    assert one != two
    assert len(one) <= 40
    found, more = settings({"eval": {"model_args": {"x": None, "y": 1}, "created": "2026"}})
    assert found == {"model_args.y": "1"}
    assert more == {"date": "2026"}
