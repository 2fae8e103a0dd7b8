"""From item rows to scores: one metric of one task, items in rows and models in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand.grouping import parts, ranked
from measurand.interop.account import Group
from measurand.results import slice_parts
from measurand.stats.arrays import FloatArray, IntArray

TASK = "task"


class Rows(NamedTuple):
    """Rows with a score.

    Attributes:
        item: (r,) index of the item.
        model: (r,) index of the model.
        repeat: (r,) number of the repeat.
        value: (r,) the score.
    """

    item: IntArray
    model: IntArray
    repeat: IntArray
    value: FloatArray


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
        rows: rows with a score.
        table: all rows, as read; column ``rest`` holds their slice without the task.
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
    rows: Rows
    documents: tuple[str | None, ...]
    table: pa.Table

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
        some = self.table.filter(pc.not_equal(self.table.column("rest"), ""))
        return {name: _score(self.task, self.metric, part) for (name,), part in parts(some, "rest")}

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
        n = len(self.items)
        own = self.rows.model == self.models.index(model)
        lost = pc.and_(
            pc.equal(self.table.column("model"), model),
            pc.equal(self.table.column("status"), "infra_error"),
        )
        ids = self.table.column("item_id").filter(lost)
        where = pc.index_in(ids, value_set=pa.array(self.items, pa.string())).to_numpy()
        return (
            np.bincount(where, minlength=n).astype(np.int64),
            np.bincount(self.rows.item[own], self.rows.value[own], n).astype(np.float64),
            np.bincount(self.rows.item[own], minlength=n).astype(np.int64),
        )

    def unread(self, model: str) -> tuple[IntArray, IntArray]:
        """(n,) answers of each item that no score could be read from, and answers in all."""
        own = self.table.filter(pc.equal(self.table.column("model"), model))
        status = own.column("status")
        where = pc.index_in(own.column("item_id"), value_set=pa.array(self.items, pa.string()))
        at, n = where.to_numpy(), len(self.items)
        lost = pc.equal(status, "model_error").to_numpy()
        answered = lost | pc.equal(status, "ok").to_numpy()
        return np.bincount(at[lost], minlength=n), np.bincount(at[answered], minlength=n)

    def tokens(self, model: str) -> FloatArray | None:
        """(n,) tokens of all tries at each item; None where a row does not tell its tokens."""
        own = self.table.filter(pc.equal(self.table.column("model"), model))
        told = own.column("prompt_tokens")
        if told.null_count:
            return None
        where = pc.index_in(own.column("item_id"), value_set=pa.array(self.items, pa.string()))
        weights = told.to_numpy().astype(np.float64)
        found: FloatArray = np.bincount(where.to_numpy(), weights, len(self.items)).astype(
            np.float64
        )
        return found

    def by_repeat(self, model: str) -> FloatArray:
        """(n, K) scores of one model's items, NaN where a repeat is missing."""
        own = self.rows.model == self.models.index(model)
        items, row = np.unique(self.rows.item[own], return_inverse=True)
        repeats, column = np.unique(self.rows.repeat[own], return_inverse=True)
        found = np.full((len(items), len(repeats)), np.nan)
        found[row, column] = self.rows.value[own]
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
    tokens = "prompt_tokens"
    if tokens in table.column_names:
        wanted.append(tokens)
    found = table.select(wanted)
    if tokens not in wanted:
        found = found.append_column(tokens, pa.nulls(len(found), pa.int32()))
    if document not in wanted:
        found = found.append_column(document, pa.nulls(len(found), pa.string()))
    texts, slice_of = ranked(found.column("slice"))
    told = [slice_parts(text) for text in texts.to_pylist()]
    tasks = [part.get(TASK, "") for part in told]
    rests = [",".join(f"{k}={v}" for k, v in sorted(p.items()) if k != TASK) for p in told]
    for name, words in (("task", tasks), ("rest", rests)):
        found = found.append_column(name, pa.array(words, pa.string()).take(pa.array(slice_of)))
    for (task, metric), part in parts(found, "task", "metric"):
        yield _score(task, metric, part)
    for group in groups:
        some = found.filter(pc.is_in(found.column("task"), value_set=pa.array(group.tasks)))
        for (metric,), own in parts(some, "metric"):
            if len(own.column("task").unique()) == len(set(group.tasks)):
                yield _score(group.name, metric, own)


def _score(task: str, metric: str, table: pa.Table) -> Score:
    models, model = ranked(table.column("model"))
    items, item = ranked(table.column("item_id"))
    clusters = table.column("cluster_id").take(pa.array(_first(item)))
    value = table.column("value")
    ok = pc.and_(pc.equal(table.column("status"), "ok"), pc.is_valid(value)).to_numpy()
    repeat = table.column("repeat").to_numpy()[ok]
    rows = Rows(item[ok], model[ok], repeat, value.to_numpy()[ok])
    shape = len(items), len(models)
    cell = np.ravel_multi_index((rows.item, rows.model), shape)
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    total = np.bincount(cell, rows.value, minlength=shape[0] * shape[1])
    values = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return Score(
        task=task,
        metric=metric,
        models=tuple(models.to_pylist()),
        items=tuple(items.to_pylist()),
        clusters=ranked(clusters)[1],
        values=values.reshape(shape),
        binary=bool(np.isin(rows.value, (0.0, 1.0)).all()),
        repeats=max(int(count.max(initial=0)), 1),
        status={
            name: _counts(table.filter(pa.array(model == i)).column("status"))
            for i, name in enumerate(models.to_pylist())
        },
        rows=rows,
        documents=_documents(table.column("item_sha256"), item, len(items)),
        table=table,
    )


def _first(item: IntArray) -> IntArray:
    """(n,) first row of each item."""
    return np.unique(item, return_index=True)[1]


def _counts(status: pa.ChunkedArray) -> dict[str, int]:
    words, places = ranked(status)
    return dict(zip(words.to_pylist(), np.bincount(places).tolist(), strict=True))


def _documents(hashes: pa.ChunkedArray, item: IntArray, n: int) -> tuple[str | None, ...]:
    """The first hash of each item that is not null."""
    known = pc.is_valid(hashes).to_numpy()
    some, rows = item[known], hashes.filter(pa.array(known))
    found: list[str | None] = [None] * n
    first = _first(some)
    for place, text in zip(some[first], rows.take(pa.array(first)).to_pylist(), strict=True):
        found[place] = text
    return tuple(found)
