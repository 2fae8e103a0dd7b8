"""Searches run again from their words alone: does every row come out as it stands in the dataset?

What a program was worth is taken from the histories. So a search that goes the same way asks its
evaluator nothing, and one that goes another way must ask, which its counter shows.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from measurand import runs
from measurand.subject import frame
from pipelines.guided_evolution.evaluations import FILE, Evaluations, counted
from pipelines.guided_evolution.running import One, setting
from pipelines.guided_evolution.search import Search
from pipelines.guided_evolution.spaces import Task
from schemas.guided_evolution.params import Params
from schemas.guided_evolution.params import Task as Asked
from schemas.guided_evolution.tables import PAIRS, STATES, STEPS

Row = dict[str, Any]
Histories = dict[str, pl.DataFrame]
"""Rows of ``steps``, ``pairs`` and ``states``, those of the searches that are run again."""
COMPARED = {"steps": STEPS, "pairs": PAIRS, "states": STATES}


def again(
    params: Params, asked: Asked, task: Task, searches: pl.DataFrame, histories: Histories
) -> Iterator[Row]:
    """A row a search that is run again: the first ones of the baseline and of what learns.

    Args:
        params: parameters.
        asked: the task as it is asked for.
        task: what is searched for.
        searches: its searches that count.
        histories: all rows of :data:`COMPARED`.
    """
    build = params.build
    learning = [m for m in build.methods_of(asked) if m.learns and not m.shuffled]
    for method in (build.baseline, *learning[:1]):
        mine = searches.filter(method=method.id).sort("seed")[: params.evaluate.replayed]
        for row in mine.iter_rows(named=True):
            one = One(asked, method, row["seed"], row["population"], row["tournament"])
            kept = {name: x.filter(search=one.name) for name, x in histories.items()}
            yield {
                "search": one.name,
                "task": asked.id,
                "method": method.id,
                "seed": one.seed,
                **_run(params, one, task, kept),
            }


def _run(params: Params, one: One, task: Task, kept: Histories) -> Row:
    """How many rows were compared, how many differ, and calls of the evaluator."""
    build = params.build
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / FILE).write_text("".join(_known(kept["steps"])), encoding="utf-8")
        with Evaluations(task, folder) as paid:
            first = (one.task.id, build.seed, one.seed)
            words = (one.task.id, one.label, build.seed, one.seed)
            found = Search(task, setting(build, one), first, words, paid).run()
        calls, _ = counted(folder)
    made = {"steps": found.steps, "pairs": found.pairs, "states": found.states}
    rows = differ = 0
    for name, spec in COMPARED.items():
        new = frame(runs.table(spec, [{"search": one.name, **row} for row in made[name]]))
        both = [_sorted(x.select(new.columns).to_dicts()) for x in (kept[name], new)]
        rows += len(both[0])
        same = sum(a == b for a, b in zip(*both, strict=False))
        differ += max(map(len, both)) - same
    return {"rows": rows, "differ": differ, "calls": calls}


def _known(steps: pl.DataFrame) -> Iterator[str]:
    """What was paid for, as a search keeps it."""
    for row in steps.filter(pl.col("evaluated")).iter_rows(named=True):
        yield json.dumps(
            {"key": row["program"], "seconds": 0.0, "fitness": row["fitness"],
             "status": row["status"], "reason": row["failure"]}
        ) + "\n"  # fmt: skip


def _sorted(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["step"], row.get("other", "")))
