"""The task of finding a loss by which Q-networks learn.

Fitness is the mean return of what is learned, over three environments, four times in each training
and some trainings, as a share of the way from random actions to a good policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.guided_evolution.environments import Environment, held_out, searched
from pipelines.guided_evolution.expressions import significant
from pipelines.guided_evolution.loss_graphs import GRAMMAR, Batch, Loss, known
from pipelines.guided_evolution.programs import KEY_BYTES, Program
from pipelines.guided_evolution.q_learning import DISCOUNT, trained
from pipelines.guided_evolution.spaces import Graphs, Outcome, failed

RATES = (1e-3, 2e-3, 5e-3, 1e-2, 2e-2)
"""Learning rates that the known losses are tuned over."""
PROBES, ACTIONS = 64, 3
"""Steps that tell what a loss computes, and the actions there."""


@cache
def probe(n: int = PROBES, word: str = "probe") -> Batch:
    """Steps with values from small ones to those of long returns; one in four ends an episode."""
    rng = rng_for("guided_evolution loss", word)
    size = 20.0 ** rng.uniform(-1, 1, (n, 1))
    q, q_next, target = size * rng.normal(size=(3, n, ACTIONS))
    return Batch(
        q,
        q_next,
        target,
        rng.integers(0, ACTIONS, n),
        rng.normal(size=n),
        np.where(rng.random(n) < 0.75, DISCOUNT, 0.0),
    )


def fitness(
    program: Program, places: Sequence[Environment], steps: int, runs: int, rate: float, word: str
) -> Outcome:
    """The mean share of returns; where a network's weights overflow, the loss fails.

    Args:
        program: the loss.
        places: environments to learn in.
        steps: steps of each training.
        runs: trainings in each.
        rate: learning rate.
        word: tells one set of trainings from another.
    """
    loss = Loss(program)
    if not loss.learns:
        return failed("nothing is learned")
    shares = []
    for place in places:
        returned = trained(loss, place, steps, runs, rate, word)
        if returned is None:
            return failed(f"diverged in {place.name}")
        shares.append(place.share(returned).mean())
    return Outcome(float(np.mean(shares)))


@dataclass(frozen=True)
class RlLosses:
    """The task.

    Attributes:
        steps: steps of each training.
        runs: trainings in each environment.
        rate: learning rate of every training.
    """

    steps: int
    runs: int
    rate: float

    @cached_property
    def space(self) -> Graphs:
        """The losses to choose from."""
        return Graphs(GRAMMAR)

    @property
    def enough(self) -> None:
        """No fitness is known to be the last word."""
        return None

    def function(self, program: Program) -> bytes | None:
        """Key of the gradients on fixed steps, to six digits of the largest.

        Networks learn by gradients alone, and Adam does not see how large they are. A loss whose
        gradients are all 0 is none.
        """
        slopes = Loss(program).slopes(probe())
        given = [np.zeros_like(probe().q) if x is None else x for x in slopes]
        made = np.array(given)
        size = np.abs(made).max()
        if not 0 < size < np.inf:
            return None
        return blake2b(significant(made / size).tobytes(), digest_size=KEY_BYTES).digest()

    def measure(self, program: Program) -> Outcome:
        """Fitness in the environments that a search sees."""
        return fitness(program, searched(), self.steps, self.runs, self.rate, "searched")

    def fresh(self, program: Program, rate: float | None = None) -> Outcome:
        """Fitness in environments, and with luck, that no search sees."""
        rate = self.rate if rate is None else rate
        return fitness(program, held_out(), self.steps, self.runs, rate, "held out")

    def rival(self) -> float | None:
        """Fresh fitness of DQN's squared error, at the learning rate that serves it best."""
        return _rival(self)

    def tuned(self, name: str) -> tuple[float, float]:
        """The learning rate that serves a known loss best in the searched environments.

        Returns:
            The rate, and the fitness with it.
        """
        return _tuned(name, self.steps, self.runs)


@cache
def _rival(task: RlLosses) -> float | None:
    rate, _ = task.tuned("dqn")
    return task.fresh(known("dqn"), rate).fitness


@cache
def _tuned(name: str, steps: int, runs: int) -> tuple[float, float]:
    found = []
    for rate in RATES:
        outcome = fitness(known(name), searched(), steps, runs, rate, "searched")
        if outcome.fitness is not None:
            found.append((outcome.fitness, rate))
    best, rate = max(found)
    return rate, best
