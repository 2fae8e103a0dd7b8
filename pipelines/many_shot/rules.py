"""How each oracle finds its answer: a rule from what the prompt shows and asks to a text.

============  ====================================================================================
knn5          5 nearest shots by Euclidean distance (scikit-learn, all else default)
logreg        logistic regression fitted to the shots (scikit-learn, ``C=1e3, max_iter=2000``)
solver        the right answer, worked out from the question: linear, parity, arithmetic, planning
parity        the same for parity alone
majority      the commonest answer of the shots
copy_nearest  the answer of the shot that shares most character 3-grams (Jaccard)
prior         an option drawn by a hash of the question: chance, whatever stands in the prompt
constant      the same option always
============  ====================================================================================

``majority``, ``prior`` and ``constant`` know options as words: the first option is the first in the
alphabet, so a label map that swaps words swaps their answers.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.many_shot import classifiers, labels, plans, reader
from pipelines.many_shot.tasks import arithmetic, linear, parity, planning
from schemas.many_shot.params import Arithmetic, Linear, Parity, Planning, Task


@dataclass(frozen=True)
class Case:
    """What an oracle answers.

    Attributes:
        task: the task.
        label_map: of the curve.
        shots: the solved examples that the prompt shows.
        question: its last question.
        options: words of the classes; None where the answer is free.
        seed: of the oracle.
    """

    task: Task
    label_map: str
    shots: tuple[reader.Shot, ...]
    question: str
    options: tuple[str, ...] | None
    seed: int


def _constant(case: Case) -> str:
    if case.options is not None:
        return min(case.options)
    if isinstance(case.task.source, Parity):
        return " ".join([parity.WORDS[0]] * case.task.source.bits)
    return "0"


def _majority(case: Case) -> str:
    counts = Counter(shot.answer for shot in case.shots)
    if case.options is not None:
        return min(case.options, key=lambda word: (-counts[word], word))
    if not counts:
        raise reader.Undefined("the prompt shows no answer")
    return min(counts, key=lambda word: (-counts[word], word))


def _prior(case: Case) -> str:
    words = sorted(case.options or ())
    digest = hashlib.sha256(f"{case.seed}\0{case.question}".encode()).digest()
    return words[int.from_bytes(digest[:8], "big") * len(words) >> 64]


def _copy_nearest(case: Case) -> str:
    if not case.shots:
        raise reader.Undefined("the prompt shows no answer")
    own = _grams(case.question)

    def similarity(shot: reader.Shot) -> float:
        other = _grams(shot.question)
        return len(own & other) / (len(own | other) or 1)

    return max(case.shots, key=similarity).answer


def _grams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(max(len(text) - 2, 1))}


def _knn5(case: Case) -> str:
    return classifiers.knn5(case.shots).label(case.question)


def _logreg(case: Case) -> str:
    # Features of the linear task are known to lie in 1..1000; others are scaled by the shots.
    known = isinstance(case.task.source, Linear)
    return classifiers.logreg(case.shots, known).label(case.question)


def _solver(case: Case) -> str:
    source = case.task.source
    if isinstance(source, Linear):
        word = linear.answer(source.features, source.seed, case.question)
        return labels.words(linear.OPTIONS, case.label_map)[linear.OPTIONS.index(word)]
    if isinstance(source, Planning):
        return plans.solve(planning.parse(case.question, source))
    if isinstance(source, Arithmetic):
        return arithmetic.answer(case.question)
    return parity.answer(case.question)


def solution(task: Task, question: str) -> str | None:
    """The program's solution, where the task has one."""
    if not isinstance(task.source, Arithmetic):
        return None
    return arithmetic.solution(question.removeprefix("What is ").removesuffix("?"))[0]


RULES: dict[str, Callable[[Case], str]] = {
    "knn5": _knn5,
    "logreg": _logreg,
    "solver": _solver,
    "parity": _solver,
    "majority": _majority,
    "copy_nearest": _copy_nearest,
    "prior": _prior,
    "constant": _constant,
}
OPTIONS_ONLY = ("knn5", "logreg", "prior")
"""Rules that know no free answers."""

ABLE: dict[str, tuple[str, ...]] = {
    "knn5": ("linear", "tabular", "file"),
    "logreg": ("linear", "tabular", "file"),
    "solver": ("linear", "parity", "arithmetic", "planning"),
    "parity": ("parity",),
}
"""Kinds of sources that a rule can read; where none are listed, all."""
