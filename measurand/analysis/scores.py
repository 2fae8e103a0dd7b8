"""From item rows to scores: one metric of one task, items in rows and models in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from measurand.interop.account import Group
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
        repeats: largest number of scores of one model on one item.
        status: rows of each model by status.
        documents: hash of each item's content; None where the log does not hold it.
        rows: rows with a score: model and item as indices, repeat, value.
        frame: all rows, as read; column ``rest`` holds their slice without the task.
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
    rows: pl.DataFrame
    documents: tuple[str | None, ...]
    frame: pl.DataFrame

    @property
    def name(self) -> str:
        """Task and metric in one word."""
        return f"{self.task}, {self.metric}" if self.task else self.metric

    @property
    def clustered(self) -> bool:
        """Whether clusters hold more than one item."""
        return len(np.unique(self.clusters)) < len(self.items)

    @cached_property
    def slices(self) -> dict[str, Score]:
        """The score of each slice's rows alone; rows of one item may lie in several slices."""
        parts = self.frame.filter(pl.col("rest") != "").partition_by("rest", as_dict=True)
        named = {str(name): part for (name,), part in parts.items()}
        return {name: _score(self.task, self.metric, named[name]) for name in sorted(named)}

    def column(self, model: str) -> FloatArray:
        """Scores of one model."""
        found: FloatArray = self.values[:, self.models.index(model)]
        return found

    def complete(self) -> np.ndarray:
        """Items that every model has a score for."""
        return np.asarray(~np.isnan(self.values).any(axis=1))

    def lost_most(self, model: str) -> str | None:
        """Why a model has no mean: fewer than half of its rows have a score."""
        counts = self.status[model]
        ok, rows = counts.get("ok", 0), sum(counts.values())
        return f"only {ok:,} of {rows:,} rows have a score" if 2 * ok < rows else None

    def tries(self, model: str) -> tuple[IntArray, FloatArray, IntArray]:
        """(n,) rows lost to infrastructure, sums of scores, rows with a score, of each item."""
        own = self.rows.filter(pl.col("m") == self.models.index(model))
        at, n = own["i"].to_numpy(), len(self.items)
        lost = self.frame.filter(
            (pl.col("model") == model) & (pl.col("status") == "infra_error")
        ).select(_codes("item_id", pl.Series(self.items)).alias("i"))
        where = lost["i"].to_numpy().astype(np.int64)
        return (
            np.bincount(where, minlength=n).astype(np.int64),
            np.bincount(at, own["value"].to_numpy(), n).astype(np.float64),
            np.bincount(at, minlength=n).astype(np.int64),
        )

    def by_repeat(self, model: str) -> FloatArray:
        """(n, K) scores of one model's items, NaN where a repeat is missing."""
        own = self.rows.filter(pl.col("m") == self.models.index(model))
        if own.is_empty():
            return np.empty((0, 0))
        row, column = (own[c].rank("dense").to_numpy() - 1 for c in ("i", "repeat"))
        found = np.full((int(row.max()) + 1, int(column.max()) + 1), np.nan)
        found[row, column] = own["value"].to_numpy()
        return found


def scores(table: pa.Table, groups: Sequence[Group] = ()) -> Iterator[Score]:
    """Every metric of every task in order of their names, then those of groups of tasks.

    Args:
        table: rows of ``RESULTS``, or of ``LOGGED``.
        groups: tasks whose items are also taken together, for metrics that all of them have.
    """
    wanted = ["model", "metric", "item_id", "repeat", "cluster_id", "value", "status", "slice"]
    document = "item_sha256"
    if document in table.column_names:
        wanted.append(document)
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
        *([] if document in frame.columns else [pl.lit(None, pl.String).alias(document)]),
    )
    for (task, metric), part in sorted(
        frame.group_by(["task", "metric"]), key=lambda found: tuple(map(str, found[0]))
    ):
        yield _score(str(task), str(metric), part)
    for group in groups:
        part = frame.filter(pl.col("task").is_in(group.tasks))
        for (metric,), own in sorted(part.group_by(["metric"]), key=lambda found: str(found[0])):
            if own["task"].n_unique() == len(set(group.tasks)):
                yield _score(group.name, str(metric), own)


def _score(task: str, metric: str, frame: pl.DataFrame) -> Score:
    models = frame["model"].unique().sort()
    about = frame.group_by("item_id").agg(
        pl.col("cluster_id").first(), pl.col("item_sha256").drop_nulls().first()
    )
    about = about.sort("item_id")
    items = about["item_id"]
    ok = frame.filter((pl.col("status") == "ok") & pl.col("value").is_not_null())
    rows = ok.select(
        _codes("item_id", items).alias("i"),
        _codes("model", models).alias("m"),
        pl.col("repeat"),
        pl.col("value"),
    )
    means = rows.group_by("i", "m").agg(pl.col("value").mean(), pl.len().alias("n"))
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
        repeats=max(int(means.select(pl.col("n").max()).item() or 0), 1),
        status={m: dict(sorted(s.items())) for m, s in status.items()},
        rows=rows,
        documents=tuple(about["item_sha256"].to_list()),
        frame=frame,
    )


def _codes(column: str, known: pl.Series) -> Any:
    return pl.col(column).replace_strict(known, pl.int_range(len(known), eager=True))
