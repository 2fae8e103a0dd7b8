"""On the published form of promptfoo's results (a package of Node)."""

from __future__ import annotations

from pathlib import Path

import pytest
from more_logs import promptfoo_file

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


def test_a_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    file = promptfoo_file(tmp_path / "results.json", [{}, {}])
    file.write_text(file.read_text()[:-300])
    with pytest.raises(measurand.InputError) as error:
        measurand.read(file)
    assert error.value.code == "bad_log"
