"""Questions that come with the project, as rows; respondents to them whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand import params as parameters
from measurand.errors import ParamsError
from measurand.manifest import Source, file_sha256
from measurand.runs import table
from measurand.stats.resample import rng_for
from pipelines.agi_levels import known
from schemas.agi_levels.questions import Quiz
from schemas.agi_levels.tables import QUESTIONS

HERE = Path(__file__).parent / "quizzes"
KEY = f"{known.PREFIX}key"
NAMES = (KEY, known.CHANCE)
"""Who knows every answer, and who reads no question."""


def names() -> list[str]:
    """Files that there are."""
    return sorted(path.stem for path in HERE.glob("*.yaml"))


def read(name: str) -> tuple[Quiz, Source]:
    """Questions of a file, and where it is from.

    Raises:
        ParamsError: there is no such file.
    """
    path = HERE / f"{name}.yaml"
    if not path.is_file():
        raise ParamsError(f"build.quizzes: no file {name}", hint=f"one of: {', '.join(names())}")
    found = parameters.read(path, Quiz)
    place = f"pipelines/agi_levels/quizzes/{path.name}"
    return found, Source(found.source, place, found.licence, file_sha256(path))


def rows(quizzes: Sequence[Quiz]) -> pa.Table:
    """Questions as the table QUESTIONS."""
    return table(
        QUESTIONS,
        [
            {
                "task_id": quiz.task,
                "item_id": question.id,
                "task_version": quiz.version,
                "norm_id": quiz.norm,
                "families": list(quiz.families),
                "tools": quiz.tools,
                "text": question.text,
                "options": list(question.options),
            }
            for quiz in quizzes
            for question in quiz.questions
        ],
    )


def right(name: str, question: Mapping[str, Any], seed: int) -> float:
    """Whether a known respondent answers rightly: 1 or 0.

    Args:
        name: one of :data:`NAMES`.
        question: a row of QUESTIONS.
        seed: of chance.
    """
    if name == KEY:
        return 1.0
    drawn = rng_for("agi_levels", "quiz", seed, question["task_id"], question["item_id"])
    return float(drawn.integers(len(question["options"])) == 0)
