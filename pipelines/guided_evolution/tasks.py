"""Tasks by the parameters that ask for them, with what is to be reached."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from measurand import rows, shards
from measurand.errors import ParamsError
from measurand.stats.resample import rng_for
from pipelines.guided_evolution import cells, listed
from pipelines.guided_evolution.loss_graphs import KNOWN
from pipelines.guided_evolution.nas_tables import trees
from pipelines.guided_evolution.optimisers import Optimisers, tuned
from pipelines.guided_evolution.own import OwnPrograms
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.rl_losses import RlLosses
from pipelines.guided_evolution.spaces import Outcome, Space, Task
from pipelines.guided_evolution.symbolic import CLOSE, SOLVED, TARGETS, Formulas
from schemas.guided_evolution import params as asked

BEST = 10
"""Architectures that count as the best ones."""
SHARE = 0.999


class Level(NamedTuple):
    """A fitness to be reached."""

    name: str
    fitness: float
    why: str


class Architectures:
    """The task of finding an architecture in a table, or a graph in the user's.

    Args:
        graph: the data set of NAS-Bench-Graph; of another table the task.
        folder: the dataset's table of all data sets.
        space: the programs to choose from.
    """

    def __init__(self, graph: str, folder: Path, space: Space) -> None:
        self.space = space
        self.rows = _table(graph, folder)

    enough: float | None = None

    def function(self, program: Program) -> bytes | None:
        """The architecture's key; None where the table has no such row."""
        return program.key if program.key.hex() in self.rows else None

    def measure(self, program: Program) -> Outcome:
        """Validation accuracy."""
        return Outcome(self.rows[program.key.hex()][0])


@cache
def _space(name: str, folder: Path, source: asked.Listed) -> listed.Drawn:
    found = shards.read_table(folder, ["graph", "ops", "args"]).to_pylist()
    return listed.space([row for row in found if row["graph"] == name], source.commutes)


@cache
def _table(graph: str, folder: Path) -> dict[str, tuple[float, float | None]]:
    found = shards.read_table(folder, ["graph", "program", "validation", "test"])
    columns = (found[name].to_pylist() for name in found.column_names)
    rows = zip(*columns, strict=True)
    return {key: (valid, test) for name, key, valid, test in rows if name == graph}


def make(task: asked.Task, seed: int, dataset: Path) -> Task:
    """The task.

    Args:
        task: what is asked for.
        seed: of its points.
        dataset: folder of the dataset, where tables lie.

    Raises:
        ParamsError: there is no such formula.
    """
    source, tables = task.source, dataset / "tables"
    if isinstance(source, asked.Formula):
        if source.name not in TARGETS:
            raise ParamsError(
                f"task {task.id}: no formula {source.name}", hint=f"one of: {', '.join(TARGETS)}"
            )
        return Formulas(source.name, seed)
    if isinstance(source, asked.Architecture):
        return Architectures(source.graph, tables, trees(source.graph))
    if isinstance(source, asked.Digits):
        return Architectures(task.id, tables, cells.space(source.nodes))
    if isinstance(source, asked.Listed):
        return Architectures(task.id, tables, _space(task.id, tables, source))
    if isinstance(source, asked.Optimiser):
        return Optimisers(source.steps)
    if isinstance(source, asked.RlLoss):
        return RlLosses(source.steps, source.runs, source.rate)
    return OwnPrograms(source)


def given(task: asked.Task) -> str | None:
    """Hash of what the user gave a task, by which a search is known; None where it is nothing.

    A module that cannot be found has none: that it is missing is said where it is loaded.
    """
    source = task.source
    if isinstance(source, asked.Listed):
        return rows.digest(rows.locate(source.file))
    if not isinstance(source, asked.Own):
        return None
    place = source.evaluate.rpartition(":")[0]
    if not place.endswith(".py"):
        try:
            spec = importlib.util.find_spec(place)
        except ModuleNotFoundError:
            spec = None
        place = spec.origin or "" if spec is not None else ""
    return rows.digest(Path(place)) if Path(place).is_file() else None


def close(task: Task) -> None:
    """End what a task holds open."""
    if isinstance(task, OwnPrograms):
        task.close()


def levels(asked_for: asked.Task, task: Task) -> list[Level]:
    """What is to be reached, the main one first."""
    if asked_for.targets:
        return [Level(name, x, "set by the parameters") for name, x in asked_for.targets.items()]
    if isinstance(task, Formulas):
        return [
            Level(name, 1 / (1 + error), f"normalised error {error:g}")
            for name, error in (("solved", SOLVED), ("close", CLOSE))
        ]
    if isinstance(task, Architectures):
        valid = np.sort([row[0] for row in task.rows.values()])
        share = float(np.quantile(valid, SHARE, method="higher"))
        return [
            Level("top", share, f"{SHARE:.1%} of architectures lie at or below it"),
            Level(
                "best_10",
                float(valid[-min(BEST, len(valid))]),
                f"validation accuracy of the {BEST}th best",
            ),
        ]
    if isinstance(task, Optimisers):
        return [
            Level(name, tuned(name, task.steps)[1], "at its best learning rate on these problems")
            for name in ("adam", "adamw", "momentum")
        ]
    if isinstance(task, RlLosses):
        return [
            Level(name, task.tuned(name)[1], "at its best learning rate in these environments")
            for name in KNOWN
        ]
    return []


def what(task: asked.Task) -> str:
    """The formula, the data set or the function, in words."""
    source = task.source
    if isinstance(source, asked.Formula):
        return TARGETS[source.name].written
    if isinstance(source, asked.Digits):
        return f"networks of at most {source.nodes} nodes on pictures of digits"
    if isinstance(source, asked.Optimiser):
        return f"update rules over {source.steps} steps"
    if isinstance(source, asked.RlLoss):
        return f"losses of Q-networks over {source.steps} steps"
    if isinstance(source, asked.Listed):
        return source.file
    return source.graph if isinstance(source, asked.Architecture) else source.evaluate


def repeats(task: Task, n: int, seed: int) -> tuple[int, int]:
    """Measure random programs twice: how many, and how many of these had two fitnesses."""
    rng = rng_for("guided_evolution check", seed)
    unequal = 0
    for _ in range(n):
        program = task.space.random(rng)
        unequal += task.measure(program) != task.measure(program)
    return n, unequal
