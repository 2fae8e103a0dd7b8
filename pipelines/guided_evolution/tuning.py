"""Which setting serves evolution best: chosen on seeds that never count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from pipelines.guided_evolution.running import One, Runner
from schemas.guided_evolution.params import TUNE_SEED, Build, Task

Row = dict[str, Any]


def sweep(build: Build) -> Iterator[One]:
    """The searches that settings are chosen by."""
    for task in build.tasks:
        for population, tournament in settings(build, task):
            for seed in range(task.sweep):
                at = TUNE_SEED + seed
                yield One(task, build.baseline, at, population, tournament, swept=True)


def settings(build: Build, task: Task) -> list[tuple[int, int]]:
    """Settings that can be told apart within a task's budget; the first one at least."""
    every = list(product(build.populations, build.tournaments))
    return [s for s in every if s[0] < task.budget] or every[:1]


def evaluations_to(steps: Any, target: float) -> int | None:
    """Evaluations after which the best reached a level; None where it did not.

    Args:
        steps: a table of steps, in order.
        target: the level.
    """
    best = steps["best"].to_numpy(zero_copy_only=False).astype(float)
    reached = np.flatnonzero(best >= target)
    return int(steps["evaluations"][int(reached[0])].as_py()) if len(reached) else None


def chosen(runner: Runner, task: Task, done: Sequence[One], target: float | None) -> list[Row]:
    """Every setting with what it reached; the one that reaches the target first is chosen.

    Where there is no target, or no setting ever reaches it, the highest mean best fitness decides.

    Args:
        runner: where the searches lie.
        task: the task.
        done: its searches of the sweep.
        target: the main level; None where there is none.
    """
    rows: list[Row] = []
    for population, tournament in settings(runner.build, task):
        mine = [o for o in done if (o.population, o.tournament) == (population, tournament)]
        found = [runner.read(one, "steps") for one in mine]
        first = [] if target is None else [evaluations_to(steps, target) for steps in found]
        last = [steps["best"][-1].as_py() for steps in found]
        known = [x for x in last if x is not None]
        capped = [task.budget if x is None else x for x in first]
        rows.append(
            {
                "task": task.id,
                "population": population,
                "tournament": tournament,
                "seeds": len(mine),
                "reached": sum(x is not None for x in first),
                "mean": float(np.mean(capped)) if capped else None,
                "best": float(np.mean(known)) if known else None,
                "chosen": False,
            }
        )
    if any(row["reached"] for row in rows):
        first_row = min(rows, key=lambda row: row["mean"])
    else:
        first_row = max(rows, key=lambda row: -np.inf if row["best"] is None else row["best"])
    first_row["chosen"] = True
    return rows
