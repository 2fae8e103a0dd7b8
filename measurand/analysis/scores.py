"""From item rows to scores: one metric of one task, items in rows and models in columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from measurand.results import slice_parts
from measurand.stats.arrays import FloatArray, IntArray

TASK = "task"


@dataclass(frozen=True)
class Score:
    """One metric of one task.

    Attributes:
        task: the task; empty where rows name none.
        metric: the metric.
        models: names of the columns.
        items: names of the rows.
        clusters: (n,) unit of independent sampling of each item.
        values: (n, M) mean over the repeats that have a score; NaN where none has.
        binary: whether every single score is 0 or 1.
        repeats: largest number of repeats.
        status: rows of each model by status.
        slices: (n,) slice of each item, without the task.
        rows: rows with a score: model and item as indices, repeat, value.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    items: tuple[str, ...]
    clusters: IntArray
    values: FloatArray
    binary: bool
    repeats: int
    status: dict[str, dict[str, int]]
    slices: tuple[str, ...]
    rows: pl.DataFrame

    @property
    def name(self) -> str:
        """Task and metric in one word."""
        return f"{self.task}, {self.metric}" if self.task else self.metric

    @property
    def clustered(self) -> bool:
        """Whether clusters hold more than one item."""
        return len(np.unique(self.clusters)) < len(self.items)

    def column(self, model: str) -> FloatArray:
        """Scores of one model."""
        found: FloatArray = self.values[:, self.models.index(model)]
        return found

    def complete(self) -> np.ndarray:
        """Items that every model has a score for."""
        return np.asarray(~np.isnan(self.values).any(axis=1))

    def by_repeat(self, model: str) -> FloatArray:
        """(n, K) scores of one model, items with all its repeats only."""
        own = self.rows.filter(pl.col("m") == self.models.index(model))
        if own.is_empty():
            return np.empty((0, 0))
        counts = own.group_by("i").agg(pl.len().alias("n"))
        most = int(counts["n"].to_numpy().max())
        whole = counts.filter(pl.col("n") == most).select("i")
        own = own.join(whole, on="i", how="semi").sort("i", "repeat")
        found: FloatArray = own["value"].to_numpy().reshape(-1, most)
        return found


def scores(table: pa.Table) -> Iterator[Score]:
    """Every metric of every task, in order of their names.

    Args:
        table: rows of ``RESULTS``.
    """
    wanted = ["model", "metric", "item_id", "repeat", "cluster_id", "value", "status", "slice"]
    frame = pl.from_arrow(table.select(wanted))
    assert isinstance(frame, pl.DataFrame)
    texts = frame["slice"].unique().to_list()
    tasks = {t: slice_parts(t).get(TASK, "") for t in texts}
    rests = {
        t: ",".join(f"{k}={v}" for k, v in sorted(slice_parts(t).items()) if k != TASK)
        for t in texts
    }
    frame = frame.with_columns(
        pl.col("slice").replace_strict(tasks).alias("task"),
        pl.col("slice").replace_strict(rests).alias("rest"),
    )
    for (task, metric), part in sorted(
        frame.group_by(["task", "metric"]), key=lambda found: tuple(map(str, found[0]))
    ):
        yield _score(str(task), str(metric), part)


def _score(task: str, metric: str, frame: pl.DataFrame) -> Score:
    models = frame["model"].unique().sort()
    about = frame.group_by("item_id").agg(pl.col("cluster_id").first(), pl.col("rest").first())
    about = about.sort("item_id")
    items = about["item_id"]
    ok = frame.filter((pl.col("status") == "ok") & pl.col("value").is_not_null())
    rows = ok.select(
        _codes("item_id", items).alias("i"),
        _codes("model", models).alias("m"),
        pl.col("repeat"),
        pl.col("value"),
    )
    means = rows.group_by("i", "m").agg(pl.col("value").mean())
    values = np.full((len(items), len(models)), np.nan)
    values[means["i"].to_numpy(), means["m"].to_numpy()] = means["value"].to_numpy()
    counts = frame.group_by("model", "status").len()
    status: dict[str, dict[str, int]] = {str(m): {} for m in models}
    for row in counts.iter_rows(named=True):
        status[row["model"]][row["status"]] = row["len"]
    codes = about["cluster_id"].rank("dense").to_numpy() - 1
    return Score(
        task=task,
        metric=metric,
        models=tuple(models.to_list()),
        items=tuple(items.to_list()),
        clusters=codes.astype(np.int64),
        values=values,
        binary=bool(rows["value"].is_in([0.0, 1.0]).all()),
        repeats=int(frame["repeat"].n_unique()),
        status={m: dict(sorted(s.items())) for m, s in status.items()},
        slices=tuple(about["rest"].to_list()),
        rows=rows,
    )


def _codes(column: str, known: pl.Series) -> Any:
    return pl.col(column).replace_strict(known, pl.int_range(len(known), eager=True))
