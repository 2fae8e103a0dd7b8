"""One example of a task, and what a source gives: examples, rows left out, origins."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from measurand.journal import canonical_json
from measurand.manifest import Source


@dataclass(frozen=True)
class Example:
    """A question with its right answer.

    Attributes:
        input: the question's text.
        target: the right answer, before any label map.
        key: identity in the source.
        group: examples of equal group must not be split between training and test.
        options: possible answers of a classification; None where answers are free.
        verifier: one of ``schemas.many_shot.VERIFIERS``.
        details: JSON values that the verifier needs beyond the target.
        rationale: a solution that ends before the answer.
        rationale_source: ``none``, ``human`` or ``program``.
    """

    input: str
    target: str
    key: str
    group: str
    options: tuple[str, ...] | None = None
    verifier: str = "exact"
    details: Mapping[str, Any] = field(default_factory=dict)
    rationale: str | None = None
    rationale_source: str = "none"


class Rejected(NamedTuple):
    """A row that is not used: its identity, a stable word for why, and what exactly was wrong."""

    key: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Drawn:
    """What a source gives.

    Attributes:
        examples: in the source's order.
        package: where they come from.
        version: its version.
        rejected: rows of the source that no example was made of.
        sources: outside material, for the manifest.
        split: split of each example by key, where the source itself decides.
    """

    examples: list[Example]
    package: str
    version: str
    rejected: list[Rejected] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    split: dict[str, str] | None = None


def example_id(task: str, example: Example) -> str:
    """SHA-256 of task, input and target, 64 hexadecimal digits."""
    return _sha256([task, example.input, example.target])


def group_id(task: str, group: str) -> str:
    """SHA-256 of task and group, 64 hexadecimal digits."""
    return _sha256([task, group])


def _sha256(words: list[str]) -> str:
    return hashlib.sha256(canonical_json(words).encode()).hexdigest()
