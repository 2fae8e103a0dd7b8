"""What the statistics are made from: searches, their histories, and what was measured again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from measurand import shards, subject
from measurand.manifest import MANIFEST
from measurand.reporting import view
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean
from measurand.subject import frame
from measurand.tables import Table
from schemas.guided_evolution.params import Method, Params, Task
from schemas.guided_evolution.tables import (
    CHOSEN,
    EXPORTS,
    PAIRS,
    REPLAYS,
    SEARCHES,
    SECONDS,
    STEPS,
    TARGETS,
    TASKS,
    WINNERS,
)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Material(subject.Subject):
    """All tables of one evaluation. A method is what figures belong to: the ``model`` of a row.

    Attributes:
        params: parameters.
        searches: the searches that count.
        swept: those that settings were chosen by.
        steps: histories of the searches that count.
        pairs: comparisons of these, with ``task`` and ``method``.
        seconds: times of one run, empty where it was made elsewhere.
        targets: levels to be reached.
        tasks: the tasks.
        chosen: settings that were tried.
        winners: best programs, measured again.
        exports: best programs of each task, written out.
        replays: searches that were run again.
    """

    params: Params
    searches: pl.DataFrame
    swept: pl.DataFrame
    steps: pl.DataFrame
    pairs: pl.DataFrame
    seconds: pl.DataFrame
    targets: pl.DataFrame
    tasks: pl.DataFrame
    chosen: pl.DataFrame
    winners: pl.DataFrame
    exports: pl.DataFrame
    replays: pl.DataFrame

    def replaced(self, method: str) -> subject.Subject:
        """The subject of a method's figures; all methods see the same resamples."""
        return subject.Subject(self.system, method, self.seed, self.resamples)

    def methods(self) -> Iterator[tuple[Task, Method]]:
        """Every task with every method that searched there, in the order of the parameters."""
        for task in self.params.build.tasks:
            for method in self.params.build.methods_of(task):
                yield task, method

    def levels(self, task: str) -> list[tuple[str, float]]:
        """Names and levels of a task's targets, the main one first."""
        mine = self.targets.filter(task=task).sort("rank")
        return list(mine.select("target", "fitness").iter_rows())

    @cached_property
    def _reached(self) -> pl.DataFrame:
        """A row a search and target: evaluations and step where it was reached, null if never."""
        found = []
        for task, target, level in self.targets.select("task", "target", "fitness").iter_rows():
            mine = self.steps.filter(pl.col("task") == task)
            first = (
                mine.filter(pl.col("best") >= level)
                .sort("step")
                .group_by("search")
                .agg(pl.col("evaluations").first(), pl.col("step").first())
            )
            every = self.searches.filter(task=task).select("search", "method", "seed", "budget")
            found.append(
                every.join(first, on="search", how="left").with_columns(
                    pl.lit(task).alias("task"), pl.lit(target).alias("target")
                )
            )
        return pl.concat(found) if found else pl.DataFrame()

    def reached(self, task: str, method: str, target: str) -> pl.DataFrame:
        """A method's searches, by seed, with ``evaluations`` to a target (null: not reached)."""
        if self._reached.is_empty():
            return self._reached
        return self._reached.filter(task=task, method=method, target=target).sort("seed")


View = view.View[Material]
"""What report sections read."""


def material(data: Path, results: Path, params: Params) -> Material:
    """Read everything that statistics need.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    dataset = data / "dataset"
    every = _read(dataset / "searches", SEARCHES)
    names = every.filter(~pl.col("swept")).select("search", "task", "method", "seed")
    return Material(
        system="guided_evolution",
        model=params.build.baseline.id,
        seed=params.report.seed,
        resamples=params.report.resamples,
        params=params,
        searches=every.filter(~pl.col("swept")),
        swept=every.filter(pl.col("swept")),
        steps=_read(dataset / "steps", STEPS).join(names, on="search", maintain_order="left"),
        pairs=_read(dataset / "pairs", PAIRS).join(names, on="search", maintain_order="left"),
        seconds=_read(results / "seconds", SECONDS).join(names, on="search", maintain_order="left"),
        targets=_read(dataset / "targets", TARGETS),
        tasks=_read(dataset / "tasks", TASKS),
        chosen=_read(dataset / "chosen", CHOSEN),
        winners=_read(results / "winners", WINNERS),
        exports=_read(results / "exports", EXPORTS),
        replays=_read(results / "replays", REPLAYS),
    )


def mean_of(
    values: Any, by: Any | None = None, *, low: float = -inf, high: float = inf
) -> Estimate:
    """Mean of values in a range over rows or clusters; the interval stays in it, with a width."""
    x = np.asarray(values, float)
    return bounded(cluster_mean(x, None if by is None else np.asarray(by)), x, low=low, high=high)


def _read(folder: Path, spec: Table) -> pl.DataFrame:
    """A table of the dataset or the results; empty where it was not written."""
    if not (folder / MANIFEST).exists():
        return frame(spec.from_columns({c.name: [] for c in spec.columns}))
    return frame(shards.read_table(folder))
