"""From examples to text. A prompt is ``join(prefix, query)``; what follows starts with a space."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from schemas.many_shot.params import Layout

SEPARATOR = "\n\n"


def query(layout: Layout, question: str) -> str:
    """A question with its cue, without a trailing space."""
    return f"{layout.question}: {question}\n{layout.answer}:"


def answer_text(layout: Layout, answer: str, rationale: str | None = None) -> str:
    """What follows the cue: the answer, or a solution that ends in it."""
    if rationale is None:
        return f" {answer}"
    return f" {rationale} {layout.answer_cue} {answer}"


def shot(layout: Layout, question: str, answer: str, rationale: str | None = None) -> str:
    """A solved example."""
    return query(layout, question) + answer_text(layout, answer, rationale)


def bare(layout: Layout, question: str) -> str:
    """A question as an unsupervised shot shows it."""
    return f"{layout.question}: {question}"


def prefix(
    layout: Layout, shots: Sequence[str], regime: str, demonstrations: Sequence[str] = ()
) -> str:
    """Everything before the question, without a separator at its end; empty where there is nothing.

    Source: Agarwal et al. 2024, section 3, for the order of the parts of an unsupervised prompt:
    what is coming, the questions, what to do now, and how answers look.
    """
    parts = [*_head(layout, regime, bool(shots)), *shots]
    if regime == "unsupervised" and shots:
        parts.append(layout.unsupervised_outro)
    return SEPARATOR.join([*parts, *demonstrations])


def starts(layout: Layout, shots: Sequence[str], regime: str) -> list[int]:
    """Index of the first character of every shot within :func:`prefix`."""
    at = sum(len(part) + len(SEPARATOR) for part in _head(layout, regime, bool(shots)))
    lengths = (len(shot) + len(SEPARATOR) for shot in shots)
    return list(accumulate(lengths, initial=at))[:-1]


def _head(layout: Layout, regime: str, shown: bool) -> list[str]:
    head = [layout.preface] if layout.preface else []
    return head + ([layout.unsupervised_intro] if regime == "unsupervised" and shown else [])


def join(before: str, question: str) -> str:
    """The whole prompt."""
    return f"{before}{SEPARATOR}{question}" if before else question
