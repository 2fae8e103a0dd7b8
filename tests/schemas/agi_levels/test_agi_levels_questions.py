from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.agi_levels.questions import Question, Quiz

ONE = {"id": "a", "text": "What?", "right": "this", "wrong": ["that"]}


def quiz(*questions: dict[str, Any]) -> Quiz:
    return Quiz.model_validate(
        {"task": "t", "norm": "n", "source": "s", "licence": "CC0-1.0", "questions": questions}
    )


def test_the_right_option_comes_first() -> None:
    assert Question.model_validate(ONE).options == ("this", "that")


def test_faults_are_named() -> None:
    assert len(quiz(ONE, {**ONE, "id": "b"}).questions) == 2
    with pytest.raises(ValidationError, match="questions: the same value twice"):
        quiz(ONE, ONE)
    with pytest.raises(ValidationError, match="options of a: the same value twice"):
        Question.model_validate({**ONE, "wrong": ["this"]})
