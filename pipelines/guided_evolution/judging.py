"""Who says which of two programs is better before it is measured: a network, or an oracle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pipelines.guided_evolution.discriminator import Discriminator, FloatArray
from pipelines.guided_evolution.population import Member, fate
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.spaces import Task


class Judge(Protocol):
    """Compares programs with one another."""

    def better(self, programs: Sequence[Program], than: Member) -> FloatArray:
        """(n,) probability that each program is better than a member."""


class Network:
    """The discriminator as a judge, with the time that it took.

    Args:
        discriminator: the network.
    """

    def __init__(self, discriminator: Discriminator) -> None:
        self.discriminator = discriminator
        self.seconds = 0.0

    def scores(self, programs: Sequence[Program]) -> FloatArray:
        """(n,) score of each program."""
        start = time.perf_counter()
        found = self.discriminator.scores(list(programs))
        self.seconds += time.perf_counter() - start
        return found

    def better(self, programs: Sequence[Program], than: Member) -> FloatArray:
        """(n,) probabilities from one pass over all programs."""
        s = self.scores([than.program, *programs])
        return odds(s[1:], s[0])


class Oracle:
    """Knows every fitness, and says the opposite as often as its accuracy wants it.

    Its look at a fitness is no evaluation of the search: no real search could make it.

    Args:
        task: what is searched for.
        accuracy: share of comparisons that it says rightly.
        rng: what its errors are drawn from.
    """

    def __init__(self, task: Task, accuracy: float, rng: np.random.Generator) -> None:
        self._task, self._accuracy, self._rng = task, accuracy, rng
        self._known: dict[bytes, float] = {}

    def better(self, programs: Sequence[Program], than: Member) -> FloatArray:
        """(n,) 1 where it says that a program is better, else 0; equal ones are not better."""
        true = np.array([self._fitness(p) > than.fitness for p in programs])
        wrong = self._rng.random(len(programs)) >= self._accuracy
        out: FloatArray = (true ^ wrong).astype(float)
        return out

    def _fitness(self, program: Program) -> float:
        found = self._known.get(program.key)
        if found is None:
            found = self._known[program.key] = fate(self._task.measure(program))
        return found


def odds(left: FloatArray, right: float | FloatArray) -> FloatArray:
    """Probability that the left is better, from scores."""
    out: FloatArray = 1 / (1 + np.exp(np.clip(right - left, -500, 500)))
    return out
