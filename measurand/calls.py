"""Scoring through the journal: resumed, cached, counted, in batches that never change shape."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from measurand.errors import InputError
from measurand.journal import Journal, call_key, call_record
from measurand.models.protocol import Model, Request, Sampling, Score
from measurand.progress import Progress

MODES = ("logprob", "constrained")


@dataclass(frozen=True)
class Batch:
    """Requests that go to the model together.

    Attributes:
        requests: in a fixed order; neighbours should share their prefix.
        choices: the texts to choose from, the same for all requests.
    """

    requests: Sequence[Request]
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """One scored request and what it cost.

    Attributes:
        score: the score.
        seconds: its share of the batch's wall time; of the first run, where it was resumed.
    """

    score: Score
    seconds: float


def score_batches(
    model: Model,
    batches: Iterable[Batch],
    journal: Journal,
    *,
    mode: str = "logprob",
    sampling: Sampling | None = None,
    repeat: int = 0,
    progress: Progress | None = None,
) -> Iterator[list[Scored]]:
    """Score batches, skipping those that the journal holds whole.

    A batch is asked again as a whole or not at all: a model's log-probabilities depend in their
    last bits on the batch, so a resumed run must repeat the same batches to give the same bytes.
    Infrastructure errors are returned but not journalled: the next run asks those batches again.

    Args:
        model: a checked model.
        batches: in a fixed order.
        journal: the run's journal.
        mode: ``logprob`` scores every choice; ``constrained`` draws one of them.
        sampling: how to draw, for ``constrained``; its ``choices`` are replaced by the batch's.
        repeat: 0-based repeat.
        progress: advanced by the number of requests that were asked or found.

    Yields:
        One list per batch, in the order of its requests.

    Raises:
        InputError: ``mode`` is unknown.
    """
    if mode not in MODES:
        raise InputError(f"unknown scoring mode {mode!r}", hint=f"one of: {', '.join(MODES)}")
    reads_tags = model.capabilities().reads_tags
    for batch in batches:
        how = _how(mode, sampling or Sampling(max_tokens=8, temperature=1.0), batch.choices)
        prompts = [r.tagged_sha256 if reads_tags else r.sha256 for r in batch.requests]
        keys = [call_key(model.fingerprint, prompt, how.record, repeat) for prompt in prompts]
        records = [journal.get(key) for key in keys]
        if any(record is None for record in records):
            records = _ask(model, batch, how, prompts, journal, repeat)
        if progress is not None:
            progress.advance(len(keys))
        yield [
            Scored(Score.from_record(record), float(record["seconds"]))
            for record in records
            if record is not None
        ]


@dataclass(frozen=True)
class _How:
    record: dict[str, Any]
    sampling: Sampling | None


def _how(mode: str, sampling: Sampling, choices: tuple[str, ...]) -> _How:
    if mode == "logprob":
        return _How({"mode": "logprob", "choices": list(choices)}, None)
    drawn = Sampling(**{**sampling.__dict__, "choices": choices})
    return _How(drawn.record(), drawn)


def _ask(
    model: Model, batch: Batch, how: _How, prompts: list[str], journal: Journal, repeat: int
) -> list[dict[str, Any] | None]:
    start = time.perf_counter()
    if how.sampling is None:
        scores = model.score(batch.requests, batch.choices)
    else:
        completions = model.generate(batch.requests, how.sampling, repeat)
        scores = [
            Score(
                logprobs=None,
                choice=batch.choices.index(c.text) if c.text in batch.choices else None,
                mass=None,
                tie=False,
                prompt_tokens=c.prompt_tokens,
                status="model_error"
                if c.status == "ok" and c.text not in batch.choices
                else c.status,
                reason=c.reason if c.text in batch.choices else c.reason or f"answered {c.text!r}",
            )
            for c in completions
        ]
    seconds = (time.perf_counter() - start) / len(prompts)
    records: list[dict[str, Any] | None] = [
        call_record(model.fingerprint, prompt, how.record, repeat, score.record(), seconds)
        for prompt, score in zip(prompts, scores, strict=True)
    ]
    journal.append_batch([r for r in records if r is not None and r["status"] != "infra_error"])
    return records
