"""Model calls through the journal: resumed, cached, counted, in batches that never change shape."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from measurand import dealing
from measurand.asks import Ask
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
        shared: whether it is the answer to an equal call that was made earlier in this run.
    """

    completion: Completion
    seconds: float
    shared: bool = False


@dataclass(frozen=True)
class Scored:
    """One scored request and what it cost.

    Attributes:
        score: the score.
        seconds: its share of the batch's wall time; of the first run, where it was resumed.
        shared: whether it is the answer to an equal call that was made earlier in this run.
    """

    score: Score
    seconds: float
    shared: bool = False


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
    Calls that are equal (text, choices, what the model reads beside them, repeat) are made once a
    journal, in the first batch that holds them; all of them get its answer. What a batch asks
    depends on the batches before it, not on what is journalled.
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

        sampled = hows[0].sampling if hows else None
        ask = Ask(batch.requests, batch.choices, sampled, repeat)
        answers = _answers(model, calls, journal, ask)
        if progress is not None:
            progress.advance(len(calls))
        yield [Scored(Score.from_record(r), seconds, shared) for r, seconds, shared in answers]


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
        answers = _answers(model, calls, journal, Ask(requests, (), sampling, repeat, written=True))
        if progress is not None:
            progress.advance(len(calls))
        yield [
            Generated(Completion.from_record(r), seconds, shared) for r, seconds, shared in answers
        ]


@dataclass(frozen=True)
class _Call:
    fingerprint: str
    prompt: str
    settings: dict[str, Any]
    repeat: int

    @cached_property
    def key(self) -> str:
        return call_key(self.fingerprint, self.prompt, self.settings, self.repeat)

    def record(self, answer: Score | Completion, seconds: float) -> dict[str, Any]:
        how = (self.fingerprint, self.prompt, self.settings, self.repeat)
        return call_record(*how, answer.record(), seconds)


def _answers(
    model: Model, calls: Sequence[_Call], journal: Journal, ask: Ask
) -> Iterator[tuple[dict[str, Any], float, bool]]:
    """(record, seconds, whether an equal call was made before) of each call of a batch."""
    first: dict[str, int] = {}
    for at, call in enumerate(calls):
        first.setdefault(call.key, at)
    new = [at for key, at in first.items() if key not in journal.asked]
    dealer = dealing.current()
    # What workers are to be asked, or could not ask.
    dealt = {} if dealer is None else dealer.unjournalled
    failed: dict[str, dict[str, Any]] = {}
    if any(journal.get(key) is None for key in (calls[at].key for at in new) if key not in dealt):
        if dealer is not None and dealer.deals(model):
            some = [calls[at] for at in new]
            wanted = {call.key: (call.prompt, call.settings) for call in some}
            dealer.put(model, journal.path, ask.of(new), wanted)
        else:
            start = time.perf_counter()
            answers = ask.of(new).answers(model)
            seconds = (time.perf_counter() - start) / len(new)
            made = zip([calls[at] for at in new], answers, strict=True)
            records = [call.record(answer, seconds) for call, answer in made]
            failed = {r["key"]: r for r in records if r["status"] == "infra_error"}
            journal.append_batch([r for r in records if r["key"] not in failed])
    journal.asked.update(first.keys() - failed.keys())
    own = set(new)
    for at, call in enumerate(calls):
        record = failed.get(call.key) or dealt.get(call.key) or journal.get(call.key)
        assert record is not None
        yield record, float(record["seconds"]) if at in own else 0.0, at not in own
