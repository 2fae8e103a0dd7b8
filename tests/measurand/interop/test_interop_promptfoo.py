"""On the published form of promptfoo's results (a package of Node)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from more_logs import lines_file, promptfoo_before, promptfoo_file

import measurand
from measurand.interop.promptfoo import ERROR


def test_tests_are_items_and_providers_models(tmp_path: Path) -> None:
    rows = [
        {"testIdx": i, "score": i / 4, "success": i > 2, "provider": {"id": p, "label": ""},
         "vars": {"topic": f"t{i}"}, "namedScores": {"tone": 0.5}}
        for i in range(4) for p in ("openai:one", "openai:two")
    ]  # fmt: skip
    found = measurand.analyse(promptfoo_file(tmp_path / "results.json", rows))
    by = {s["metric"]: s for s in found.record["scores"]}
    assert set(by) == {"score", "pass", "tone"}
    assert [m["model"] for m in by["score"]["models"]] == ["openai:one", "openai:two"]
    assert by["score"]["items"] == 4
    assert by["pass"]["models"][0]["mean"]["value"] == 0.25
    assert by["score"]["pairs"][0]["difference"]["n"] == 4


def test_the_same_variables_again_are_repeats(tmp_path: Path) -> None:
    rows = [{"testIdx": i, "vars": {"topic": f"t{i // 2}"}, "score": i % 2} for i in range(6)]
    found = measurand.analyse(promptfoo_file(tmp_path / "results.json", rows))
    score = next(s for s in found.record["scores"] if s["metric"] == "score")
    assert (score["items"], score["repeats"]) == (3, 2)


def test_prompts_of_one_provider_are_told_apart(tmp_path: Path) -> None:
    rows = [
        {"testIdx": i, "vars": {"topic": f"t{i}"}, "promptIdx": k, "prompt": {"label": f"p{k}"}}
        for i in range(3) for k in range(2)
    ]  # fmt: skip
    found = measurand.analyse(promptfoo_file(tmp_path / "results.json", rows))
    names = [m["model"] for m in found.record["scores"][0]["models"]]
    assert names == ["openai:one (prompt=p0)", "openai:one (prompt=p1)"]


def test_an_error_is_no_failure(tmp_path: Path) -> None:
    rows = [{"failureReason": ERROR, "error": "429", "success": False, "score": 0}, {}, {}]
    found = measurand.analyse(promptfoo_file(tmp_path / "results.json", rows))
    score = next(s for s in found.record["scores"] if s["metric"] == "score")
    assert score["models"][0]["mean"]["value"] == 1
    assert score["models"][0]["lost"] == {"infra_error": 1}


FAILED: dict[str, Any] = {"success": False, "score": 0, "error": "Expected x"}


@pytest.mark.parametrize("form", ["evalId", "results", "bare"])
def test_before_2025_a_failed_assertion_is_no_error(form: str, tmp_path: Path) -> None:
    stopped = {**FAILED, "error": "API error: 500", "gradingResult": None}
    rows = [{}, {**FAILED, "gradingResult": {"pass": False}}, {}, stopped]
    found = measurand.analyse(promptfoo_before(tmp_path / "results.json", rows, form))
    model = next(s for s in found.record["scores"] if s["metric"] == "pass")["models"][0]
    assert model["mean"]["value"] == pytest.approx(2 / 3)
    assert model["lost"] == {"infra_error": 1}


def column(passed: int, failed: int, **more: Any) -> dict[str, Any]:
    metrics = {"score": None, "testPassCount": passed, "testFailCount": failed}
    return {"raw": "say", "label": "say", "provider": "openai:one", "metrics": metrics, **more}


def test_two_providers_of_one_name_are_no_repeats(tmp_path: Path) -> None:
    rows = [
        {"testIdx": i, "vars": {"topic": f"t{i}"}, "promptIdx": k, "success": k == 1}
        for i in range(4) for k in (1, 2)
    ]  # fmt: skip
    columns = [column(4, 0), column(0, 4)]
    found = measurand.analyse(promptfoo_file(tmp_path / "results.json", rows, columns))
    score = next(s for s in found.record["scores"] if s["metric"] == "pass")
    shown = {m["model"]: m["mean"]["value"] for m in score["models"]}
    assert shown == {"openai:one (column=1)": 1, "openai:one (column=2)": 0}


def test_the_same_variables_under_other_assertions_are_another_test(tmp_path: Path) -> None:
    rows = [
        {"vars": {"topic": "t"}, "testCase": {"assert": [{"type": "equals", "value": str(i)}]}}
        for i in range(3)
    ]
    found = measurand.analyse(promptfoo_file(tmp_path / "results.json", rows))
    assert (found.record["scores"][0]["items"], found.record["scores"][0]["repeats"]) == (3, 1)


@pytest.mark.parametrize(("passed", "findings"), [(3, 0), (2, 1)])
def test_the_figures_of_a_column_are_held_against_its_rows(
    passed: int, findings: int, tmp_path: Path
) -> None:
    rows = [{}, {}, {}, {"success": False}]
    file = promptfoo_file(tmp_path / "results.json", rows, [column(passed, 4 - passed)])
    found = measurand.analyse(file)
    assert len(found.record["findings"]) == findings


def test_lines_are_read_as_the_whole_is(tmp_path: Path) -> None:
    file = promptfoo_file(tmp_path / "results.json", [{}, {"success": False, "score": 0.5}, {}])
    lines = lines_file(tmp_path / "lines.jsonl", json.loads(file.read_text())["results"]["results"])
    one, two = (measurand.analyse(path).record["scores"] for path in (file, lines))
    assert one == two


def test_a_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    file = promptfoo_file(tmp_path / "results.json", [{}, {}])
    file.write_text(file.read_text()[:-300])
    with pytest.raises(measurand.InputError) as error:
        measurand.read(file)
    assert error.value.code == "bad_log"
