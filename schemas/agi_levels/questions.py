"""A file of questions that people answered too: what a model is asked to stand among them."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from measurand.params import Licence, Strict, no_repeats
from schemas.agi_levels.norms import Family


class Question(Strict):
    """A question with options.

    Attributes:
        id: as in the norm.
        text: the question.
        right: the right option.
        wrong: the others.
    """

    id: str = Field(min_length=1, pattern=r"^[^,=]+$")
    text: str = Field(min_length=1)
    right: str = Field(min_length=1)
    wrong: tuple[str, ...] = Field(min_length=1, max_length=25)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        no_repeats(f"options of {self.id}", self.options)
        return self

    @property
    def options(self) -> tuple[str, ...]:
        """The right one first."""
        return (self.right, *self.wrong)


class Quiz(Strict):
    """A file of questions.

    Attributes:
        task: task, as in the norm.
        norm: people's answers to the same questions.
        version: form of the task; another one than the norm's is a remark.
        families: abilities that it belongs to.
        tools: what a model is allowed.
        source: where the questions were published.
        licence: of them.
        questions: all of them.
    """

    task: str = Field(min_length=1, pattern=r"^[^,=]+$")
    norm: str = Field(min_length=1)
    version: str | None = None
    families: tuple[Family, ...] = ()
    tools: str | None = None
    source: str = Field(min_length=1)
    licence: Licence
    questions: tuple[Question, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _once(self) -> Self:
        no_repeats("questions", tuple(question.id for question in self.questions))
        return self
