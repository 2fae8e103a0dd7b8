"""What the statistics are made from: item scores as tables of trainings by clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from measurand import shards
from measurand.manifest import MANIFEST
from measurand.reporting import view
from measurand.results import slice_parts
from measurand.subject import frame
from measurand.tables import Table
from schemas.value_functions.params import Params, Run
from schemas.value_functions.tables import LEARNING, RELIABILITY

FloatArray = npt.NDArray[np.float64]
PARTS = ("noise", "width", "experts", "conservative", "bins", "ratio")
"""What runs may differ in alone, so that they make a curve."""
CONTROLS = ("constant", "material", "random", "consistent", "script")


@dataclass(frozen=True)
class Scores:
    """Scores of one model on one run.

    Attributes:
        table: (R, G) mean score of each cluster in each training.
        clusters: names of the G clusters.
        n: items that were scored, over all trainings.
        skipped: items without a score.
    """

    table: FloatArray
    clusters: tuple[str, ...]
    n: int
    skipped: int


@dataclass(frozen=True)
class Material:
    """All tables of one evaluation.

    Attributes:
        params: parameters.
        items: item scores, with ``run`` and ``phase``.
        training: losses by step.
        tuning: what every learning rate came to.
        learning: scores on validation by step.
        representations: of the chosen networks.
        reliability: said and true win probability by bin.
    """

    params: Params
    items: pl.DataFrame
    training: pl.DataFrame
    tuning: pl.DataFrame
    learning: pl.DataFrame
    representations: pl.DataFrame
    reliability: pl.DataFrame

    @cached_property
    def _scores(self) -> dict[tuple[str, ...], Scores]:
        keys = ("run", "model", "metric", "phase")
        groups = self.items.partition_by(keys, as_dict=True, maintain_order=True)
        return {tuple(map(str, key)): _scores(rows) for key, rows in groups.items()}

    def scores(self, run: str, model: str, metric: str, phase: str = "") -> Scores | None:
        """Scores of a model, None where it was not measured so."""
        return self._scores.get((run, model, metric, phase))

    def measured(self, run: str) -> Iterator[tuple[str, str, str, Scores]]:
        """(model, metric, phase, scores) of all that was measured of a run."""
        for (name, model, metric, phase), found in self._scores.items():
            if name == run:
                yield model, metric, phase, found

    def losses(self, run: Run) -> tuple[str, ...]:
        """Losses of a run."""
        return self.params.losses(run)

    def siblings(self) -> Iterator[tuple[Run, Run, str]]:
        """(run, the one that it is compared with, in what alone of ``PARTS`` they differ).

        The one that has less of it is what the other is compared with.
        """
        for run in self.params.train.runs:
            for other in self.params.train.runs:
                for part in PARTS:
                    less = getattr(other, part) < getattr(run, part)
                    if less and run.but(part) == other.but(part):
                        yield run, other, part


def _scores(rows: pl.DataFrame) -> Scores:
    """Clusters that have a score in every training."""
    known = rows.filter(pl.col("value").is_not_null())
    means = known.group_by("cluster_id", "repeat").agg(pl.col("value").mean())
    wide = means.pivot("repeat", index="cluster_id", values="value").sort("cluster_id")
    repeats = sorted(name for name in wide.columns if name != "cluster_id")
    wide = wide.drop_nulls()
    table = wide.select(repeats).to_numpy().T if repeats else np.empty((0, 0))
    return Scores(
        np.ascontiguousarray(table, np.float64),
        tuple(wide["cluster_id"].to_list()) if repeats else (),
        known.height,
        rows.height - known.height,
    )


View = view.View[Material]
"""What report sections read."""


def material(data: Path, results: Path, params: Params) -> Material:
    """Read everything that statistics need.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    columns = ["model", "metric", "item_id", "repeat", "cluster_id", "value", "slice"]
    items = frame(shards.read_table(results / "items", columns))
    slices = {text: slice_parts(text) for text in items["slice"].unique().to_list()}
    for name in ("run", "phase"):
        of = {text: parts.get(name, "") for text, parts in slices.items()}
        items = items.with_columns(
            pl.col("slice").replace_strict(of, return_dtype=pl.String).alias(name)
        )
    names = ("training", "tuning", "representations")
    training, tuning, inner = (frame(shards.read_table(results / name)) for name in names)
    learning, bins = (_later(results, table) for table in (LEARNING, RELIABILITY))
    return Material(params, items, training, tuning, learning, inner, bins)


def _later(results: Path, table: Table) -> pl.DataFrame:
    """A table that results of an earlier evaluation have not: without rows, then."""
    folder = results / table.name.rpartition(".")[2]
    there = (folder / MANIFEST).exists()
    return frame(shards.read_table(folder) if there else table.schema().empty_table())
