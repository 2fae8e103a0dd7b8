from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from harness_logs import lm_eval_file

from measurand.analysis.record import analyse
from measurand.errors import InputError
from measurand.interop.lm_eval_runs import brier
from measurand.interop.read import read
from measurand.interop.rows import Wish


def results(task: str = "t", own: dict[str, Any] | None = None, **metrics: Any) -> dict[str, Any]:
    """A results file's content: aggregation of each metric, and the harness's own figures."""
    listed = [{"metric": m, "aggregation": a} for m, a in metrics.items()]
    return {
        "results": {task: {f"{m},none": v for m, v in (own or {}).items()}},
        "configs": {task: {"metric_list": listed}},
        "higher_is_better": {task: {"wer": False, "acc": True}},
    }


def analysed(folder: Path) -> dict[str, Any]:
    return analyse(read([folder], Wish()))


def scores(record: dict[str, Any]) -> dict[str, Any]:
    return {s["metric"]: s for s in record["scores"]}


def test_perplexity_is_exp_of_minus_the_mean(tmp_path: Path) -> None:
    lines = [{"perplexity": -0.5}, {"perplexity": -1.0}]
    own = math.exp(0.75)
    lm_eval_file(tmp_path, lines, results=results(own={"perplexity": own}, perplexity="perplexity"))
    record = analysed(tmp_path)
    score = scores(record)["perplexity (nats)"]
    figure = score["models"][0]["figure"]
    assert (figure["name"], score["higher_is_better"]) == ("perplexity", False)
    assert figure["value"] == pytest.approx(own)
    assert record["findings"] == []


@pytest.mark.parametrize("name", ["f1", "bleu", "weighted_perplexity", "median"])
def test_scores_of_a_corpus_are_left_out_by_name(tmp_path: Path, name: str) -> None:
    lines = [{"x": 1.0, "acc": 1.0}, {"x": 0.0, "acc": 0.0}]
    lm_eval_file(tmp_path, lines, results=results(own={"x": 0.3}, x=name, acc="mean"))
    record = analysed(tmp_path)
    assert set(scores(record)) == {"acc"}
    [left] = record["account"]["left_out"]
    assert (left["name"], left["told"]) == ("t, x", 0.3)
    assert name in left["why"]


FUNCTION = "def agg(items):\n    return max(items)\n"


def test_a_function_of_the_task_is_believed_only_where_it_is_the_mean(tmp_path: Path) -> None:
    lines = [{"x": 1.0, "y": 1.0}, {"x": 0.0, "y": 0.0}]
    about = results(own={"x": 0.5, "y": 1.0}, x=FUNCTION, y=FUNCTION)
    lm_eval_file(tmp_path, lines, results=about)
    record = analysed(tmp_path)
    assert set(scores(record)) == {"x"}
    assert [e["name"] for e in record["account"]["left_out"]] == ["t, y"]


def test_values_that_are_all_the_same_prove_nothing(tmp_path: Path) -> None:
    lines = [{"x": 1.0, "acc": 1.0}, {"x": 1.0, "acc": 1.0}]
    lm_eval_file(
        tmp_path, lines, results=results(own={"x": 1.0, "acc": 1.0}, x=FUNCTION, acc="mean")
    )
    assert set(scores(analysed(tmp_path))) == {"acc"}


def test_a_mean_that_is_not_the_logs_own_is_a_finding(tmp_path: Path) -> None:
    lm_eval_file(
        tmp_path, [{"acc": 1.0}, {"acc": 0.0}], results=results(own={"acc": 0.9}, acc="mean")
    )
    [finding] = analysed(tmp_path)["findings"]
    assert "the log's own acc is 0.9" in finding


def test_what_is_nan_is_no_part_of_a_nanmean(tmp_path: Path) -> None:
    lines = [{"rate": 1.0}, {"rate": float("nan")}, {"rate": 0.0}, {"rate": 0.0}]
    lm_eval_file(tmp_path, lines, results=results(own={"rate": 1 / 3}, rate="nanmean"))
    record = analysed(tmp_path)
    [model] = scores(record)["rate"]["models"]
    assert (model["mean"]["n"], model["lost"]) == (3, {"skipped": 1})
    assert record["findings"] == []


def test_a_metric_that_loses_most_of_its_values_has_no_mean(tmp_path: Path) -> None:
    lines = [{"rate": 1.0}, *[{"rate": float("nan")}] * 3]
    lm_eval_file(tmp_path, lines, results=results(rate="nanmean"))
    [model] = scores(analysed(tmp_path))["rate"]["models"]
    assert model["mean"]["value"] is None
    assert "only 1 of 4 rows" in model["mean"]["reason"]


def test_brier_scores_are_made_of_each_documents_probabilities(tmp_path: Path) -> None:
    assert brier([1, [0.2, 0.8]]) == pytest.approx(0.08)
    assert brier([5, [0.2, 0.8]]) is None
    lines = [{"brier_score": [1, [0.2, 0.8]]}, {"brier_score": [0, [0.5, 0.5]]}]
    about = results(own={"brier_score": 0.29}, brier_score="brier_score")
    lm_eval_file(tmp_path, lines, results=about)
    record = analysed(tmp_path)
    assert scores(record)["brier_score"]["models"][0]["mean"]["value"] == pytest.approx(0.29)
    assert record["findings"] == []


def test_direction_is_the_logs(tmp_path: Path) -> None:
    lines = [{"wer": 0.1, "acc": 1.0}, {"wer": 0.3, "acc": 0.0}]
    lm_eval_file(tmp_path, lines, results=results(wer="mean", acc="mean"))
    found = scores(analysed(tmp_path))
    assert (found["wer"]["higher_is_better"], found["acc"]["higher_is_better"]) == (False, True)


def grouped(folder: Path, model: str, values: dict[str, list[float]], own: float) -> None:
    groups = {"group_subtasks": {"all": list(values), **{t: [] for t in values}}}
    for task, found in values.items():
        about = results(task, {}, acc="mean") | groups | {"model_name": model}
        configs = {t: {"metric_list": [{"metric": "acc", "aggregation": "mean"}]} for t in values}
        about |= {"results": {"all": {"acc,none": own}, **{t: {} for t in values}}}
        lines = [{"acc": v, "doc": {"q": f"{task}{i}"}} for i, v in enumerate(found)]
        lm_eval_file(folder, lines, task=task, results=about | {"configs": configs})


def test_groups_have_a_figure_of_their_own_and_a_paired_difference(tmp_path: Path) -> None:
    grouped(tmp_path / "a", "m", {"x": [1.0, 1.0], "y": [1.0, 0.0, 0.0, 0.0]}, 0.5)
    grouped(tmp_path / "b", "n", {"x": [1.0, 0.0], "y": [0.0, 0.0, 0.0, 0.0]}, 1 / 6)
    record = analysed(tmp_path)
    [group] = [s for s in record["scores"] if s["task"] == "all"]
    assert {m["model"]: m["mean"]["value"] for m in group["models"]} == {
        "m": 0.5, "n": pytest.approx(1 / 6),
    }  # fmt: skip
    [pair] = group["pairs"]
    assert pair["difference"]["n"] == 6
    assert pair["difference"]["value"] == pytest.approx(2 / 6)
    assert record["findings"] == []


def test_a_group_without_all_its_tasks_has_none(tmp_path: Path) -> None:
    grouped(tmp_path, "m", {"x": [1.0, 0.0], "y": [1.0, 0.0]}, 0.5)
    next(tmp_path.glob("samples_y_*")).unlink()
    record = analysed(tmp_path)
    assert {s["task"] for s in record["scores"]} == {"x"}
    names = {(e["kind"], e["name"]) for e in record["account"]["left_out"]}
    assert names == {("task", "y"), ("task", "all")}


def test_a_damaged_results_file_is_named(tmp_path: Path) -> None:
    log = lm_eval_file(tmp_path, [{"acc": 1.0}], results={})
    beside = next(tmp_path.glob("results_*"))
    for text in ("", "[1]", json.dumps({"a": 1})[:-2], "[" * 100_000):
        beside.write_text(text)
        with pytest.raises(InputError) as caught:
            read([log], Wish())
        assert caught.value.code == "bad_log"


def test_without_a_results_file_the_reader_is_told(tmp_path: Path) -> None:
    lm_eval_file(tmp_path, [{"acc": 1.0}])
    assert any("no results file" in note for note in read([tmp_path], Wish()).notes)


def test_by_content_keeps_equal_documents_apart_and_needs_documents(tmp_path: Path) -> None:
    lines = [{"acc": 1.0, "doc": {"q": "same"}}, {"acc": 0.0, "doc": {"q": "same"}}]
    log = lm_eval_file(tmp_path / "a", lines)
    found = read([log], Wish(by_content=True)).table
    assert len(set(found["item_id"].to_pylist())) == 2
    log = lm_eval_file(tmp_path / "b", [{"acc": 1.0, "doc": {}}])
    with pytest.raises(InputError) as caught:
        read([log], Wish(by_content=True))
    assert caught.value.code == "no_content"


def _unnamed(folder: Path, own: dict[str, Any] | None) -> Path:
    log = lm_eval_file(
        folder,
        [{"acc": float(i % 2), "sub_idx": i} for i in range(4)],
        results=None if own is None else results(own=own, acc="mean"),
    )
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        del line["metrics"]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_lines_that_name_no_metrics_have_those_of_the_results(tmp_path: Path) -> None:
    named = analysed(_unnamed(tmp_path / "a", {"acc": 0.5, "acc_stderr": 0.1}))
    assert list(scores(named)) == ["acc"]
    assert named["account"]["understood"] == []
    bare = analysed(_unnamed(tmp_path / "b", None))
    assert list(scores(bare)) == ["acc", "sub_idx"]
    assert "every field with numbers is taken for one" in bare["account"]["understood"][0]


@pytest.mark.parametrize(("own", "said"), [(0.375, True), (7 / 16, False), (0.9, False)])
def test_a_group_whose_tasks_weigh_alike_is_told(tmp_path: Path, own: float, said: bool) -> None:
    metric = [{"metric": "acc", "aggregation": "mean"}]
    about = {
        "results": {"top": {"acc,none": own}, "a": {"acc,none": 0.25}, "b": {"acc,none": 0.5}},
        "configs": {task: {"metric_list": metric} for task in "ab"},
        "group_subtasks": {"top": ["a", "b"], "a": [], "b": []},
    }
    quarter = [{"acc": float(i == 0)} for i in range(4)]
    lm_eval_file(tmp_path, quarter, task="a", results=about)
    lm_eval_file(tmp_path, [{"acc": float(i % 2)} for i in range(12)], task="b", results=about)
    record = analysed(tmp_path)
    [top] = [s for s in record["scores"] if s["task"] == "top"]
    assert top["models"][0]["mean"]["value"] == pytest.approx(7 / 16)
    assert any("weight_by_size: false" in t for t in record["account"]["understood"]) == said
    assert bool(record["findings"]) == (own != 7 / 16)


@pytest.mark.parametrize(
    ("sizes", "note"),
    [
        ({"original": 2, "effective": 2}, None),
        ({"original": 9, "effective": 2}, "t: m was asked 2 of its 9 documents (--limit)."),
        ({"original": 9, "effective": 9}, "t: 2 of 9 documents are in the log of m."),
        ({"original": "9", "effective": None}, None),
    ],
)
def test_documents_that_are_not_there_are_said(
    sizes: dict[str, Any], note: str | None, tmp_path: Path
) -> None:
    log = lm_eval_file(
        tmp_path,
        [{"acc": 1.0}, {"acc": 0.0}],
        results={"results": {"t": {"acc,none": 0.5}}, "n-samples": {"t": sizes}},
    )
    assert [n for n in read([log], Wish()).notes if "documents" in n] == ([note] if note else [])
