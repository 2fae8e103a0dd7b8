"""Logs in the published forms of HELM, verifiers, promptfoo and chat APIs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def _stat(name: str, value: float, split: str = "test") -> dict[str, Any]:
    return {"name": {"name": name, "split": split}, "count": 1, "sum": value, "sum_squared": value,
            "min": value, "max": value, "mean": value, "variance": 0, "stddev": 0}  # fmt: skip


def helm_run(
    folder: Path, scores: Sequence[Sequence[float]], *, model: str = "org/one",
    own: float | None = None, failed: tuple[int, int] | None = None,
) -> Path:  # fmt: skip
    """A run of HELM: ``scores[trial][instance]`` of exact_match."""
    folder.mkdir(parents=True)
    adapter = {"model": model, "method": "generation", "temperature": 0.0}
    name = f"qa:subject=x,model={model.replace('/', '_')}"
    spec = {"name": name, "adapter_spec": adapter}
    (folder / "run_spec.json").write_text(json.dumps(spec))
    stats, states = [], []
    for trial, row in enumerate(scores):
        for i, value in enumerate(row):
            stats.append(
                {"instance_id": f"id{i}", "train_trial_index": trial,
                 "stats": [_stat("exact_match", value), _stat("num_prompt_tokens", 9)]}
            )  # fmt: skip
            instance = {"input": {"text": f"question {i}"}, "id": f"id{i}", "split": "test",
                        "references": [{"output": {"text": f"answer {i}"}, "tags": ["correct"]}],
                        "sub_split": f"part {i // 2}"}  # fmt: skip
            result = {"success": failed != (trial, i), "error": "timeout", "completions": []}
            states.append({"instance": instance, "train_trial_index": trial, "result": result})
    stats.append({"instance_id": "id0", "train_trial_index": 0, "perturbation": {"name": "typos"},
                  "stats": [_stat("exact_match", 0.0)]})  # fmt: skip
    (folder / "per_instance_stats.json").write_text(json.dumps(stats, indent=2))
    (folder / "scenario_state.json").write_text(json.dumps({"request_states": states}))
    mean = sum(map(sum, scores)) / sum(map(len, scores)) if own is None else own
    (folder / "stats.json").write_text(json.dumps([_stat("exact_match", mean)]))
    return folder


def verifiers_run(
    folder: Path, rewards: Sequence[Sequence[float | None]], *, model: str = "org/one"
) -> Path:
    """A run of verifiers: ``rewards[example][rollout]``, None for a rollout with an error."""
    folder.mkdir(parents=True)
    lines = []
    for example, row in enumerate(rewards):
        for reward in row:
            error = {"error": "SandboxError", "error_chain_repr": "", "error_chain_str": ""}
            lines.append(
                {"example_id": example, "prompt": [{"role": "user", "content": f"q{example}"}],
                 "completion": [{"role": "assistant", "content": "a"}], "answer": str(example),
                 "info": {"level": example // 2}, "reward": reward or 0.0,
                 "error": error if reward is None else None, "metrics": {"format": 1.0},
                 "format": 1.0, "timing": {"total": 1.0}, "is_completed": True}
            )  # fmt: skip
    (folder / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    flat = [x or 0.0 for row in rewards for x in row]
    told = {"env_id": "gsm8k", "model": model, "avg_reward": sum(flat) / len(flat),
            "num_examples": len(rewards), "sampling_args": {"temperature": 0.7}}  # fmt: skip
    (folder / "metadata.json").write_text(json.dumps(told))
    return folder


def episode(idx: int, *traces: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An episode of verifiers 0.4."""
    task = {"type": "Task", "data": {"idx": idx, "prompt": f"q{idx}", "level": idx // 2}}
    made = [
        {"version": 1, "id": "x", "task": task, "ok": True, "errors": [], "is_completed": True,
         "agent": {"config": {"model": "org/one"}, "name": "agent"}, "calls": [],
         "rewards": {}, "metrics": {}, **trace}
        for trace in traces
    ]  # fmt: skip
    return {"id": "e", "env": {"id": "gsm8k"}, "task": task, "ok": True, "errors": [],
            "traces": made, **more}  # fmt: skip


def promptfoo_file(
    path: Path, rows: Sequence[dict[str, Any]], columns: Sequence[dict[str, Any]] = ()
) -> Path:
    """Results of promptfoo, version 3; ``columns`` are its prompts with their metrics."""
    made = [
        {"promptIdx": 0, "testIdx": i, "success": True, "score": 1, "failureReason": 0,
         "testCase": {"vars": {"topic": f"t{i}"}}, "vars": {"topic": f"t{i}"}, "latencyMs": 3,
         "prompt": {"raw": "say", "label": "say"}, "provider": {"id": "openai:one", "label": ""},
         "namedScores": {}, **row}
        for i, row in enumerate(rows)
    ]  # fmt: skip
    prompts = [{"raw": 'a "results": [ b'}, *columns]
    results = {"version": 3, "timestamp": "2026", "prompts": prompts, "results": made,
               "stats": {"successes": 1}}  # fmt: skip
    path.write_text(json.dumps({"evalId": "eval-x", "results": results, "config": {}}, indent=1))
    return path


def promptfoo_before(path: Path, rows: Sequence[dict[str, Any]], form: str) -> Path:
    """Results of promptfoo, version 2: rows tell no test and no reason of a failure."""
    made = [
        {"success": True, "score": 1, "vars": {"topic": f"t{i}"}, "namedScores": {},
         "gradingResult": {"pass": True}, "prompt": {"raw": "say", "label": "say"},
         "provider": {"id": "openai:one"}, **row}
        for i, row in enumerate(rows)
    ]  # fmt: skip
    table = {"head": {"prompts": [], "vars": ["topic"]}, "body": []}
    results = {"version": 2, "timestamp": "2024", "results": made, "stats": {}, "table": table}
    whole = {"evalId": {"evalId": None, "results": results}, "results": {"results": results}}
    path.write_text(json.dumps(whole.get(form, results)))
    return path


def lines_file(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
