"""Measure again what searches found: where no search looked, as source; and run some again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from evaluators.guided_evolution.evaluate import replaying, rules_source
from measurand import runs, shards
from measurand.errors import InputError
from measurand.manifest import MANIFEST, read_manifest
from measurand.results import RESULTS
from measurand.subject import frame
from measurand.tables import Table
from pipelines.guided_evolution import formulas, losses_source, tasks
from pipelines.guided_evolution.optimisers import Optimisers, tuned
from pipelines.guided_evolution.programs import KEY_BYTES, Program, program
from pipelines.guided_evolution.rl_losses import RlLosses
from pipelines.guided_evolution.running import One, Runner
from pipelines.guided_evolution.spaces import Task
from pipelines.guided_evolution.symbolic import Formulas
from schemas.guided_evolution.params import Params
from schemas.guided_evolution.tables import EXPORTS, REPLAYS, SECONDS, WINNERS

Row = dict[str, Any]
SYSTEM = "guided_evolution"
SIMPLIFIED = 3
"""Best formulas of a task that are written as mathematics."""


class Fresh(NamedTuple):
    """What a program is worth where no search looked."""

    value: float | None
    reason: str | None = None
    same: bool | None = None
    rival: float | None = None


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Write ``winners``, ``exports``, ``replays``, ``seconds`` and ``items`` below ``out``.

    ``seconds`` is of the run that built the dataset, and empty where its journal is not here.

    Args:
        params: parameters.
        data: folder with ``dataset/``.
        model: must be None: what is measured are searches.
        out: folder to write to.
        journal: folder where ``build`` keeps searches.
        limit: only the first so many winners of each task; marks the results partial.

    Raises:
        InputError: a model was given.
    """
    if model is not None:
        raise InputError(
            f"{SYSTEM} measures searches, not {model}", hint="set build.methods to compare others"
        )
    dataset = data / "dataset"
    searches = frame(shards.read_table(dataset / "searches")).sort("search")
    programs = frame(shards.read_table(dataset / "programs"))
    winners: list[Row] = []
    exports: list[Row] = []
    replays: list[Row] = []
    histories = {name: frame(shards.read_table(dataset / name)) for name in replaying.COMPARED}
    for asked in params.build.tasks:
        task = tasks.make(asked, params.build.seed, dataset)
        mine = searches.filter(pl.col("task") == asked.id, ~pl.col("swept"))[:limit]
        known = programs.filter(task=asked.id)
        try:
            again = _Again(params, task, known)
            winners += again.winners(mine)
            exports += again.exports(asked.id)
            replays += replaying.again(params, asked, task, mine, histories)
        finally:
            tasks.close(task)
    parents = {
        name: read_manifest(dataset / name).logical_hash for name in ("searches", "programs")
    }
    run = runs.run_id(parents, params.model_dump(mode="json"))
    config = {"evaluate": params.evaluate.model_dump(mode="json"), "partial": limit is not None}
    for name, spec, rows in (
        ("winners", WINNERS, winners),
        ("exports", EXPORTS, exports),
        ("replays", REPLAYS, replays),
        ("seconds", SECONDS, list(_seconds(params, searches, dataset, journal))),
        ("items", RESULTS, list(_items(winners, run))),
    ):
        _write(out / name, spec, rows, parents, config)


def _write(
    folder: Path, spec: Table, rows: list[Row], parents: dict[str, str], config: Row
) -> None:
    shards.write_dataset(folder, spec, runs.table(spec, rows), parents=parents, params=config)


class _Again:
    """The programs of one task, measured again; each once.

    Args:
        params: parameters.
        task: what was searched for.
        known: its rows of the programs' table.
    """

    def __init__(self, params: Params, task: Task, known: pl.DataFrame) -> None:
        self._params, self._task, self._known = params, task, known
        self._rows = {row["program"]: row for row in known.iter_rows(named=True)}
        self._done: dict[str, Fresh] = {}

    def winners(self, searches: pl.DataFrame) -> Iterator[Row]:
        for row in searches.iter_rows(named=True):
            key = row["winner"]
            fresh = Fresh(None, "no program had a fitness") if key is None else self.fresh(key)
            yield {
                **{name: row[name] for name in ("search", "task", "method", "seed")},
                "program": key,
                "fitness": row["best"],
                "fresh": fresh.value,
                "reason": fresh.reason,
                "same": fresh.same,
                "rival": fresh.rival,
            }

    def fresh(self, key: str) -> Fresh:
        if key not in self._done:
            self._done[key] = self._measure(self.program(key))
        return self._done[key]

    def program(self, key: str) -> Program:
        row, names = self._rows[key], self._task.space.names
        made = program(
            tuple(names.index(op) for op in row["ops"]),
            tuple(tuple(mine) for mine in row["args"]),
            tuple(row["constants"]),
            bytes.fromhex(key),
        )
        assert len(made.key) == KEY_BYTES
        return made

    def _measure(self, program: Program) -> Fresh:
        task = self._task
        if isinstance(task, Formulas):
            error = task.error(program, self._params.evaluate.fresh, "fresh")
            if error is None:
                return Fresh(None, "not finite on fresh points", False)
            goal = task.target
            true = error < 1e-3 and formulas.same(
                task.space.grammar, program, goal.written, goal.ranges
            )
            return Fresh(1 / (1 + error), None, true)
        if isinstance(task, tasks.Architectures):
            value = task.rows[program.key.hex()][1]
            return Fresh(value, None if value is not None else "the table has no fresh fitness")
        if isinstance(task, Optimisers):
            rival, _ = tuned("momentum", task.steps)
            outcome = task.fresh(program)
            return Fresh(outcome.fitness, outcome.reason, None, task.fresh(rival).fitness)
        if isinstance(task, RlLosses):
            outcome = task.fresh(program)
            return Fresh(outcome.fitness, outcome.reason, None, task.rival())
        outcome = task.measure(program)
        return Fresh(outcome.fitness, outcome.reason)

    def exports(self, name: str) -> Iterator[Row]:
        """The best programs that compute different things, the shortest of equals first."""
        best = (
            self._known.filter(pl.col("fitness").is_not_null())
            .with_columns(pl.col("ops").list.len().alias("nodes"))
            .sort(["fitness", "nodes", "program"], descending=[True, False, False])
            .unique("function", keep="first", maintain_order=True)
        )
        for rank, row in enumerate(best[: self._params.evaluate.exported].iter_rows(named=True)):
            program = self.program(row["program"])
            yield {
                "task": name,
                "rank": rank,
                "program": row["program"],
                "fitness": row["fitness"],
                "fresh": self.fresh(row["program"]).value,
                **{name: row[name] for name in ("ops", "args", "text")},
                **self._written(program, rank),
            }

    def _written(self, program: Program, rank: int) -> Row:
        task, fresh = self._task, self._params.evaluate.fresh
        if isinstance(task, Optimisers):
            source, apart = rules_source.source(program), rules_source.difference(program, fresh)
            return {"formula": None, "source": source, "difference": apart}
        if isinstance(task, RlLosses):
            return {
                "formula": losses_source.formula(program) if rank < SIMPLIFIED else None,
                "source": losses_source.source(program),
                "difference": losses_source.difference(program, fresh),
            }
        if not isinstance(task, Formulas):
            return {"formula": None, "source": None, "difference": None}
        space = task.space.grammar
        points, _ = task.draw(fresh, "source")
        return {
            "formula": formulas.written(space, program) if rank < SIMPLIFIED else None,
            "source": formulas.source(space, program),
            "difference": formulas.difference(space, program, points),
        }


def _seconds(params: Params, searches: pl.DataFrame, dataset: Path, journal: Path) -> Iterator[Row]:
    """The times of the searches that count, from the journal of the run that made them."""
    work = Runner(params.build, dataset.resolve(), journal.resolve())
    known = {task.id: task for task in params.build.tasks}
    methods = {method.id: method for method in params.build.methods}
    for row in searches.filter(~pl.col("swept")).iter_rows(named=True):
        one = One(
            known[row["task"]], methods[row["method"]], row["seed"], row["population"],
            row["tournament"],
        )  # fmt: skip
        if (work.folder(one) / "seconds" / MANIFEST).exists():
            yield from work.read(one, "seconds").to_pylist()


def _items(winners: list[Row], run: str) -> Iterator[Row]:
    """Best fitness, and fresh value, of every search: what ``compare`` reads."""
    for row in winners:
        item = f"{row['task']}/{row['seed']}"
        for metric, value in (("best", row["fitness"]), ("fresh", row["fresh"])):
            yield runs.item_row(
                SYSTEM,
                row["method"],
                metric,
                item,
                value,
                run_id=run,
                prompt_sha256=hashlib.sha256(item.encode()).hexdigest(),
                status="skipped" if value is None else "ok",
                reason=None if value is not None else row["reason"] or "no fitness",
                parts={"task": row["task"]},
                seed=row["seed"],
            )
