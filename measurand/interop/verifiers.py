"""Rollouts of verifiers: ``results.jsonl`` with ``metadata.json`` beside it, or ``traces.jsonl``.

A line is a rollout of an example: its ``reward`` and its ``metrics`` (older versions: numbers
beside them) are scores, rollouts of one ``example_id`` are repeats. A rollout with an ``error``
gave no answer: its reward of 0 is none.

Since 0.4 a line of ``traces.jsonl`` is an episode with the traces of its agents. ``reward`` is the
weighted sum that the package makes of a trace's rewards, each of which is a score too
(``reward/name``); of agents with names of their own these stand before (``solver: reward``). A
trace that did not end well, or an episode without any, gave no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measurand.interop.account import Own
from measurand.interop.damage import guarded
from measurand.interop.rows import Fields, Log, Wish, as_id, cluster_note, plain
from measurand.interop.samples import Sample, Samples, as_number, each_line, found, head, json_file
from measurand.packed import name_of

SYSTEM = "verifiers"
HARNESS = "verifiers"
REWARD = "reward"
AGENT = "agent"
"""Name of an agent that was given none."""
_KNOWN = frozenset(
    ("example_id", "id", "prompt", "completion", "answer", "info", "reward", "error", "timing",
     "is_completed", "is_truncated", "stop_condition", "metrics", "tool_defs", "token_usage",
     "error_chain", "long_error_chain", "task", "generation_ms", "scoring_ms", "total_ms")
)  # fmt: skip
_ID = re.compile(rb'"(example_id|id)"\s*:')


def logs(path: Path) -> list[Path]:
    """Rollouts at or below ``path``."""
    return found(path, (".jsonl",), _is_log)


def _is_log(file: Path) -> bool:
    line = head(file).split(b"\n", 1)[0]
    if _is_traces(file):
        return all(key in line for key in (b'"env"', b'"task"', b'"ok"'))
    keys = (b'"reward"', b'"completion"', b'"prompt"')
    return _ID.search(line) is not None and all(key in line for key in keys)


def _is_traces(file: Path) -> bool:
    return name_of(file) == "traces.jsonl"


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each file, and notes.

    Raises:
        InputError: code ``bad_log`` or ``no_field``.
    """
    fields = Fields()
    every = []
    for file in files:
        with guarded(file, HARNESS):
            read_one = _episodes if _is_traces(file) else _rollouts
            every += read_one(file, wish, fields)
    return every, cluster_note(wish, fields)


def _rollouts(file: Path, wish: Wish, fields: Fields) -> list[Log]:
    told = json_file(file.with_name("metadata.json"), HARNESS) or {}
    task = str(told.get("env_id") or told.get("env") or file.resolve().parent.name)
    taken = Samples(task, str(told.get("model") or file.resolve().parent.name), wish, fields)
    each_line(file, HARNESS, lambda line: taken.take(_sample(line)))
    settings = {f"sampling.{k}": str(v) for k, v in _dict(told.get("sampling_args")).items()}
    log = taken.log(file, settings)
    if told.get("date"):
        log.more["date"] = str(told["date"])
    average = as_number(told.get("avg_reward"))
    if average is not None and not taken.failed:
        # With errors in it the log's own mean counts them as 0.
        known = (file.name, log.model, plain(log.task), REWARD, "avg_reward", average)
        log.account.own.append(Own(*known))
    return [log]


def _sample(line: dict[str, Any]) -> Sample:
    own = line["example_id"] if "example_id" in line else line["id"]
    scores = {REWARD: line["reward"], **_dict(line.get("metrics"))}
    for name, value in line.items():
        if name not in _KNOWN and as_number(value) is not None:
            scores.setdefault(name, value)
    error = line.get("error")
    said = error.get("error") if isinstance(error, dict) else error
    return Sample(
        as_id(own),
        scores,
        content=[line.get("prompt"), line.get("answer", "")],
        fields={"task": line.get("task"), **_dict(line.get("info"))},
        failed=None if error is None else str(said),
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _episodes(file: Path, wish: Wish, fields: Fields) -> list[Log]:
    """Logs of a file of episodes: one for each environment and model."""
    taken: dict[tuple[str, str], Samples] = {}

    def take(line: dict[str, Any]) -> None:
        task = str(line["env"].get("id") or line["env"].get("name") or file.resolve().parent.name)
        for model, sample in _traces(line, file.resolve().parent.name):
            if (task, model) not in taken:
                taken[task, model] = Samples(task, model, wish, fields)
            taken[task, model].take(sample)

    each_line(file, HARNESS, take)
    return [samples.log(file) for samples in taken.values()]


def _traces(line: dict[str, Any], otherwise: str) -> Iterator[tuple[str, Sample]]:
    """Each agent's model and sample; of an episode without traces one that failed."""
    for trace in line.get("traces") or ():
        agent = trace["agent"]
        model = _dict(agent.get("config")).get("model") or next(
            (call["model"] for call in trace.get("calls") or () if call.get("model")), otherwise
        )
        name = agent.get("name", AGENT)
        before = "" if name == AGENT else f"{name}: "
        rewards = {k: r for k, r in _dict(trace.get("rewards")).items() if r is not None}
        scores = {f"{before}{REWARD}/{k}": r["score"] for k, r in rewards.items()}
        if rewards:
            total = sum(r["score"] * r.get("weight", 1.0) for r in rewards.values())
            scores[f"{before}{REWARD}"] = total
        scores |= {f"{before}{k}": v for k, v in _dict(trace.get("metrics")).items()}
        failed = None if trace["ok"] else _last(trace) or "not completed"
        yield str(model), _of_task(trace["task"], scores, failed)
    if not line.get("traces"):
        yield otherwise, _of_task(line["task"], {}, _last(line) or "no trace")


def _of_task(task: dict[str, Any], scores: dict[str, Any], failed: str | None) -> Sample:
    data = {k: v for k, v in task["data"].items() if k != "idx"}
    known = (data.get("id"), data.get("name"), task["data"].get("idx"), task.get("key"))
    own = next(one for one in known if one is not None)
    return Sample(as_id(own), scores, data, data, failed)


def _last(part: dict[str, Any]) -> str | None:
    errors = part.get("errors") or ()
    return f"{errors[-1]['type']}: {errors[-1]['message']}" if errors else None
