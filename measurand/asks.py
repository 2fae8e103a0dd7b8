"""What a batch asks of a model, as plain values, so that another process can ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from measurand.errors import InputError
from measurand.models.protocol import Completion, Model, Request, Sampling, Score


@dataclass(frozen=True)
class Ask:
    """Requests that go to the model together.

    Attributes:
        requests: in a fixed order.
        choices: the texts to choose from, for requests that bring none of their own.
        sampling: how to draw; null where choices are scored.
        repeat: 0-based repeat.
        written: the answer is a text; otherwise it is one of the choices.
    """

    requests: Sequence[Request]
    choices: tuple[str, ...] = ()
    sampling: Sampling | None = None
    repeat: int = 0
    written: bool = False

    @property
    def needs(self) -> str:
        """What the model has to be able to do: ``logprobs``, ``constrained`` or ``generate``."""
        if self.sampling is None:
            return "logprobs"
        return "generate" if self.sampling.choices is None else "constrained"

    def of(self, some: Sequence[int]) -> Ask:
        """The same of some of the requests, by their places."""
        return replace(self, requests=[self.requests[at] for at in some])

    def answers(self, model: Model) -> Sequence[Score | Completion]:
        """Ask it; one answer per request, in order.

        Raises:
            InputError: requests with choices of their own, of which one is to be drawn.
        """
        if self.sampling is None:
            return model.score(self.requests, self.choices)
        if self.written:
            return model.generate(self.requests, self.sampling, self.repeat)
        if any(request.choices for request in self.requests):
            raise InputError("constrained requests share their choices", hint="use mode='logprob'")
        drawn = model.generate(self.requests, self.sampling, self.repeat)
        return [_chosen(one, self.choices) for one in drawn]

    def record(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "requests": [asdict(request) for request in self.requests]}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Ask:
        """Inverse of :meth:`record`."""
        requests = [Request(**{**r, "choices": tuple(r["choices"])}) for r in record["requests"]]
        how = record["sampling"]
        if how is not None:
            words = None if how["choices"] is None else tuple(how["choices"])
            how = Sampling(**{**how, "stop": tuple(how["stop"]), "choices": words})
        choices, repeat, written = record["choices"], record["repeat"], record["written"]
        return cls(requests, tuple(choices), how, repeat, written)


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
