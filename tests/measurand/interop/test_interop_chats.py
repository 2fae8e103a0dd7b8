from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from more_logs import lines_file

import measurand


def messages(i: int, answer: str = "a") -> list[dict[str, str]]:
    return [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": answer}]


def means(path: Path) -> dict[str, Any]:
    found = measurand.analyse(path).record["scores"]
    return {s["metric"]: (s["items"], s["models"][0]["mean"]["value"]) for s in found}


def test_plain_chats_are_known_by_what_was_asked(tmp_path: Path) -> None:
    lines = [
        {"model": "m", "messages": messages(i // 2, f"a{i}"), "score": i % 2, "scores": {"tone": 1}}
        for i in range(6)
    ]  # fmt: skip
    assert means(lines_file(tmp_path / "x.jsonl", lines)) == {"score": (3, 0.5), "tone": (3, 1.0)}


def test_requests_and_responses_of_a_batch(tmp_path: Path) -> None:
    lines = [
        {"custom_id": f"c{i}", "score": float(i > 0), "error": None,
         "body": {"model": "gpt", "messages": messages(i)[:1]},
         "response": {"status_code": 200 if i else 500, "body": {"model": "gpt-1", "choices": []}}}
        for i in range(4)
    ]  # fmt: skip
    found = measurand.analyse(lines_file(tmp_path / "x.jsonl", lines))
    [score] = found.record["scores"]
    assert score["models"][0]["model"] == "gpt-1"
    assert score["models"][0]["lost"] == {"infra_error": 1}
    assert score["models"][0]["mean"]["value"] == 1


def test_several_models_in_a_file_are_paired(tmp_path: Path) -> None:
    lines = [
        {"model": m, "id": f"i{i}", "messages": messages(i, m), "reward": float(i % 2)}
        for i in range(4) for m in "ab"
    ]  # fmt: skip
    [score] = measurand.analyse(lines_file(tmp_path / "x.jsonl", lines)).record["scores"]
    assert score["pairs"][0]["difference"]["n"] == 4


def test_lines_without_a_model_say_so(tmp_path: Path) -> None:
    lines = [{"messages": messages(i), "score": 1} for i in range(3)]
    file = lines_file(tmp_path / "x.jsonl", lines)
    assert "--model" in measurand.analyse(file).record["account"]["understood"][0]
    assert set(measurand.read(file, model="m").to_arrow().column("model").to_pylist()) == {"m"}


def test_lines_that_are_no_chats_stay_tables(tmp_path: Path) -> None:
    lines = [{"item_id": f"i{i}", "value": i, "model": "m"} for i in range(3)]
    assert measurand.read(lines_file(tmp_path / "x.jsonl", lines)).items.origin == "plain tables"


def test_a_line_that_says_nothing_is_named(tmp_path: Path) -> None:
    lines = [{"messages": messages(0), "score": 1}, {"score": 1}]
    with pytest.raises(measurand.InputError) as error:
        measurand.read(lines_file(tmp_path / "x.jsonl", lines))
    assert error.value.code == "bad_log"
