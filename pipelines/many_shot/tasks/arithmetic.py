"""Sums of several terms, with their running totals as a solution made by a program."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import cast

from measurand.errors import ParamsError
from measurand.stats.resample import rng_for
from pipelines.many_shot.example import Drawn, Example
from pipelines.many_shot.tasks import wanted
from schemas.many_shot.params import Arithmetic, Task

_STEP = re.compile(
    r"(?<![\d.,])(?P<sum>-?\d+(?:\s*[+-]\s*\d+)+)\s*=\s*(?P<total>-?\d+)(?![.,]?\d)(?!\s*[+*/-])"
)
_TERM = re.compile(r"[+-]?\s*\d+")


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Distinct sums such as ``What is 7 + 4 - 9?``.

    Raises:
        ParamsError: there are fewer sums than the task needs.
    """
    source = cast(Arithmetic, task.source)
    low, high = 10 ** (source.digits - 1), 10**source.digits
    there = (high - low) ** source.terms * 2 ** (source.terms - 1)
    needed = task.train + task.dev + task.test
    if needed > there // 2:
        raise ParamsError(
            f"{task.id}: {needed} examples, there are {there} sums of {source.terms} terms",
            hint="ask for at most half of them, or for more terms or digits",
        )
    rng = rng_for("many_shot", task.id, seed)
    found: dict[str, Example] = {}
    while len(found) < min(wanted(task), there // 2):
        terms = rng.integers(low, high, source.terms).tolist()
        signs = rng.integers(0, 2, source.terms - 1).tolist()
        words = [str(terms[0])]
        for sign, term in zip(signs, terms[1:], strict=True):
            words += ["+-"[sign], str(term)]
        found.setdefault(" ".join(words), _example(" ".join(words)))
    version = f"{source.terms} terms of {source.digits} digits; seed {seed}"
    return Drawn(list(found.values()), "measurand", version)


def solution(expression: str) -> tuple[str, int]:
    """Running totals of ``a + b - c``, and the result."""
    first, *rest = expression.split()
    total, steps = int(first), []
    for sign, term in zip(rest[::2], rest[1::2], strict=True):
        after = total + int(term) if sign == "+" else total - int(term)
        steps.append(f"{total} {sign} {term} = {after}")
        total = after
    return f"{', '.join(steps)}.", total


def answer(text: str) -> str:
    """The right answer to a question's text."""
    return str(solution(text.removeprefix("What is ").removesuffix("?"))[1])


def steps_valid(text: str) -> bool:
    """Whether a solution holds a step such as ``a + b = c``, and every equation in it is right.

    A chain such as ``3 + 4 = 7 + 2 = 9`` is wrong. That steps follow from each other, or from the
    question, is not asked.
    """
    steps = list(_STEP.finditer(text))
    return bool(steps) and len(steps) == text.count("=") and all(map(_holds, steps))


def _holds(step: re.Match[str]) -> bool:
    terms = [Decimal("".join(term.split())) for term in _TERM.findall(step["sum"])]
    return sum(terms) == Decimal(step["total"])


def _example(expression: str) -> Example:
    rationale, total = solution(expression)
    return Example(
        f"What is {expression}?",
        str(total),
        expression,
        expression,
        verifier="numeric",
        rationale=rationale,
        rationale_source="program",
    )
