"""Item rows gathered from logs: some Python values at a time, the others Arrow columns."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from measurand.errors import InputError
from measurand.results import RESULTS

BATCH = 50_000
KEY = ["model", "metric", "item_id", "repeat"]
NOBODY = hashlib.sha256(b"").hexdigest()
"""Prompt hash where a log records no prompt."""
_TYPES = {
    "model": pa.string(),
    "metric": pa.string(),
    "item_id": pa.string(),
    "repeat": pa.int16(),
    "cluster_id": pa.string(),
    "value": pa.float64(),
    "status": pa.string(),
    "reason": pa.string(),
    "slice": pa.string(),
    "prompt_sha256": pa.string(),
    "item_hash": pa.string(),
}


@dataclass(frozen=True)
class Wish:
    """What the user asked of the reading.

    Attributes:
        cluster: field that names the independently sampled unit; None: each item is its own.
        by: fields that become slices.
        model: name to give the model instead of the log's.
        reruns: ``refuse`` two logs of one model and task, or take them as ``repeats``.
        columns: role -> column of a plain table, such as ``{"item_id": "question"}``.
        values: score columns of a plain table; the column ``value`` without.
    """

    cluster: str | None = None
    by: tuple[str, ...] = ()
    model: str | None = None
    reruns: str = "refuse"
    columns: dict[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class ItemRows:
    """Item rows of one or several logs.

    Attributes:
        table: rows of ``RESULTS``.
        origin: the harness, in words.
        notes: what a reader must know: rows left out, unfinished runs, clusters not named.
    """

    table: pa.Table
    origin: str
    notes: tuple[str, ...] = ()


class Collector:
    """Rows one at a time in, Arrow tables out.

    Texts that repeat are kept once a batch and a number a row: a million rows take little memory.
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in _TYPES}
        self._appends = [self._columns[name].append for name in _TYPES]
        self._done: list[pa.Table] = []

    def add(self, *row: Any) -> None:
        """Take one row: the values of ``_TYPES`` in order."""
        for append, value in zip(self._appends, row, strict=True):
            append(value)
        if len(self._columns["model"]) >= BATCH:
            self._flush()

    def table(self) -> pa.Table:
        """All rows so far."""
        self._flush()
        return pa.concat_tables(self._done)

    def _flush(self) -> None:
        arrays = [pa.array(values, _TYPES[name]) for name, values in self._columns.items()]
        coded = [a.dictionary_encode() if pa.types.is_string(a.type) else a for a in arrays]
        self._done.append(pa.table(coded, names=list(_TYPES)))
        for values in self._columns.values():
            values.clear()


def finish(tables: Sequence[pa.Table], system: str, reruns: str) -> pa.Table:
    """Rows of all logs as a table of ``RESULTS``, checked.

    Args:
        tables: rows of each log, as :class:`Collector` makes them.
        system: name of the measuring harness.
        reruns: ``refuse`` rows of one model, metric, item and repeat in two logs, or number them
            on as ``repeats``.

    Raises:
        InputError: code ``empty`` (no row), ``reruns``, ``item_changed`` (one id, two documents) or
            ``item_in_two_clusters``.
    """
    rows = sum(table.num_rows for table in tables)
    if not rows:
        raise InputError("no item row in these logs", hint="log the samples too", code="empty")
    together = pa.concat_tables(tables).unify_dictionaries()
    logs = np.repeat(np.arange(len(tables), dtype=np.int32), [t.num_rows for t in tables])
    codes = {n: _codes(together.column(n)) for n in ("model", "metric", "item_id")}
    checked = {n: _codes(together.column(n)) for n in ("cluster_id", "item_hash")}
    repeat = together.column("repeat").to_numpy()
    frame = pl.DataFrame({**codes, "repeat": repeat, **checked, "log": logs})
    again = frame.select(KEY).is_duplicated()
    if again.any():
        if reruns != "repeats":
            _refuse_reruns(together.filter(again.to_arrow()))
        together = together.set_column(
            together.column_names.index("repeat"), "repeat", _numbered_on(frame)
        )
    items = together.column("item_id").chunk(0).dictionary
    _one_each(frame, items, "item_hash", "item_changed", "is two documents")
    _one_each(frame, items, "cluster_id", "item_in_two_clusters", "lies in two clusters")
    return _as_results(together, system)


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) number of each row's text."""
    return np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks])


def _numbered_on(frame: pl.DataFrame) -> pa.Array:
    """Repeats of a model, metric and item, counted through the logs in order."""
    ordered = frame.with_row_index("row").sort(["log", "repeat", "row"])
    rank = pl.int_range(pl.len(), dtype=pl.Int16).over("model", "metric", "item_id")
    found: pa.Array = ordered.with_columns(rank.alias("repeat")).sort("row")["repeat"].to_arrow()
    return found


def _as_results(together: pa.Table, system: str) -> pa.Table:
    """The rows with the columns that all have in common, checked a batch at a time."""
    n = together.num_rows
    models = "\n".join(sorted(together.column("model").unique().to_pylist()))
    run = hashlib.sha256(models.encode()).hexdigest()
    same = {"run_id": run[:16], "system": system, "seed": None, "prompt_tokens": None}
    schema = RESULTS.schema()
    arrays = {name: pa.repeat(pa.scalar(v, schema.field(name).type), n) for name, v in same.items()}
    for name in schema.names:
        if name not in same:
            arrays[name] = together.column(name).cast(schema.field(name).type)
    table = pa.table([arrays[name] for name in schema.names], schema=schema)
    # Keys are unique, as :func:`finish` has seen; every other rule is one of single rows.
    for start in range(0, n, BATCH):
        RESULTS.validate(table.slice(start, BATCH))
    return table


def _refuse_reruns(again: pa.Table) -> None:
    row = again.slice(0, 1).to_pylist()[0]
    raise InputError(
        f"{again.num_rows:,} rows occur twice, such as model {row['model']!r}, {row['metric']}, "
        f"item {row['item_id']}, repeat {row['repeat']}",
        hint="give one log a model and task, or --reruns repeats to take reruns as repeats",
        code="reruns",
    )


def _one_each(frame: pl.DataFrame, items: pa.Array, column: str, code: str, what: str) -> None:
    """Refuse items that have two values of a column; ``items`` names them by their code."""
    counts = frame.group_by("item_id").agg(
        (pl.col(column).min() != pl.col(column).max()).alias("two")
    )
    bad = counts.filter(pl.col("two"))["item_id"].to_list()
    if bad:
        names = sorted(items.take(pa.array(bad)).to_pylist())
        raise InputError(
            f"item {names[0]} {what} ({len(bad):,} such items)", hint=_ONE[code], code=code
        )


_ONE = {
    "item_changed": "same items for all models",
    "item_in_two_clusters": "one cluster an item",
}


def cluster_of(item: str, task: str, fields: Mapping[str, Any], wanted: str | None) -> str:
    """The cluster of an item: the field asked for, or the item itself where it has none."""
    value = None if wanted is None else fields.get(wanted)
    return item if value is None else f"{task}/{value}"


def as_float(value: float) -> float:
    """A number of a log; a whole one that no float can hold is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def plain(text: object) -> str:
    """A text that can stand in a slice: no comma, no equals sign."""
    return str(text).replace(",", ";").replace("=", ":")


class Fields:
    """Which fields of the items repeat, and so may name clusters; looks at first items only."""

    LOOKED_AT = 5000

    def __init__(self) -> None:
        self._seen: dict[str, set[Any]] = {}
        self._count: Counter[str] = Counter()
        self._left = self.LOOKED_AT

    def next_log(self) -> None:
        """Look at the first items of another log."""
        self._left = self.LOOKED_AT

    def look(self, item: Any) -> None:
        """Take note of one item's fields."""
        if self._left <= 0 or not isinstance(item, dict):
            return
        self._left -= 1
        for name, value in item.items():
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                self._seen.setdefault(str(name), set()).add(value)
                self._count[str(name)] += 1

    def names(self) -> list[str]:
        """All field names seen."""
        return sorted(self._seen)

    def repeating(self) -> list[str]:
        """Fields whose values are shared by items, two to half as many values as items."""
        return [f for f in self.names() if 2 <= len(self._seen[f]) <= self._count[f] / 2]


def cluster_note(wish: Wish, fields: Fields) -> list[str]:
    """A note that names likely clusters where the user named none.

    Raises:
        InputError: code ``no_field``: the field asked for is in no item.
    """
    missing = [f for f in (wish.cluster, *wish.by) if f is not None and f not in fields.names()]
    if missing:
        known = ", ".join(fields.names()[:20]) or "none"
        raise InputError(
            f"no item has a field {missing[0]!r}", hint=f"fields: {known}", code="no_field"
        )
    likely = fields.repeating()
    if wish.cluster is None and likely:
        return [
            f"Items are taken as independent. These fields repeat across items: "
            f"{', '.join(likely[:8])}. If one of them names what was sampled (a passage, a site), "
            "give it with --cluster: intervals are too narrow otherwise."
        ]
    return []
