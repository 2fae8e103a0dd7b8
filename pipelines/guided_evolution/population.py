"""What every search does alike: draw programs that are new, measure them, grow old.

Regularised evolution: Real, Aggarwal, Huang and Le (2019), AAAI, arXiv 1802.01548, algorithm 1.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from pipelines.guided_evolution.evaluations import Evaluations
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.spaces import Outcome, Task

TRIES, PARENTS, DRAWS = 50, 20, 2000
"""Changes of one parent, parents, and random programs that are tried before a search gives up."""


class Exhausted(Exception):
    """No program could be drawn that is valid and new."""


@dataclass
class Counts:
    """What one step drew.

    Attributes:
        proposals: programs that were drawn.
        duplicates: of these, known in this search already, and refused.
        invalid: of these, no programs: without finite values on the probe, or without a row.
        tournaments: parents that were chosen.
    """

    proposals: int = 0
    duplicates: int = 0
    invalid: int = 0
    tournaments: int = 0


@dataclass(frozen=True)
class Member:
    """A program of the population and its fitness."""

    program: Program
    fitness: float


@dataclass(frozen=True)
class Child:
    """A program that is new.

    Attributes:
        program: the program.
        function: key of what it computes.
        parent: what it was changed from; None of a random one.
        mutation: kinds of changes, joined by ``+``.
    """

    program: Program
    function: bytes
    parent: Member | None = None
    mutation: str = ""


@dataclass
class Population:
    """The programs of one search, those that live and those that are known.

    Attributes:
        task: what is searched for.
        evaluations: what measures and counts.
        rng: what the search draws from.
        size: programs that live.
        tournament: programs of which the best becomes a parent.
        members: the living, oldest first.
        known: every program that was measured or taken over, by its key.
    """

    task: Task
    evaluations: Evaluations
    rng: np.random.Generator
    size: int
    tournament: int
    members: deque[Member] = field(default_factory=deque)
    known: set[bytes] = field(default_factory=set)
    _functions: dict[bytes, Outcome] = field(default_factory=dict)

    def parent(self, counts: Counts) -> Member:
        """The best of some that are drawn without replacement."""
        counts.tournaments += 1
        n = len(self.members)
        some = self.rng.choice(n, min(self.tournament, n), replace=False)
        return max((self.members[i] for i in some.tolist()), key=lambda m: m.fitness)

    def random(self, counts: Counts, rng: np.random.Generator | None = None) -> Child:
        """A random program that is new.

        Raises:
            Exhausted: 2,000 draws gave none.
        """
        for _ in range(DRAWS):
            child = self._new(self.task.space.random(rng or self.rng), counts)
            if child is not None:
                return child
        raise Exhausted

    def change(
        self, base: Program, parent: Member, counts: Counts, before: str = "",
        also: set[bytes] | frozenset[bytes] = frozenset(),
    ) -> Child | None:  # fmt: skip
        """A changed program that is new; None where 50 changes gave none.

        Args:
            base: what is changed.
            parent: what the child is compared with.
            counts: what is counted.
            before: changes between the parent and the base.
            also: keys that are refused beside the known ones.
        """
        for _ in range(TRIES):
            found = self.task.space.mutate(base, self.rng)
            if found is None:
                return None
            program, kind = found
            if program.key in also:
                counts.proposals += 1
                counts.duplicates += 1
                continue
            child = self._new(program, counts)
            if child is not None:
                mutation = f"{before}+{kind}" if before else kind
                return Child(program, child.function, parent, mutation)
        return None

    def plain(self, counts: Counts) -> Child:
        """The child of regularised evolution; a random program where no parent has a new one."""
        for _ in range(PARENTS):
            parent = self.parent(counts)
            child = self.change(parent.program, parent, counts)
            if child is not None:
                return child
        return self.random(counts)

    def measure(self, child: Child) -> tuple[Outcome, bool]:
        """What a program is worth, and whether that was known of one that computes the same."""
        self.known.add(child.program.key)
        before = self._functions.get(child.function)
        if before is not None:
            return before, True
        outcome = self.evaluations.measure(child.program)
        self._functions[child.function] = outcome
        return outcome, False

    def join(self, program: Program, fitness: float) -> None:
        """A further member; above the size the oldest goes."""
        self.members.append(Member(program, fitness))
        if len(self.members) > self.size:
            self.members.popleft()

    def _new(self, program: Program, counts: Counts) -> Child | None:
        counts.proposals += 1
        if program.key in self.known:
            counts.duplicates += 1
            return None
        function = self.task.function(program)
        if function is None:
            counts.invalid += 1
            return None
        return Child(program, function)


def fate(outcome: Outcome) -> float:
    """A fitness to compare by: a program that failed is worse than any."""
    return -np.inf if outcome.fitness is None else outcome.fitness
