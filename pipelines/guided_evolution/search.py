"""One search, from its first random program to its budget; the same rows at every run.

What is drawn comes from one generator whose seed is made of words, so a run is its words. A
probability is computed before the evaluation that it is about, and stands in the row of that step.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.guided_evolution.choosing import Choice, Rule, choose
from pipelines.guided_evolution.discriminator import NEAR, Discriminator, Learning
from pipelines.guided_evolution.evaluations import Evaluations
from pipelines.guided_evolution.judging import Judge, Network, Oracle, odds
from pipelines.guided_evolution.population import Counts, Exhausted, Member, Population, fate
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.spaces import Outcome, Task

Row = dict[str, Any]
TOP = 0.1
"""Share of all measured programs that are the top ones."""
LATEST = 64
"""Comparisons of a child with its parent by which a judge is trusted."""
MOST_STEPS = 5
"""Steps of a search for each evaluation of its budget, at most."""
EVERY = 50
"""Steps between records of the random state."""


@dataclass(frozen=True)
class Setting:
    """How one search goes.

    Attributes:
        rule: how children are chosen.
        budget: evaluations that it may pay for.
        population: programs that live.
        tournament: programs of which the best becomes a parent.
        learning: of the discriminator; None without one.
        accuracy: of an oracle in its place; None without one.
        warm_up: evaluations before the discriminator is asked.
        trust: share of the latest 64 comparisons that it must have got right to be asked; None asks
            it in any case.
    """

    rule: Rule
    budget: int
    population: int = 100
    tournament: int = 10
    learning: Learning | None = None
    accuracy: float | None = None
    warm_up: int = 64
    trust: float | None = 0.55


@dataclass
class Found:
    """What a search leaves.

    Attributes:
        steps: a row a program that was measured or taken over.
        pairs: a row a comparison with a probability from before the evaluation.
        states: a row a record of the random state, and a training where there was one.
        programs: every program that was measured, by its key.
        seconds: cumulative (whole, judge, evaluation) at each step.
        ended: ``budget``; ``solved``, where nothing could be better; or ``exhausted``.
    """

    steps: list[Row] = field(default_factory=list)
    pairs: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    programs: dict[bytes, tuple[Program, bytes, Outcome]] = field(default_factory=dict)
    seconds: list[tuple[float, float, float]] = field(default_factory=list)
    ended: str = "budget"


class Search:
    """A search that goes on.

    Args:
        task: what is searched for.
        setting: how.
        first: words of the seed of the first programs, which all methods share.
        words: words of the seed of everything else.
        evaluations: what measures and counts.
    """

    def __init__(
        self,
        task: Task,
        setting: Setting,
        first: tuple[str | int, ...],
        words: tuple[str | int, ...],
        evaluations: Evaluations,
    ) -> None:
        self._task, self._setting, self._paid = task, setting, evaluations
        rng = rng_for("guided_evolution search", *words)
        self._first = rng_for("guided_evolution first", *first)
        self._population = Population(
            task, evaluations, rng, setting.population, setting.tournament
        )
        self._network: Network | None = None
        self._oracle: Oracle | None = None
        if setting.learning is not None:
            space = task.space
            self._network = Network(
                Discriminator(setting.learning, len(space.names), space.max_nodes, words)
            )
        if setting.accuracy is not None:
            self._oracle = Oracle(
                task, setting.accuracy, rng_for("guided_evolution oracle", *words)
            )
        self._right: deque[float] = deque(maxlen=LATEST)
        self._measured: list[Member] = []
        self._ranked: list[float] = []
        self._best: float | None = None
        self._evaluated = 0
        self._trained = False
        self.found = Found()

    def run(self) -> Found:
        """Go on until the budget is spent, all is solved, or no new program can be drawn."""
        start = time.perf_counter()
        try:
            # What takes over the value of an equal program costs nothing, so rows are bounded too.
            most = MOST_STEPS * self._setting.budget
            while self._evaluated < self._setting.budget and len(self.found.steps) < most:
                self._step()
                self.found.seconds.append(self._seconds(start))
                if self._solved():
                    self.found.ended = "solved"
                    break
        except Exhausted:
            self.found.ended = "exhausted"
        self._record(None)
        return self.found

    def _solved(self) -> bool:
        enough = self._task.enough
        return enough is not None and self._best is not None and self._best >= enough

    def _seconds(self, start: float) -> tuple[float, float, float]:
        judge = self._network.seconds if self._network else 0.0
        return time.perf_counter() - start, judge, self._paid.seconds

    def _step(self) -> None:
        counts = Counts()
        choice = self._choose(counts)
        asked = list(self._ask(choice))
        outcome, known = self._population.measure(choice.child)
        self._evaluated += not known
        step = len(self.found.steps)
        self._note(step, choice, counts, outcome, known)
        for row, other in asked:
            self.found.pairs.append(row | _label(outcome, other))
        self._learn(choice, outcome, asked)
        if outcome.fitness is not None:
            self._population.join(choice.child.program, outcome.fitness)
            self._measured.append(Member(choice.child.program, outcome.fitness))

    def _choose(self, counts: Counts) -> Choice:
        if len(self._measured) < self._setting.population:
            return Choice(self._population.random(counts, self._first), "initial")
        judge, reason = self._judge()
        choice = choose(self._setting.rule, self._population, judge, counts)
        return choice if reason is None else Choice(choice.child, choice.how, reason=reason)

    def _judge(self) -> tuple[Judge | None, str | None]:
        """Who may be asked now, or why nobody."""
        if self._oracle is not None:
            return self._oracle, None
        if self._network is None:
            return None, None
        setting = self._setting
        if not self._trained or self._network.discriminator.seen < setting.warm_up:
            return None, "warm_up"
        if setting.trust is None:
            return self._network, None
        if len(self._right) < self._right.maxlen:  # type: ignore[operator]
            return None, "warm_up"
        if sum(self._right) / len(self._right) <= setting.trust:
            return None, "untrusted"
        return self._network, None

    def _ask(self, choice: Choice) -> Iterator[tuple[Row, Member]]:
        """Comparisons of the child with its parent, with any program, and with a top one."""
        if self._network is None or not self._trained or not self._measured:
            return
        rng = self._population.rng
        others = {"any": self._measured[int(rng.random() * len(self._measured))]}
        if choice.child.parent is not None:
            others["parent"] = choice.child.parent
        top = self._top(rng)
        if top is not None:
            others["top"] = top
        program = choice.child.program
        s = self._network.scores([program, *[o.program for o in others.values()]])
        for (kind, other), p in zip(others.items(), odds(s[0], s[1:]), strict=True):
            yield (
                {
                    "step": len(self.found.steps),
                    "other": kind,
                    "left": program.key.hex(),
                    "right": other.program.key.hex(),
                    "p": float(p),
                    "judged": choice.how == "judged",
                },
                other,
            )

    def _top(self, rng: np.random.Generator) -> Member | None:
        n = len(self._measured)
        if n < 1 / TOP:
            return None
        fitness = np.array([m.fitness for m in self._measured])
        place = np.argsort(-fitness, kind="stable")[int(rng.random() * max(1, int(TOP * n)))]
        return self._measured[int(place)]

    def _note(
        self, step: int, choice: Choice, counts: Counts, outcome: Outcome, known: bool
    ) -> None:
        child = choice.child
        if outcome.fitness is not None and (self._best is None or outcome.fitness > self._best):
            self._best = outcome.fitness
        key = child.program.key
        if not known:
            self.found.programs[key] = (child.program, child.function, outcome)
        self.found.steps.append(
            {
                "step": step,
                "evaluations": self._evaluated,
                "program": key.hex(),
                "parent": None if child.parent is None else child.parent.program.key.hex(),
                "parent_fitness": None if child.parent is None else child.parent.fitness,
                "mutation": child.mutation,
                "how": choice.how,
                "reason": choice.reason,
                "p": choice.p,
                **vars(counts),
                "evaluated": not known,
                "fitness": outcome.fitness,
                "status": outcome.status,
                "failure": outcome.reason,
                "best": self._best,
            }
        )
        if step % EVERY == 0:
            self._record(None)

    def _learn(self, choice: Choice, outcome: Outcome, asked: list[tuple[Row, Member]]) -> None:
        if self._network is None or self._setting.learning is None:
            return
        start = time.perf_counter()
        for row, other in asked:
            label = _label(outcome, other)["label"]
            if row["other"] == "parent" and label >= 0:
                self._right.append(float((row["p"] > 0.5) == (label == 1)))
        parent = choice.child.parent
        discriminator = self._network.discriminator
        discriminator.add(
            choice.child.program, outcome.fitness, None if parent is None else parent.program
        )
        trained = None
        if discriminator.seen % self._setting.learning.every == 0:
            trained = discriminator.train()
            self._trained |= trained is not None
        self._network.seconds += time.perf_counter() - start
        if trained is not None:
            self._record(trained)

    def _record(self, trained: tuple[float, int] | None) -> None:
        """The state of all that is random, so that two runs can be compared at any step."""
        made = blake2b(repr(self._population.rng.bit_generator.state).encode(), digest_size=8)
        made.update(repr(self._first.bit_generator.state).encode())
        step = len(self.found.steps)
        row = {
            "step": step,
            "random": made.hexdigest(),
            "network": None if self._network is None else self._network.discriminator.digest(),
            "loss": None if trained is None else trained[0],
            "pairs": None if trained is None else trained[1],
        }
        if self.found.states and self.found.states[-1]["step"] == step:
            self.found.states.pop()
        self.found.states.append(row)


def _label(outcome: Outcome, other: Member) -> Row:
    """1 where the child is better, 0 where it is worse, -1 of a tie; and by how much."""
    margin = fate(outcome) - other.fitness
    finite = float(margin) if np.isfinite(margin) else None
    label = -1 if abs(margin) <= NEAR else int(margin > 0)
    return {"label": label, "margin": finite}
