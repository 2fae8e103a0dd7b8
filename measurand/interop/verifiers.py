"""Rollouts of verifiers: ``results.jsonl`` with ``metadata.json`` beside it.

A line is a rollout of an example: its ``reward`` and its ``metrics`` (older versions: numbers
beside them) are scores, rollouts of one ``example_id`` are repeats. A rollout with an ``error``
gave no answer: its reward of 0 is none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from measurand.interop.account import Own
from measurand.interop.rows import Fields, Log, Wish, as_id, cluster_note, plain
from measurand.interop.samples import Sample, Samples, as_number, each_line, found, head, json_file

SYSTEM = "verifiers"
HARNESS = "verifiers"
REWARD = "reward"
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
    keys = (b'"reward"', b'"completion"', b'"prompt"')
    return _ID.search(line) is not None and all(key in line for key in keys)


def read(files: list[Path], wish: Wish) -> tuple[list[Log], list[str]]:
    """Rows of each file, and notes.

    Raises:
        InputError: code ``bad_log`` or ``no_field``.
    """
    fields = Fields()
    return [_read(file, wish, fields) for file in files], cluster_note(wish, fields)


def _read(file: Path, wish: Wish, fields: Fields) -> Log:
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
    return log


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
