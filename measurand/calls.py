"""Model calls through the journal: resumed, cached, counted, in batches that never change shape."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from measurand.errors import InputError
from measurand.journal import Journal, call_key, call_record
from measurand.models.protocol import Completion, Model, Request, Sampling, Score
from measurand.progress import Progress

MODES = ("logprob", "constrained")


@dataclass(frozen=True)
class Batch:
    """Requests that go to the model together.

    Attributes:
        requests: in a fixed order; neighbours should share their prefix.
        choices: the texts to choose from, for all requests that bring none of their own.
    """

    requests: Sequence[Request]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Generated:
    """One completion and what it cost.

    Attributes:
        completion: the completion.
        seconds: its share of the batch's wall time; of the first run, where it was resumed.
    """

    completion: Completion
    seconds: float


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
        drawn = sampling or Sampling(max_tokens=8, temperature=1.0)
        hows = [_how(mode, drawn, r.choices or batch.choices) for r in batch.requests]
        prompts = [r.tagged_sha256 if reads_tags else r.sha256 for r in batch.requests]
        calls = [
            _Call(model.fingerprint, prompt, how.record, repeat)
            for prompt, how in zip(prompts, hows, strict=True)
        ]
        keys = [call.key for call in calls]
        records = [journal.get(key) for key in keys]
        if any(record is None for record in records):
            records = _ask(model, batch, hows, calls, journal, repeat)
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


def generate_batches(
    model: Model,
    batches: Iterable[Sequence[Request]],
    journal: Journal,
    sampling: Sampling,
    *,
    repeat: int = 0,
    progress: Progress | None = None,
) -> Iterator[list[Generated]]:
    """Let the model write, skipping batches that the journal holds whole.

    The rules are those of :func:`score_batches`.

    Args:
        model: a checked model.
        batches: requests that go to the model together, in a fixed order.
        journal: the run's journal.
        sampling: how to draw.
        repeat: 0-based repeat.
        progress: advanced by the number of requests that were asked or found.

    Yields:
        One list per batch, in the order of its requests.
    """
    reads_tags = model.capabilities().reads_tags
    for requests in batches:
        prompts = [r.tagged_sha256 if reads_tags else r.sha256 for r in requests]
        calls = [_Call(model.fingerprint, p, sampling.record(), repeat) for p in prompts]
        records = [journal.get(call.key) for call in calls]
        if any(record is None for record in records):
            start = time.perf_counter()
            completions = model.generate(requests, sampling, repeat)
            records = _keep(calls, completions, journal, time.perf_counter() - start)
        if progress is not None:
            progress.advance(len(calls))
        yield [
            Generated(Completion.from_record(record), float(record["seconds"]))
            for record in records
            if record is not None
        ]


@dataclass(frozen=True)
class _Call:
    fingerprint: str
    prompt: str
    settings: dict[str, Any]
    repeat: int

    @property
    def key(self) -> str:
        return call_key(self.fingerprint, self.prompt, self.settings, self.repeat)


def _ask(
    model: Model,
    batch: Batch,
    hows: list[_How],
    calls: list[_Call],
    journal: Journal,
    repeat: int,
) -> list[dict[str, Any] | None]:
    start = time.perf_counter()
    sampling = hows[0].sampling
    if sampling is None:
        scores = model.score(batch.requests, batch.choices)
    else:
        if any(request.choices for request in batch.requests):
            raise InputError("constrained requests share their choices", hint="use mode='logprob'")
        completions = model.generate(batch.requests, sampling, repeat)
        scores = [_chosen(completion, batch.choices) for completion in completions]
    return _keep(calls, scores, journal, time.perf_counter() - start)


def _chosen(c: Completion, choices: tuple[str, ...]) -> Score:
    known = c.text in choices
    return Score(
        logprobs=None,
        choice=choices.index(c.text) if c.text is not None and known else None,
        mass=None,
        tie=False,
        prompt_tokens=c.prompt_tokens,
        status="model_error" if c.status == "ok" and not known else c.status,
        reason=c.reason if known else c.reason or f"answered {c.text!r}",
    )


def _keep(
    calls: Sequence[_Call],
    answers: Sequence[Score | Completion],
    journal: Journal,
    seconds: float,
) -> list[dict[str, Any] | None]:
    records: list[dict[str, Any] | None] = [
        call_record(
            call.fingerprint,
            call.prompt,
            call.settings,
            call.repeat,
            answer.record(),
            seconds / len(calls),
        )
        for call, answer in zip(calls, answers, strict=True)
    ]
    journal.append_batch([r for r in records if r is not None and r["status"] != "infra_error"])
    return records
