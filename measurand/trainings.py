"""A study of repeated trainings, and what it adds to the figures of one.

``measurand replicate S`` trains and measures again under other seeds and keeps every figure of a
trained thing, a row a training, in ``studies/S``: small, and in git. The report of one training
takes from there how far a figure moves with the training. A study of other parameters is not used;
one of other data or other code that trains is, and every figure says so. Where only code changed
that measures or reports, or where changed code makes the study's first training again to the same
figures, the section on trainings says it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from measurand import project, runs, shards
from measurand.machines import MODEL, Moves, holds
from measurand.manifest import MANIFEST, read_manifest, table_hash
from measurand.results import STATISTICS, StatisticRow
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.estimate import Estimate
from measurand.stats.trainings import widened
from measurand.tables import Column, Table
from measurand.training.code import MEASURING, code_of

_FLOATING = re.compile("float|double")
_ENDS = ("ci_lo", "ci_hi", "lower", "upper")

TRAINED, MEASURED = "training code", "measuring code"
"""The second may change without another training."""
AROUND = ("processes", "device", "compile", "save_every", "checkpoint_every")
"""Parameters of how a training runs, not of what it is."""

Key = tuple[str, str, str]
"""Model, metric, slice."""
Ends = tuple[float, float]
"""Of a two-sided interval."""

KEPT = ("model", "metric", "slice", "estimate", "ci_lo", "ci_hi", "reason")
REPLICATES = Table(
    name="measurand.replicates",
    version="1.0.0",
    key=("training", "model", "metric", "slice"),
    doc="One row per training and figure of what was trained.",
    columns=(
        Column("training", pa.int16(), "0-based training; 0 has the seed of the parameters"),
        Column("seed", pa.int64(), "seed of the training", minimum=0),
        *(column for column in STATISTICS.columns if column.name in KEPT),
    ),
)


@dataclass(frozen=True)
class Study:
    """Repeated trainings of one system.

    Attributes:
        trainings: how many R.
        figures: what each figure was in each training, None where undefined: R of them.
        ends: the interval of each figure in each training, None where there was none.
        changed: what is not as it was for the study: ``data``, ``training code``,
            ``measuring code``.
        remade: code that is not as it was, and gives the study's first training again: figures
            that were held against it; 0 where nothing was.
    """

    trainings: int
    figures: Mapping[Key, tuple[float | None, ...]]
    ends: Mapping[Key, tuple[Ends | None, ...]] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    remade: int = 0

    def held(self, rows: Iterable[StatisticRow], moves: Callable[[StatisticRow], Moves]) -> Study:
        """The same, held against a training of today, which has the study's first seed.

        Code that gives the figures of the study's first training again is not another one for what
        the study is used for, whatever its identity says. Where one figure differs, it is.

        Args:
            rows: figures of today's training, not widened.
            moves: what the system declares of a figure; sampled ones say nothing here.
        """
        now = {
            key_of(row): row["estimate"]
            for row in rows
            if row["scope"] == "training" and moves(row) != "sampled"
        }
        both = [(value, self.figures[key][0]) for key, value in now.items() if key in self.figures]
        code = {TRAINED, MEASURED} & {*self.changed}
        if not (code and both and all(holds(one, other, MODEL) for one, other in both)):
            return self
        left = tuple(what for what in self.changed if what not in code)
        return replace(self, changed=left, remade=len(both))

    def widen(self, row: StatisticRow) -> StatisticRow:
        """A figure of one training with the interval of the method; others as they are."""
        seen = self.figures.get(key_of(row))
        if row["scope"] != "training" or row["ci_lo"] is None or seen is None:
            return row
        known = [value for value in seen if value is not None]
        if len(known) < self.trainings:
            return _without(
                row, f"undefined in {self.trainings - len(known)} of {self.trainings} trainings"
            )
        own = _estimate(row)
        log = _is_ratio(own, known)
        sd = float(np.std(np.log(known) if log else known, ddof=1))
        wide = widened(own, sd, self.trainings, log=log)
        other = " and ".join(what for what in self.changed if what != MEASURED)
        other = f" of other {other}" if other else ""
        return _row(row, replace(wide, method=f"{wide.method}{other}"))


def over_trainings(tables: Sequence[pa.Table]) -> pa.Table:
    """Statistics of repeated trainings as one table: means, with intervals of the method.

    The interval over items is that of a training, its ends' distances averaged; the deviation
    between trainings is added to it, with R - 1 degrees of freedom. A figure that has no interval
    over items in any training gets one over trainings alone; where some trainings have one and
    some have none, or nothing differs, there is none, for that reason.

    Args:
        tables: statistics of each training, the same figures in each. One is given back as it is.
    """
    if len(tables) == 1:
        return tables[0]
    rows: dict[Key, list[StatisticRow]] = defaultdict(list)
    for table in tables:
        for row in cast(list[StatisticRow], table.to_pylist()):
            rows[key_of(row)].append(row)
    return statistics_table([_over(each, len(tables)) for each in rows.values()])


def _over(rows: Sequence[StatisticRow], trainings: int) -> StatisticRow:
    first = rows[0]
    if first["scope"] != "training":
        return first
    known = [row for row in rows if row["estimate"] is not None]
    values = [row["estimate"] or 0.0 for row in known]
    if len(known) < trainings:
        mean = float(np.mean(values)) if known else None
        gone = f"undefined in {trainings - len(known)} of {trainings} trainings"
        return _without(cast(StatisticRow, {**first, "estimate": mean}), gone)
    deviation = float(np.std(values, ddof=1)) / math.sqrt(trainings)
    every = [_estimate(row) for row in known]
    averages: dict[str, Any] = {name: _average(every, name) for name in ("se", *_ENDS)}
    method = f"mean over {trainings} trainings of: {first['method']}; with their deviation"
    mean_of_all = replace(every[0], value=float(np.mean(values)), method=method, **averages)
    bare = [row["ci_lo"] is None for row in known]
    if not any(bare):
        log = _is_ratio(mean_of_all, values)
        if log:
            deviation = float(np.std(np.log(values), ddof=1)) / math.sqrt(trainings)
        wide = widened(mean_of_all, deviation, trainings, log=log)
        return _row(first, replace(wide, method=mean_of_all.method))
    if not all(bare):
        gone = f"no interval over items in {sum(bare)} of {trainings} trainings"
        return _without(cast(StatisticRow, {**first, "estimate": mean_of_all.value}), gone)
    if deviation == 0:
        return _without(first, "the same in every training")
    ends: dict[str, Any] = dict.fromkeys(_ENDS, mean_of_all.value)
    point = replace(mean_of_all, **ends, reason=None)
    wide = widened(point, deviation, trainings)
    return _row(first, replace(wide, method=mean_of_all.method))


def _is_ratio(found: Estimate, known: Sequence[float]) -> bool:
    """Whether other trainings multiply it: above 0, without a largest value."""
    ends = (found.value, found.ci_lo, found.lower, *known)
    above = all(end is None or end > 0 for end in ends)
    return found.least == 0 and found.most is None and above


def _average(every: Sequence[Estimate], name: str) -> float | None:
    values = [getattr(one, name) for one in every]
    return None if None in values else float(np.mean(values))


def _row(row: StatisticRow, found: Estimate) -> StatisticRow:
    """The row with another estimate; what is no part of an estimate stays."""
    names = ("system", "model", "metric", "reliability", "slice")
    made = statistic_row("", "", "", {}, found)
    kept = {name: value for name, value in row.items() if name in names}
    return cast(StatisticRow, {**made, **kept})


def _without(row: StatisticRow, why: str) -> StatisticRow:
    """The row without an interval, for a reason; without a figure its own reason stays first."""
    ends = dict.fromkeys(("se", *_ENDS, "mde"))
    reason = why if row["estimate"] is None else f"no interval: {why}"
    return cast(StatisticRow, {**row, **ends, "reason": reason})


def read(system: project.System, params: Any, dataset: Path | None = None) -> Study | None:
    """The study of a system, None where there is none of these parameters.

    Args:
        system: the system.
        params: its parameters.
        dataset: folder of the dataset, if not the project's own.
    """
    folder = system.studies
    if not (folder / MANIFEST).is_file():
        return None
    about = read_manifest(folder).params
    if about["parameters"] != parameters_id(params):
        return None
    count = about["trainings"]
    figures: dict[Key, list[float | None]] = defaultdict(lambda: [None] * count)
    ends: dict[Key, list[Ends | None]] = defaultdict(lambda: [None] * count)
    for row in shards.read_table(folder).to_pylist():
        key, at = (row["model"], row["metric"], row["slice"]), row["training"]
        figures[key][at] = row["estimate"]
        if row["ci_lo"] is not None:
            ends[key][at] = (row["ci_lo"], row["ci_hi"])
    now = {"data": data_of(dataset or system.dataset), **codes(system)}
    changed = [what for what, value in now.items() if about["of"].get(what) != value]
    if TRAINED in changed and MEASURED in changed:
        changed.remove(MEASURED)  # which uses that code
    known = {key: tuple(values) for key, values in figures.items()}
    around = {key: tuple(ends[key]) for key in known}
    return Study(count, known, around, tuple(changed))


def write(
    system: project.System, params: Any, tables: Iterable[tuple[int, pa.Table]], about: Any
) -> int:
    """Keep the figures of repeated trainings; returns how many rows.

    Args:
        system: the system.
        params: its parameters.
        tables: (seed, statistics) of every training, in order.
        about: provenance, JSON values.
    """
    rows = [
        {**row, "training": at, "seed": seed}
        for at, (seed, table) in enumerate(tables)
        for row in table.to_pylist()
        if row["scope"] == "training"
    ]
    known = {
        "trainings": 1 + max((row["training"] for row in rows), default=-1),
        "parameters": parameters_id(params),
        "of": {"data": data_of(system.dataset), **codes(system)},
        "provenance": about,
    }
    shards.write_dataset(system.studies, REPLICATES, runs.table(REPLICATES, rows), params=known)
    return len(rows)


def parameters_id(params: Any) -> str:
    """Identity of what decides the figures of a training, but for the report's own parameters.

    Where and in how many processes it ran is left out: that moves last bits, as a machine does.
    """
    return runs.run_id(_deciding(params.model_dump(mode="json", exclude={"report"})))


def _deciding(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _deciding(inner) for key, inner in value.items() if key not in AROUND}
    return [_deciding(inner) for inner in value] if isinstance(value, list) else value


def codes(system: project.System) -> dict[str, str]:
    """Identities of the code that trains, and of the code that measures what was trained."""
    train = system.root / "pipelines" / system.name / "train.py"
    measure = system.root / "evaluators" / system.name
    both = (measure / "evaluate", measure / "report.py")
    return {TRAINED: code_of(train), MEASURED: code_of(*both, rooms=MEASURING)}


def data_of(dataset: Path) -> dict[str, str]:
    """Hashes of a dataset's tables, by folder, but for floating-point columns.

    These differ in last bits between machines, such as a reference's log-probabilities.
    """
    found = {}
    for path in sorted(dataset.rglob(MANIFEST)):
        table = shards.read_table(path.parent)
        exact = [one.name for one in table.schema if not _FLOATING.search(str(one.type))]
        found[path.parent.relative_to(dataset).as_posix()] = table_hash(table.select(exact))
    return found


def key_of(row: StatisticRow) -> Key:
    """Model, metric and slice of a row."""
    return row["model"], row["metric"], row["slice"]


def _estimate(row: StatisticRow) -> Estimate:
    names = {one.name for one in fields(Estimate)} - {"value"}
    own: dict[str, Any] = {name: value for name, value in row.items() if name in names}
    return Estimate(row["estimate"], **own)
