"""What a search needs to know of programs and tasks: drawing, changing and measuring them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from pipelines.guided_evolution.growing import random_program
from pipelines.guided_evolution.mutations import mutate
from pipelines.guided_evolution.programs import Grammar, Program, text

Status = Literal["ok", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of an evaluation.

    Attributes:
        fitness: the higher the better, finite; None where the program failed.
        status: whether there is a fitness.
        reason: why there is none, in a few words.
    """

    fitness: float | None
    status: Status = "ok"
    reason: str | None = None


def failed(reason: str) -> Outcome:
    """An evaluation without a fitness."""
    return Outcome(None, "failed", reason)


class Space(Protocol):
    """The programs of a task."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every operation, by its number."""

    @property
    def max_nodes(self) -> int:
        """Most nodes of a program."""

    def random(self, rng: np.random.Generator) -> Program:
        """A random program."""

    def mutate(self, parent: Program, rng: np.random.Generator) -> tuple[Program, str] | None:
        """A child that differs, and the kind of change; None where there is none."""

    def text(self, program: Program) -> str:
        """A program in one line."""


class Task(Protocol):
    """What is searched for."""

    @property
    def space(self) -> Space:
        """The programs to choose from."""

    @property
    def enough(self) -> float | None:
        """A fitness that nothing found later could better; None where there is none known."""

    def function(self, program: Program) -> bytes | None:
        """Key of what a program computes, equal for programs that compute the same.

        None where the program is none: its values on the probe are not finite, a table has no such
        row. This is no evaluation.
        """

    def measure(self, program: Program) -> Outcome:
        """The evaluation: what the search pays for."""


@dataclass(frozen=True)
class Graphs:
    """The programs of a grammar.

    Attributes:
        grammar: which programs there are.
        depth: depth of random programs, at most.
    """

    grammar: Grammar
    depth: int = 5

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every operation."""
        return tuple(op.name for op in self.grammar.ops)

    @property
    def max_nodes(self) -> int:
        """Most nodes of a program."""
        return self.grammar.max_nodes

    def random(self, rng: np.random.Generator) -> Program:
        """A random program."""
        return random_program(self.grammar, rng, self.depth)

    def mutate(self, parent: Program, rng: np.random.Generator) -> tuple[Program, str] | None:
        """A child, and the kind of change."""
        return mutate(self.grammar, parent, rng)

    def text(self, program: Program) -> str:
        """A program as nested calls."""
        return text(self.grammar, program)
