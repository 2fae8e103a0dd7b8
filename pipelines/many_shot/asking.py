"""Model calls of one run: each distinct call once, through the journal, with its cost.

Curves of a task share prompts: without shots all supervised ones are equal, and one shot has one
order. Such a prompt is asked in the first batch that holds it and never again. Otherwise a later
batch would replace the earlier answer in the journal by one that differs in its last bits, and a
resumed run would end in other bytes than one that was never interrupted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from measurand.calls import Batch, Generated, Scored, generate_batches, score_batches
from measurand.journal import Journal
from measurand.models.protocol import Completion, Model, Request, Sampling, Score
from measurand.runs import Costs

Key = tuple[str, tuple[str, ...]]


class Asker:
    """Scores and completions of one model.

    Args:
        model: a checked model.
        journal: the run's journal.
        costs: where calls are counted.

    Attributes:
        costs: as given.
        logprobs: whether the model gives log-probabilities.
        calls: calls made or found in the journal.
        failures: reasons of those that failed outside the model.
    """

    def __init__(self, model: Model, journal: Journal, costs: Costs) -> None:
        self._model, self._journal, self.costs = model, journal, costs
        self.calls, self.failures = 0, Counter[str]()
        self.logprobs = model.capabilities().logprobs
        self._tags = model.capabilities().reads_tags
        self._scores: dict[Key, Score] = {}
        self._texts: dict[Key, Completion] = {}

    def forget(self) -> None:
        """Drop remembered answers; other tasks have other prompts."""
        self._scores.clear()
        self._texts.clear()

    def score(self, requests: Sequence[Request], part: str) -> list[Score]:
        """Score each request's own choices; equal requests get the same score."""
        keys = [self._key(request) for request in requests]
        new = {k: r for k, r in zip(keys, requests, strict=True) if k not in self._scores}
        for key, scored in zip(new, self._score(list(new.values()), part), strict=True):
            self._scores[key] = scored
        return [self._scores[key] for key in keys]

    def write(self, requests: Sequence[Request], sampling: Sampling, part: str) -> list[Completion]:
        """Let the model write; equal requests get the same text (``sampling`` is the task's)."""
        keys = [self._key(request) for request in requests]
        new = {k: r for k, r in zip(keys, requests, strict=True) if k not in self._texts}
        for key, text in zip(new, self._write(list(new.values()), sampling, part), strict=True):
            self._texts[key] = text
        return [self._texts[key] for key in keys]

    def score_again(self, request: Request) -> Score:
        """Score a request a second time, alone."""
        return self._score([request], "retest", repeat=1)[0]

    def write_again(self, request: Request, sampling: Sampling) -> Completion:
        """Let the model write a second time, alone."""
        return self._write([request], sampling, "retest", repeat=1)[0]

    def _key(self, request: Request) -> Key:
        return (request.tagged_sha256 if self._tags else request.sha256), request.choices

    def _score(self, requests: list[Request], part: str, repeat: int = 0) -> list[Score]:
        if not requests:
            return []
        batch = Batch(requests)
        [answers] = score_batches(self._model, [batch], self._journal, repeat=repeat)
        self._count(part, answers)
        return [scored.score for scored in answers]

    def _write(
        self, requests: list[Request], sampling: Sampling, part: str, repeat: int = 0
    ) -> list[Completion]:
        if not requests:
            return []
        [answers] = generate_batches(
            self._model, [requests], self._journal, sampling, repeat=repeat
        )
        self._count(part, answers)
        return [generated.completion for generated in answers]

    def _count(self, part: str, answers: Sequence[Scored] | Sequence[Generated]) -> None:
        for one in answers:
            answer = one.score if isinstance(one, Scored) else one.completion
            self.costs.add(
                *(part, answer.prompt_tokens, answer.cached_tokens), one.seconds, answer.retries
            )
            self.calls += 1
            if answer.status == "infra_error":
                self.failures[answer.reason or "no reason given"] += 1
