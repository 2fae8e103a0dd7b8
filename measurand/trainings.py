"""A study of repeated trainings, and what it adds to the figures of one.

``measurand replicate S`` trains and measures again under other seeds and keeps every figure of a
trained thing, a row a training, in ``studies/S``: small, and in git. The report of one training
takes from there how far a figure moves with the training. A study of other parameters is not used;
one of other data or other code that trains is, and every figure says so. Where only code changed
that measures or reports, the section on trainings says it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from measurand import project, runs, shards
from measurand.manifest import MANIFEST, read_manifest
from measurand.report.document import Cell, Section, Text
from measurand.report.document import Table as Shown
from measurand.results import STATISTICS, StatisticRow
from measurand.statistics import statistics_table
from measurand.stats.estimate import Estimate
from measurand.stats.trainings import widened
from measurand.tables import Column, Table
from measurand.training.code import MEASURING, code_of

_CUT = re.compile(r"cut to (-?[\d.]+) to (-?[\d.]+)")

MEASURED = "measuring code"
"""What may change without another training."""
AROUND = ("processes", "device", "compile", "save_every", "checkpoint_every")
"""Parameters of how a training runs, not of what it is."""

Key = tuple[str, str, str]
"""Model, metric, slice."""

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
        changed: what is not as it was for the study: ``data``, ``training code``,
            ``measuring code``.
    """

    trainings: int
    figures: Mapping[Key, tuple[float | None, ...]]
    changed: tuple[str, ...] = ()

    def widen(self, row: StatisticRow) -> StatisticRow:
        """A figure of one training with the interval of the method; others as they are."""
        seen = self.figures.get(_key(row))
        if row["scope"] != "training" or row["ci_lo"] is None or seen is None:
            return row
        known = [value for value in seen if value is not None]
        if len(known) < self.trainings:
            lost = self.trainings - len(known)
            why = f"no interval: undefined in {lost} of {self.trainings} trainings"
            ends = dict.fromkeys(("se", "ci_lo", "ci_hi", "lower", "upper", "mde"))
            return cast(StatisticRow, {**row, **ends, "reason": why})
        wide = _within(widened(_estimate(row), float(np.std(known, ddof=1)), self.trainings))
        other = " and ".join(what for what in self.changed if what != MEASURED)
        other = f" of other {other}" if other else ""
        names = ("se", "ci_lo", "ci_hi", "lower", "upper", "scope")
        ends = {name: getattr(wide, name) for name in names}
        return cast(StatisticRow, {**row, **ends, "mde": None, "method": f"{wide.method}{other}"})


def over_trainings(tables: Sequence[pa.Table]) -> pa.Table:
    """Statistics of repeated trainings as one table: means, with intervals of the method.

    The interval over items is that of a training, its ends' distances averaged; the deviation
    between trainings is added to it, with R - 1 degrees of freedom. A figure without an interval
    over items gets one over trainings alone.

    Args:
        tables: statistics of each training, the same figures in each. One is given back as it is.
    """
    if len(tables) == 1:
        return tables[0]
    rows: dict[Key, list[StatisticRow]] = defaultdict(list)
    for table in tables:
        for row in cast(list[StatisticRow], table.to_pylist()):
            rows[_key(row)].append(row)
    return statistics_table([_over(each, len(tables)) for each in rows.values()])


def _over(rows: Sequence[StatisticRow], trainings: int) -> StatisticRow:
    first = rows[0]
    if first["scope"] != "training":
        return first
    known = [row for row in rows if row["estimate"] is not None]
    if len(known) < trainings:
        gone = f"undefined in {trainings - len(known)} of {trainings} trainings"
        values = [row["estimate"] or 0.0 for row in known]
        value = float(np.mean(values)) if known else None
        ends = dict.fromkeys(("se", "ci_lo", "ci_hi", "lower", "upper", "mde"))
        reason = gone if value is None else f"no interval: {gone}"
        return cast(StatisticRow, {**first, **ends, "estimate": value, "reason": reason})

    def average(name: str) -> float | None:
        values = [row[name] for row in known]  # type: ignore[literal-required]
        return None if None in values else float(np.mean(values))

    deviation = float(np.std([row["estimate"] or 0.0 for row in known], ddof=1))
    own = {name: average(name) for name in ("estimate", "se", "ci_lo", "ci_hi", "lower", "upper")}
    if own["ci_lo"] is None:
        own |= dict.fromkeys(("ci_lo", "ci_hi", "lower", "upper"), own["estimate"])
    mean = _estimate(cast(StatisticRow, {**first, **own}))
    wide = _within(widened(mean, deviation / math.sqrt(trainings), trainings))
    names = ("se", "ci_lo", "ci_hi", "lower", "upper", "scope")
    more: dict[str, Any] = {name: getattr(wide, name) for name in names}
    more |= {"mde": None, "reason": None if first["ci_lo"] is None else first["reason"]}
    method = f"mean over {trainings} trainings of: {first['method']}; with their deviation"
    return cast(StatisticRow, {**first, "estimate": wide.value, **more, "method": method})


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
    figures: dict[Key, list[float | None]] = defaultdict(lambda: [None] * about["trainings"])
    for row in shards.read_table(folder).to_pylist():
        figures[row["model"], row["metric"], row["slice"]][row["training"]] = row["estimate"]
    found = {key: tuple(values) for key, values in figures.items()}
    now = {"data": data_of(dataset or system.dataset), **codes(system)}
    changed = tuple(what for what, value in now.items() if about["of"].get(what) != value)
    return Study(about["trainings"], found, changed)


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
    both = (measure / "evaluate.py", measure / "report.py")
    return {"training code": code_of(train), MEASURED: code_of(*both, rooms=MEASURING)}


def data_of(dataset: Path) -> dict[str, str]:
    """Logical hashes of a dataset's tables, by folder."""
    return {
        path.parent.relative_to(dataset).as_posix(): read_manifest(path.parent).logical_hash
        for path in sorted(dataset.rglob(MANIFEST))
    }


def section(
    before: pa.Table, after: pa.Table, study: Study, headlines: tuple[str, ...]
) -> Section | None:
    """Every headline in each training, with its interval of this training and of the method.

    Args:
        before: statistics of one training.
        after: the same, widened.
        study: the study.
        headlines: metrics to show.
    """
    rows: list[list[Cell]] = []
    for one, wide in zip(before.to_pylist(), after.to_pylist(), strict=True):
        seen = study.figures.get(_key(one))
        if one["metric"] not in headlines or one["scope"] != "training" or seen is None:
            continue
        each = ", ".join("undefined" if value is None else f"{value:.3g}" for value in seen)
        name: Cell = {"text": one["metric"], "detail": f"{one['model']} {one['slice']}".strip()}
        rows.append([name, each, _interval(one), _interval(wide)])
    if not rows:
        return None
    other = " and ".join(study.changed)
    told = f" Since then the {other} changed: `measurand replicate` makes them again."
    told = told if study.changed else ""
    text = (
        f"{study.trainings} trainings that differ in their seeds stand in `studies/`. Intervals of "
        "this training hold for these weights and other items; those of the method for other "
        f"trainings too, and they are the ones that stand in this report.{told}"
    )
    columns = ["figure", "in each training", "of this training", "of the method"]
    return Section("Trained again", (Text(text), Shown("Headlines over trainings", columns, rows)))


def _within(found: Estimate) -> Estimate:
    """Ends cut to what is possible, as the method of the interval over items says it.

    The figure lies there, so the cut interval holds it as often.
    """
    cut = _CUT.search(found.method)
    share = "logit scale" in found.method or found.method.startswith("rate;")
    if cut is None and not share:
        return found
    low, high = (float(end) for end in cut.groups()) if cut else (0.0, 1.0)

    def inside(end: float | None) -> float | None:
        return None if end is None else min(max(end, low), high)

    return replace(
        found,
        ci_lo=inside(found.ci_lo),
        ci_hi=inside(found.ci_hi),
        lower=inside(found.lower),
        upper=inside(found.upper),
    )


def _interval(row: StatisticRow) -> Cell:
    if row["ci_lo"] is None:
        return {"value": row["estimate"], "reason": row["reason"]}
    ends: dict[str, Any] = {"lower": row["ci_lo"], "upper": row["ci_hi"], "reason": None}
    return {"estimate": row["estimate"], **ends}


def _key(row: StatisticRow) -> Key:
    return row["model"], row["metric"], row["slice"]


def _estimate(row: StatisticRow) -> Estimate:
    names = ("se", "ci_lo", "ci_hi", "lower", "upper", "confidence", "method", "n_clusters")
    own: dict[str, Any] = {name: row[name] for name in names}  # type: ignore[literal-required]
    return Estimate(row["estimate"], **own)
