"""Model calls through a journal: what was asked before is read back, the rest asked in batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurand.journal import Journal, call_key
from measurand.models.protocol import Completion, Model, Request, Sampling, Score
from measurand.progress import Progress


def score(
    model: Model,
    journal: Journal,
    requests: Sequence[Request],
    choices: Sequence[str],
    *,
    batch: int = 256,
    progress: Progress | None = None,
) -> list[Score]:
    """Score requests, reading back those that the journal holds.

    A kill loses at most one batch. Rows that ended in ``infra_error`` are asked again; equal
    requests are asked once.

    Args:
        model: any model.
        journal: the run's journal.
        requests: prompts; those that share a prefix should stand together.
        choices: the answers to score.
        batch: requests a call, and records a write.
        progress: advanced by every request.

    Returns:
        One score per request, in order.
    """

    def ask(part: Sequence[Request]) -> Sequence[Score]:
        return model.score(part, choices)

    calls = _calls(model, requests, score_settings(choices), 0)
    records = _through(journal, calls, ask, batch, progress)
    return [Score.from_record(record) for record in records]


def generate(
    model: Model,
    journal: Journal,
    requests: Sequence[Request],
    sampling: Sampling,
    *,
    repeat: int = 0,
    batch: int = 64,
    progress: Progress | None = None,
) -> list[Completion]:
    """Generate for requests, reading back those that the journal holds; as :func:`score`."""

    def ask(part: Sequence[Request]) -> Sequence[Completion]:
        return model.generate(part, sampling, repeat)

    calls = _calls(model, requests, sampling.record(), repeat)
    records = _through(journal, calls, ask, batch, progress)
    return [Completion.from_record(record) for record in records]


def score_settings(choices: Sequence[str]) -> dict[str, Any]:
    """What, beside model and prompt, decides a score."""
    return {"mode": "score", "choices": list(choices)}


def request_settings(
    settings: Mapping[str, Any], request: Request, reads_tags: bool
) -> dict[str, Any]:
    """Settings of one call; tags belong to them where the model answers from tags."""
    return {**settings, "tags": dict(request.tags)} if reads_tags else dict(settings)


@dataclass(frozen=True)
class _Call:
    request: Request
    head: dict[str, Any]


def _calls(
    model: Model, requests: Sequence[Request], settings: Mapping[str, Any], repeat: int
) -> list[_Call]:
    reads_tags = model.capabilities().reads_tags
    calls = []
    for request in requests:
        own, prompt = request_settings(settings, request, reads_tags), request.sha256
        head = {
            "key": call_key(model.fingerprint, prompt, own, repeat),
            "model": model.spec,
            "prompt_sha256": prompt,
            "settings": own,
            "repeat": repeat,
        }
        calls.append(_Call(request, head))
    return calls


def _through(
    journal: Journal,
    calls: Sequence[_Call],
    ask: Callable[[Sequence[Request]], Sequence[Score | Completion]],
    batch: int,
    progress: Progress | None,
) -> list[dict[str, Any]]:
    answers: dict[str, dict[str, Any]] = {}
    todo: dict[str, _Call] = {}
    for call in calls:
        key = call.head["key"]
        if key in answers or key in todo:
            continue
        record = journal.get(key)
        if record is None or record["status"] == "infra_error":
            todo[key] = call
        else:
            answers[key] = record
    if progress is not None:
        progress.advance(len(calls) - len(todo))
    waiting = list(todo.values())
    for start in range(0, len(waiting), batch):
        part = waiting[start : start + batch]
        began = time.perf_counter()
        results = ask([call.request for call in part])
        seconds = (time.perf_counter() - began) / len(part)
        records = [
            {**call.head, **result.record(), "seconds": seconds}
            for call, result in zip(part, results, strict=True)
        ]
        journal.append_batch(records)
        answers.update({record["key"]: record for record in records})
        if progress is not None:
            progress.advance(len(part))
    return [answers[call.head["key"]] for call in calls]
