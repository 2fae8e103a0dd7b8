"""Searches by their names: where each lies, whether it is done, and what it leaves on disk.

A search's folder belongs to all that decides its rows: task, method, settings, seed, code and
versions. A search that is done is read from there; one that was killed goes on from there.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from measurand import runs, shards
from measurand.manifest import MANIFEST
from pipelines.guided_evolution import tasks
from pipelines.guided_evolution.choosing import Rule
from pipelines.guided_evolution.discriminator import Learning
from pipelines.guided_evolution.evaluations import Evaluations, counted
from pipelines.guided_evolution.search import Found, Search, Setting
from pipelines.guided_evolution.spaces import Task
from schemas.guided_evolution.params import Build, Method
from schemas.guided_evolution.params import Task as Asked
from schemas.guided_evolution.tables import PAIRS, PROGRAMS, SEARCHES, SECONDS, STATES, STEPS

Row = dict[str, Any]
LEFT = {
    "searches": SEARCHES,
    "steps": STEPS,
    "pairs": PAIRS,
    "states": STATES,
    "programs": PROGRAMS,
    "seconds": SECONDS,
}
"""What a search leaves in its folder, ``searches`` last, which says that it is done."""


@dataclass(frozen=True)
class One:
    """One search.

    Attributes:
        task: what is searched for.
        method: how; of a sweep the baseline.
        seed: the seed.
        population: programs that live.
        tournament: programs of which the best becomes a parent.
        swept: whether a setting is chosen by it.
    """

    task: Asked
    method: Method
    seed: int
    population: int
    tournament: int
    swept: bool = False

    @property
    def label(self) -> str:
        """Name of the method; of a sweep that of the setting."""
        if self.swept:
            return f"{self.method.id}-p{self.population}-t{self.tournament}"
        return self.method.id

    @property
    def name(self) -> str:
        """Name in every table."""
        return f"{self.task.id}/{self.label}/{self.seed}"


@dataclass(frozen=True)
class Runner:
    """Runs searches; picklable.

    Attributes:
        build: parameters.
        dataset: folder of the dataset, where tables lie.
        journal: folder of the searches.
    """

    build: Build
    dataset: Path
    journal: Path

    def folder(self, one: One) -> Path:
        """Where a search is kept."""
        settings = {
            "task": one.task.model_dump(mode="json", exclude={"seeds", "sweep", "methods"}),
            "given": tasks.given(one.task),
            "method": one.method.model_dump(mode="json"),
            "common": self.build.model_dump(mode="json", include={"guide", "network", "seed"}),
            "setting": [one.seed, one.population, one.tournament, one.swept],
            "code": code(),
        }
        return self.journal / "searches" / f"{runs.slug(one.name)}-{runs.run_id(settings)}"

    def __call__(self, one: One) -> str:
        """Run a search to its end, unless it is done; its name."""
        folder = self.folder(one)
        if (folder / "searches" / MANIFEST).exists():
            return one.name
        task = tasks.make(one.task, self.build.seed, self.dataset)
        try:
            with Evaluations(task, folder) as paid:
                first = (one.task.id, self.build.seed, one.seed)
                words = (one.task.id, one.label, self.build.seed, one.seed)
                found = Search(task, setting(self.build, one), first, words, paid).run()
        finally:
            tasks.close(task)
        keep(folder, one, task, found)
        return one.name

    def read(self, one: One, table: str) -> pa.Table:
        """What a search left."""
        return shards.read_table(self.folder(one) / table)


def setting(build: Build, one: One) -> Setting:
    """How a search goes, by the parameters."""
    method, guide, network = one.method, build.guide, build.network
    rule = Rule(method.kind, guide.children, guide.rounds, guide.threshold, guide.explore)
    learning = None
    if method.learns:
        given = network.model_dump() | {"encoder": method.encoder or network.encoder}
        learning = Learning(**given, head=method.head, shuffled=method.shuffled)
    return Setting(
        rule,
        one.task.budget,
        one.population,
        one.tournament,
        learning,
        method.accuracy,
        guide.warm_up,
        None if method.shuffled else guide.trust,
    )


def keep(folder: Path, one: One, task: Task, found: Found) -> None:
    """Write what a search found; ``searches`` last."""
    steps = found.steps
    rows = {
        "steps": steps,
        "pairs": found.pairs,
        "states": found.states,
        "programs": [_program(one, task, *parts) for parts in found.programs.values()],
        "seconds": list(_seconds(found, *counted(folder))),
        "searches": [_summary(one, found)],
    }
    for name, some in rows.items():
        spec = LEFT[name]
        table = runs.table(spec, [{"search": one.name, **row} for row in some])
        shards.write_dataset(folder / name, spec, table)


def _summary(one: One, found: Found) -> Row:
    steps = found.steps
    with_value = [s for s in steps if s["fitness"] is not None]
    # The first of the best: what a search would have handed over when it got there.
    first = max(with_value, key=lambda s: s["fitness"], default=None)
    return {
        "task": one.task.id,
        "method": one.label,
        "seed": one.seed,
        "swept": one.swept,
        "population": one.population,
        "tournament": one.tournament,
        "budget": one.task.budget,
        "steps": len(steps),
        "evaluations": sum(s["evaluated"] for s in steps),
        "taken_over": sum(not s["evaluated"] for s in steps),
        "failed": sum(s["evaluated"] and s["status"] == "failed" for s in steps),
        **{k: sum(s[k] for s in steps) for k in ("proposals", "duplicates", "invalid")},
        "best": None if first is None else first["fitness"],
        "winner": None if first is None else first["program"],
        "ended": found.ended,
    }


def _program(one: One, task: Task, program: Any, function: bytes, outcome: Any) -> Row:
    return {
        "task": one.task.id,
        "program": program.key.hex(),
        "function": function.hex(),
        "ops": [task.space.names[op] for op in program.ops],
        "args": [list(mine) for mine in program.args],
        "constants": list(program.consts),
        "text": task.space.text(program),
        "fitness": outcome.fitness,
        "status": outcome.status,
        "failure": outcome.reason,
    }


def _seconds(found: Found, calls: int, sessions: int) -> Iterator[Row]:
    best = np.array([np.nan if s["best"] is None else s["best"] for s in found.steps])
    rose = np.flatnonzero(np.diff(best, prepend=-np.inf) != 0)
    # Evaluations that an earlier process made took their time there.
    for at in sorted({*rose.tolist(), len(found.steps) - 1} - {-1}):
        whole, judge, evaluation = found.seconds[at]
        yield {
            "step": at,
            "evaluations": found.steps[at]["evaluations"],
            "best": found.steps[at]["best"],
            "seconds": max(whole, judge + evaluation),
            "judge": judge,
            "evaluation": evaluation,
            "calls": calls,
            "sessions": sessions,
        }


@functools.cache
def code() -> str:
    """Hash of all that a search's rows depend on beside its parameters."""
    import torch

    made = hashlib.sha256(f"{np.__version__} {torch.__version__}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()[:16]
