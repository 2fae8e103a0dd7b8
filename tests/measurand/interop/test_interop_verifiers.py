"""On the published form of verifiers' files, old and new."""

from __future__ import annotations

from pathlib import Path

import pytest
from more_logs import episode, lines_file, verifiers_run

import measurand

REWARDS = [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]]


def test_rollouts_of_an_example_are_repeats(tmp_path: Path) -> None:
    found = measurand.analyse(verifiers_run(tmp_path / "run", REWARDS), cluster="level")
    score = next(s for s in found.record["scores"] if s["metric"] == "reward")
    assert (score["items"], score["repeats"], score["clusters"]) == (4, 2, 2)
    assert score["task"] == "gsm8k"
    assert score["models"][0]["model"] == "org/one"
    assert score["models"][0]["mean"]["value"] == 0.5
    assert {s["metric"] for s in found.record["scores"]} == {"reward", "format"}
    assert found.complete


def test_an_error_is_no_answer(tmp_path: Path) -> None:
    found = measurand.analyse(verifiers_run(tmp_path / "run", [[1.0, None], [1.0, 1.0]]))
    score = next(s for s in found.record["scores"] if s["metric"] == "reward")
    assert score["models"][0]["mean"]["value"] == 1
    assert score["models"][0]["lost"] == {"infra_error": 1}
    assert found.record["account"]["samples"][0]["states"] == {"scored": 3, "error": 1}


def test_lines_of_older_versions(tmp_path: Path) -> None:
    lines = [
        {"id": i, "prompt": "p", "completion": "c", "answer": "a", "task": "t", "reward": i % 2,
         "generation_ms": 3.0, "my_rubric": 0.5}
        for i in range(4)
    ]  # fmt: skip
    (tmp_path / "org--m").mkdir()
    rows = measurand.read(lines_file(tmp_path / "org--m" / "results.jsonl", lines))
    assert set(rows.to_arrow().column("metric").to_pylist()) == {"reward", "my_rubric"}
    assert set(rows.to_arrow().column("model").to_pylist()) == {"org--m"}


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = verifiers_run(tmp_path / "run", REWARDS) / "results.jsonl"
    file.write_text(file.read_text() + '{"example_id": 9}\n')
    with pytest.raises(measurand.InputError) as error:
        measurand.read(file)
    assert error.value.code == "bad_log"


def test_episodes_of_the_newest_version(tmp_path: Path) -> None:
    rewards = [{"right": {"score": i % 2, "weight": 2.0}, "form": {"score": 1.0}} for i in range(6)]
    lines = [
        episode(i // 2, {"rewards": r, "metrics": {"turns": 3}}) for i, r in enumerate(rewards)
    ]
    error = {"type": "SandboxError", "message": "gone"}
    lines.append(episode(0, {"ok": False, "errors": [error], "rewards": {"right": None}}))
    found = measurand.analyse(lines_file(tmp_path / "traces.jsonl", lines))
    by = {s["metric"]: s for s in found.record["scores"]}
    assert set(by) == {"reward", "reward/right", "reward/form", "turns"}
    assert by["reward"]["items"] == 3
    assert by["reward"]["models"][0]["model"] == "org/one"
    assert by["reward"]["models"][0]["mean"]["value"] == pytest.approx(2.0)
    assert by["reward"]["models"][0]["lost"] == {"infra_error": 1}


def test_agents_of_an_episode_stand_apart(tmp_path: Path) -> None:
    def trace(name: str, score: float) -> dict[str, object]:
        agent = {"config": {}, "name": name}
        calls = [{"model": f"org/{name}"}]
        return {"agent": agent, "calls": calls, "rewards": {"r": {"score": score}}}

    lines = [episode(i, trace("solver", i), trace("judge", 1)) for i in range(3)]
    lines.append(episode(3, errors=[{"type": "Timeout", "message": "t"}], ok=False))
    rows = measurand.read(lines_file(tmp_path / "traces.jsonl", lines)).to_arrow().to_pylist()
    known = {(r["model"], r["metric"]) for r in rows}
    assert ("org/solver", "solver: reward") in known
    assert ("org/judge", "judge: reward/r") in known
    with pytest.raises(measurand.InputError) as broken:
        measurand.read(lines_file(tmp_path / "traces.jsonl", [{"env": {}, "task": {}, "ok": 1}]))
    assert broken.value.code == "bad_log"
