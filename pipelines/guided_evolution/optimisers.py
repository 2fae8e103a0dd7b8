"""Update rules as programs: the task of finding an optimiser.

Each step a rule reads the gradient, its running mean and mean square (with Adam's corrections,
Kingma & Ba 2015), the weights, and what share of the run is left; its value is taken from the
weights.
Fitness is minus the mean of log10(loss + 1e-8) at the end, over four problems.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any

import numpy as np

from measurand.stats.resample import rng_for
from pipelines.guided_evolution.expressions import FloatArray, significant
from pipelines.guided_evolution.problems import Problem, held_out, searched
from pipelines.guided_evolution.programs import KEY_BYTES, Grammar, Op, Program, tidy
from pipelines.guided_evolution.spaces import Graphs, Outcome, failed

FIRST, SECOND = 0.9, 0.999
FLOOR, CEILING = 1e-8, 1e6
"""What is added to a loss before its logarithm, and the loss beyond which a run has diverged."""
RATES = tuple(10.0**k for k in np.arange(-4, 0.51, 0.5).tolist())
"""Learning rates that the known rules are tuned over."""
_V, _N = "vector", "number"
GRAMMAR = Grammar(
    (
        Op("gradient", gives=_V),
        Op("mean", gives=_V),
        Op("square_mean", gives=_V),
        Op("weights", gives=_V),
        Op("left", gives=_N),
        Op("constant", gives=_N, constant=True),
        Op("add", (_V, _V), _V, commutes=True),
        Op("sub", (_V, _V), _V),
        Op("mul", (_V, _V), _V, commutes=True),
        Op("div", (_V, _V), _V),
        Op("scale", (_N, _V), _V),
        Op("sign", (_V,), _V),
        Op("sqrt", (_V,), _V),
        Op("square", (_V,), _V),
        Op("average", (_V,), _V),
        Op("product", (_N, _N), _N, commutes=True),
    ),
    gives=_V,
    max_nodes=25,
    constants=(1e-4, 2.0),
    signed=False,
    inputs=("gradient", "mean"),
)
"""Rules; ``average`` keeps a running mean of its own."""


def _over(a: FloatArray, b: FloatArray) -> FloatArray:
    out: FloatArray = a / np.where(np.abs(b) > FLOOR, b, FLOOR)
    return out


_DO: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": _over,
    "scale": np.multiply,
    "sign": np.sign,
    "sqrt": lambda a: np.sqrt(np.abs(a)),
    "square": np.square,
    "product": lambda a, b: a * b,
}


class Rule:
    """An update rule and what it remembers.

    Args:
        program: the rule.
        size: weights n.
        steps: steps of the whole run.
    """

    def __init__(self, program: Program, size: int, steps: int) -> None:
        self._program, self._steps, self._at = program, steps, 0
        self._mean, self._square = np.zeros(size), np.zeros(size)
        names = [GRAMMAR.ops[op].name for op in program.ops]
        self._names = names
        self._kept = {i: np.zeros(size) for i, name in enumerate(names) if name == "average"}

    def __call__(self, weights: FloatArray, gradient: FloatArray) -> FloatArray:
        """(n,) what is taken from the weights in this step."""
        self._at += 1
        self._mean += (1 - FIRST) * (gradient - self._mean)
        self._square += (1 - SECOND) * (gradient * gradient - self._square)
        read = {
            "gradient": gradient,
            "mean": self._mean / (1 - FIRST**self._at),
            "square_mean": self._square / (1 - SECOND**self._at),
            "weights": weights,
            "left": 1 - (self._at - 1) / self._steps,
        }
        found: list[Any] = []
        for i, (name, mine) in enumerate(zip(self._names, self._program.args, strict=True)):
            if name == "constant":
                found.append(self._program.consts[i])
            elif name == "average":
                self._kept[i] += (1 - FIRST) * (found[mine[0]] - self._kept[i])
                found.append(self._kept[i].copy())
            elif mine:
                found.append(_DO[name](*[found[a] for a in mine]))
            else:
                found.append(read[name])
        out: FloatArray = found[-1]
        return out


def final_loss(program: Program, problem: Problem, steps: int) -> float | None:
    """The loss after so many steps; None where the run diverged."""
    rule, w = Rule(program, len(problem.start), steps), problem.start.copy()
    with np.errstate(all="ignore"):
        for step in range(steps):
            w = w - rule(w, problem.gradient(w, step))
            if not np.abs(w).max() < CEILING:
                return None
        loss = problem.loss(w)
    return loss if loss < CEILING else None


def fitness(program: Program, problems: Sequence[Problem], steps: int) -> Outcome:
    """Minus the mean logarithm of the final losses; a run that diverges fails."""
    logs = []
    for problem in problems:
        loss = final_loss(program, problem, steps)
        if loss is None:
            return failed(f"diverged on {problem.name}")
        logs.append(np.log10(loss + FLOOR))
    return Outcome(-float(np.mean(logs)))


@dataclass(frozen=True)
class Optimisers:
    """The task of finding an update rule.

    Attributes:
        steps: steps of every run.
    """

    steps: int

    @cached_property
    def space(self) -> Graphs:
        """The rules to choose from."""
        return Graphs(GRAMMAR, 4)

    @property
    def enough(self) -> None:
        """No fitness is known to be the last word."""
        return None

    def function(self, program: Program) -> bytes | None:
        """Key of three updates on fixed gradients, to six digits."""
        rng = rng_for("guided_evolution optimiser probe")
        rule, w = Rule(program, 8, 4), rng.normal(size=8)
        found = []
        with np.errstate(all="ignore"):
            for _ in range(3):
                found.append(np.broadcast_to(rule(w, rng.normal(size=8)), 8).copy())
                w = w - found[-1]
        made = np.array(found)
        if not np.isfinite(made).all():
            return None
        return blake2b(significant(made).tobytes(), digest_size=KEY_BYTES).digest()

    def measure(self, program: Program) -> Outcome:
        """Fitness on the problems that a search sees."""
        return fitness(program, searched(), self.steps)

    def fresh(self, program: Program) -> Outcome:
        """Fitness on the problems that no search sees."""
        return fitness(program, held_out(), self.steps)


@cache
def tuned(name: str, steps: int) -> tuple[Program, float]:
    """A known rule at the learning rate that serves it best on the searched problems.

    Args:
        name: ``momentum``, ``adam`` or ``adamw``.
        steps: steps of every run.

    Returns:
        The rule and its fitness.
    """
    found = []
    for rate in RATES:
        program = known(name, rate)
        outcome = fitness(program, searched(), steps)
        if outcome.fitness is not None:
            found.append((outcome.fitness, rate, program))
    best, _, program = max(found, key=lambda one: one[0])
    return program, best


def known(name: str, rate: float) -> Program:
    """Momentum, Adam, or AdamW with a decay of 0.01 (Loshchilov & Hutter 2019), as a rule."""
    spelled: dict[str, list[tuple[str, tuple[int, ...], float]]] = {
        "momentum": [("mean", (), 0), ("constant", (), rate), ("scale", (1, 0), 0)],
        "adam": [
            ("mean", (), 0), ("square_mean", (), 0), ("sqrt", (1,), 0), ("div", (0, 2), 0),
            ("constant", (), rate), ("scale", (4, 3), 0),
        ],
    }  # fmt: skip
    spelled["adamw"] = [
        *spelled["adam"], ("weights", (), 0), ("constant", (), 0.01 * rate), ("scale", (7, 6), 0),
        ("add", (5, 8), 0),
    ]  # fmt: skip
    ops, args, numbers = zip(*spelled[name], strict=True)
    return tidy(GRAMMAR, [GRAMMAR.place(op) for op in ops], args, numbers, len(ops) - 1)
