"""Model calls of one run: each distinct call once, through the journal, counted and with its cost.

Prompts that are equal, such as those without shots of several curves, are one call; see
:func:`measurand.calls.score_batches`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from measurand.calls import Batch, Generated, Scored, generate_batches, score_batches
from measurand.journal import Journal
from measurand.models.protocol import Completion, Model, Request, Sampling, Score
from measurand.runs import Costs


class Asker:
    """Scores and completions of one model.

    Args:
        model: a checked model.
        journal: the run's journal.
        costs: where calls are counted.

    Attributes:
        costs: as given.
        logprobs: whether the model gives log-probabilities.
        calls: calls made or found in the journal; equal ones count once.
        failures: reasons of those that failed outside the model.
    """

    def __init__(self, model: Model, journal: Journal, costs: Costs) -> None:
        self._model, self._journal, self.costs = model, journal, costs
        self.calls, self.failures = 0, Counter[str]()
        self.logprobs = model.capabilities().logprobs

    def score(self, requests: Sequence[Request], part: str, repeat: int = 0) -> list[Score]:
        """Score each request's own choices; ``part`` of the costs."""
        if not requests:
            return []
        [answers] = score_batches(self._model, [Batch(requests)], self._journal, repeat=repeat)
        self._count(part, answers)
        return [scored.score for scored in answers]

    def write(
        self, requests: Sequence[Request], sampling: Sampling, part: str, repeat: int = 0
    ) -> list[Completion]:
        """Let the model write; ``part`` of the costs."""
        if not requests:
            return []
        [answers] = generate_batches(
            self._model, [requests], self._journal, sampling, repeat=repeat
        )
        self._count(part, answers)
        return [generated.completion for generated in answers]

    def score_again(self, request: Request) -> Score:
        """Score a request a second time, alone."""
        return self.score([request], "retest", repeat=1)[0]

    def write_again(self, request: Request, sampling: Sampling) -> Completion:
        """Let the model write a second time, alone."""
        return self.write([request], sampling, "retest", repeat=1)[0]

    def _count(self, part: str, answers: Sequence[Scored] | Sequence[Generated]) -> None:
        for one in answers:
            if one.shared:
                continue
            answer = one.score if isinstance(one, Scored) else one.completion
            self.costs.count(part, answer, one.seconds)
            self.calls += 1
            if answer.status == "infra_error":
                self.failures[answer.reason or "no reason given"] += 1
