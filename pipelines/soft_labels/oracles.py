"""Judges whose answers are known: ``oracle:first``, ``oracle:longer``, ``oracle:labels``.

``first`` always prefers what is shown first, ``longer`` the response with more words, ``labels``
says what the pair's own label says. They go through the same path as a language model, so that an
error in orders, averaging or statistics shows as a figure that they cannot have.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from measurand import models
from measurand.errors import CapabilityError, InputError
from measurand.models.protocol import (
    Capabilities,
    Completion,
    Model,
    ModelSpec,
    Request,
    Sampling,
    Score,
)

Tags = Mapping[str, str | int | float]

_SURE = 0.98
# Labels of 0 and 1 have no finite log-probability.
_LEAST = 1e-12


def _longer(tags: Tags) -> float | None:
    first, second = (len(str(tags[name]).split()) for name in ("first", "second"))
    return 0.5 if first == second else _SURE if first > second else 1 - _SURE


def _labels(tags: Tags) -> float | None:
    return float(tags["p"]) if "p" in tags else None


RULES: dict[str, Callable[[Tags], float | None]] = {
    "first": lambda tags: _SURE,
    "longer": _longer,
    "labels": _labels,
}
"""P(what is shown first is preferred), None where it cannot be said, by name."""


def open_judge(spec: str, cache: Path) -> Model:
    """A judge by its string: an oracle, or what ``measurand.models`` loads.

    Raises:
        InputError: code ``bad_model``: an unknown name, option or value.
        CapabilityError: the model's packages are not installed.
    """
    if not spec.startswith("oracle:"):
        return models.load(spec, cache=cache)
    parsed = ModelSpec.parse(spec)
    parsed.allow()
    if parsed.target not in RULES:
        raise InputError(
            f"unknown oracle {spec!r}",
            hint=f"write oracle: and one of {', '.join(RULES)}",
            code="bad_model",
        )
    return Oracle(spec, parsed.target)


class Oracle:
    """A judge that answers by a rule from the tags ``first``, ``second`` and ``p`` of a request.

    Args:
        spec: model string.
        name: key of ``RULES``.

    Attributes:
        spec: model string.
        fingerprint: hash of the name.
    """

    def __init__(self, spec: str, name: str) -> None:
        self.spec, self._rule = spec, RULES[name]
        self.fingerprint = hashlib.sha256(f"soft_labels oracle {name}".encode()).hexdigest()

    def capabilities(self) -> Capabilities:
        """Scores two choices; writes nothing."""
        return Capabilities(
            logprobs=True,
            generate=False,
            constrained=False,
            chat_template=False,
            max_model_tokens=None,
            dtype="float64",
            reads_tags=True,
        )

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Log-probabilities of the two answers; a request without a label is skipped.

        Raises:
            CapabilityError: not two choices.
        """
        if any(len(request.choices or choices) != 2 for request in requests):
            raise CapabilityError(f"{self.spec} answers with one of two", hint="give two choices")
        return [self._score(request) for request in requests]

    def _score(self, request: Request) -> Score:
        p = self._rule(request.tags)
        if p is None:
            return Score.failed("skipped", "the pair has no label")
        p = min(max(p, _LEAST), 1 - _LEAST)
        return Score.of([math.log(p), math.log1p(-p)])

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """Refused.

        Raises:
            CapabilityError: always.
        """
        raise CapabilityError(f"{self.spec} writes nothing", hint="use a language model")

    def close(self) -> None:
        """Nothing runs."""
