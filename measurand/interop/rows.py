"""Item rows gathered from logs: some Python values at a time, the others Arrow columns."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand import joining
from measurand.dialects import Dialect
from measurand.errors import InputError
from measurand.grouping import groups, repeated
from measurand.interop.account import Account, first
from measurand.results import LOGGED

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
    "item_sha256": pa.string(),
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
        label: fields of the logs that tell runs of one model apart.
        scale: numbers of words that stand as scores, such as ``{"A": 4.0}``.
        by_content: whether an item is known by its content instead of its id.
        changed: ``refuse`` items that are two documents, or ``leave-out``.
        dialect: how a plain table is written.
        describe: whether the account lists the columns of plain tables.
    """

    cluster: str | None = None
    by: tuple[str, ...] = ()
    model: str | None = None
    reruns: str = "refuse"
    columns: dict[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    scale: dict[str, float] = field(default_factory=dict)
    by_content: bool = False
    changed: str = "refuse"
    dialect: Dialect = field(default_factory=Dialect)
    describe: bool = False


@dataclass(frozen=True)
class ItemRows:
    """Item rows of one or several logs.

    Attributes:
        table: rows of ``LOGGED``, or of ``RESULTS`` where they are ours.
        origin: the harness, in words.
        notes: what a reader must know: unfinished runs, clusters not named, runs told apart.
        account: what was read and what was left out.
    """

    table: pa.Table
    origin: str
    notes: tuple[str, ...] = ()
    account: Account = field(default_factory=Account)


@dataclass
class Log:
    """One log as read.

    Attributes:
        name: its file, as given.
        table: rows, as :class:`Collector` makes them.
        model: model of all rows; empty where rows have models of their own.
        task: task of all rows; empty where rows have tasks of their own.
        account: what was read and left out of it.
        fields: settings of the run that tell it from others of its model, by name.
        more: facts that may be asked for as a label and tell no settings: date, path, version.
    """

    name: str
    table: pa.Table
    model: str
    task: str
    account: Account
    fields: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)


class Collector:
    """Rows one at a time in, Arrow tables out.

    Texts that repeat are kept once a batch and a number a row: a million rows take little memory.
    A row without a number waits until its metric has one: a metric that never has any is no score.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._done: list[pa.Table] = []
        self._metrics: dict[str, None] = {}
        self._waiting: dict[str, Collector] = {}
        self._idle: Counter[str] = Counter()

    def add(self, *row: Any) -> None:
        """Take one row: the values of ``_TYPES`` in order."""
        self._rows.append(row)
        if len(self._rows) >= BATCH:
            self._flush()

    def number(self, *row: Any) -> None:
        """Take one row whose metric is thereby a score."""
        self._metrics[row[1]] = None
        self._rows.append(row)
        if len(self._rows) >= BATCH:
            self._flush()

    def no_number(self, *row: Any) -> None:
        """Take one row that has no number; it counts where the metric has numbers elsewhere."""
        self._idle[row[1]] += 1
        if row[1] not in self._waiting:
            self._waiting[row[1]] = Collector()
        self._waiting[row[1]].add(*row)

    @property
    def metrics(self) -> list[str]:
        """Metrics that have a number."""
        return list(self._metrics)

    def settle(self) -> dict[str, int]:
        """Add rows without a number to the metrics that have some; the others by name."""
        self._flush()
        for metric, rows in self._waiting.items():
            if metric in self._metrics:
                self._done.append(rows.table())
        return {metric: n for metric, n in self._idle.items() if metric not in self._metrics}

    def table(self) -> pa.Table:
        """All rows so far."""
        self._flush()
        return pa.concat_tables(self._done)

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else ((),) * len(_TYPES)
        arrays = [pa.array(v, kind) for v, kind in zip(columns, _TYPES.values(), strict=True)]
        coded = [a.dictionary_encode() if pa.types.is_string(a.type) else a for a in arrays]
        self._done.append(pa.table(coded, names=list(_TYPES)))
        self._rows.clear()


def finish(logs: Sequence[Log], system: str, wish: Wish, account: Account) -> pa.Table:
    """Rows of all logs as a table of ``LOGGED``, checked.

    Args:
        logs: what was read.
        system: name of the measuring harness.
        wish: what to do with reruns and with items that are two documents.
        account: where items that are left out are named.

    Raises:
        InputError: code ``empty`` (no row), ``reruns``, ``item_changed`` (one id, two documents) or
            ``item_in_two_clusters``.
    """
    if not sum(log.table.num_rows for log in logs):
        why = first([f"{e.kind} {e.name}: {e.why}" for e in account.left], 3)
        raise InputError(
            f"no item row in these logs{': ' if why else ''}{why}",
            hint="give a log that holds scores of single items",
            code="empty",
        )
    together = pa.concat_tables([log.table for log in logs]).unify_dictionaries()
    coded = _coded(together, logs)
    if wish.changed == "leave-out":
        together, coded = _without_changed(together, coded, account)
    again = repeated(*(coded.column(name) for name in KEY))
    if again.any():
        if wish.reruns != "repeats":
            _refuse_reruns(together.filter(pa.array(again)), logs, system)
        together = together.set_column(
            together.column_names.index("repeat"), "repeat", _numbered_on(coded)
        )
    items = together.column("item_id").chunk(0).dictionary
    documents = _documents(coded)
    if bad := joining.two_documents(documents):
        raise joining.refuse(sorted(items.take(pa.array(bad)).to_pylist()), documents)
    _one_cluster(coded, items)
    return _as_results(together, system)


def _coded(together: pa.Table, logs: Sequence[Log]) -> pa.Table:
    """The texts of every row as numbers; null where there is none."""
    at = np.repeat(np.arange(len(logs), dtype=np.int32), [log.table.num_rows for log in logs])
    names = ("model", "metric", "item_id", "cluster_id", "item_sha256")
    codes = {
        name: pa.chunked_array([chunk.indices for chunk in together.column(name).chunks])
        for name in names
    }
    return pa.table({**codes, "repeat": together.column("repeat"), "log": at})


def _documents(coded: pa.Table) -> pa.Table:
    names = {"item_id": joining.ITEM, "item_sha256": joining.DOCUMENT}
    return coded.select(list(names)).rename_columns(list(names.values()))


def _without_changed(
    together: pa.Table, coded: pa.Table, account: Account
) -> tuple[pa.Table, pa.Table]:
    bad = joining.two_documents(_documents(coded))
    if not bad:
        return together, coded
    names = together.column("item_id").chunk(0).dictionary.take(pa.array(bad)).to_pylist()
    account.leave("item", first(sorted(names)), "one id, two documents", len(names))
    keep = pc.invert(pc.is_in(coded.column("item_id"), value_set=pa.array(bad, pa.int32())))
    return together.filter(keep), coded.filter(keep)


def _numbered_on(coded: pa.Table) -> pa.Array:
    """Repeats of a model, metric and item, counted through the logs in order."""
    group = groups(*(coded.column(name) for name in ("model", "metric", "item_id")))
    log, repeat = (coded.column(name).to_numpy() for name in ("log", "repeat"))
    order = np.lexsort((repeat, log, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    place = np.arange(len(order))
    number = np.empty(len(order), np.int16)
    number[order] = place - np.repeat(starts, np.diff(starts, append=len(order)))
    return pa.array(number)


def _as_results(together: pa.Table, system: str) -> pa.Table:
    """The rows with the columns that all have in common, checked a batch at a time."""
    n = together.num_rows
    models = "\n".join(sorted(together.column("model").unique().to_pylist()))
    run = hashlib.sha256(models.encode()).hexdigest()
    same = {"run_id": run[:16], "system": system, "seed": None, "prompt_tokens": None}
    schema = LOGGED.schema()
    arrays = {name: pa.repeat(pa.scalar(v, schema.field(name).type), n) for name, v in same.items()}
    for name in schema.names:
        if name not in same:
            arrays[name] = together.column(name).cast(schema.field(name).type)
    table = pa.table([arrays[name] for name in schema.names], schema=schema)
    # Keys are unique, as :func:`finish` has seen; every other rule is one of single rows.
    for start in range(0, n, BATCH):
        LOGGED.validate(table.slice(start, BATCH))
    return table


def _refuse_reruns(again: pa.Table, logs: Sequence[Log], system: str) -> None:
    row = again.slice(0, 1).to_pylist()[0]
    known = sorted({name for log in logs for name in (*log.fields, *log.more)})
    column = ", or --map repeat=COLUMN where a column counts them" if system == "table" else ""
    tell = f", or --label FIELD to tell runs apart (FIELD: {first(known, 8)})" if known else ""
    raise InputError(
        f"{again.num_rows:,} rows occur twice, such as model {row['model']!r}, {row['metric']}, "
        f"item {row['item_id']}, repeat {row['repeat']}",
        hint=f"give one log a model and task, or --reruns repeats to take reruns as repeats{column}"
        f"{tell}",
        code="reruns",
    )


def _one_cluster(coded: pa.Table, items: pa.Array) -> None:
    """Refuse items that lie in two clusters; ``items`` names them by their code."""
    ends = coded.group_by("item_id").aggregate([("cluster_id", "min"), ("cluster_id", "max")])
    two = pc.not_equal(ends.column("cluster_id_min"), ends.column("cluster_id_max"))
    bad = ends.filter(two).column("item_id")
    if len(bad):
        names = sorted(items.take(bad).to_pylist())
        raise InputError(
            f"item {names[0]} lies in two clusters ({len(bad):,} such items)",
            hint="one cluster an item",
            code="item_in_two_clusters",
        )


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


def as_id(value: Any) -> str:
    """An item's name; a whole float is the whole number that it stands for."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def rename(table: pa.Table, column: str, change: Callable[[str], str]) -> pa.Table:
    """A table whose dictionary-encoded texts of one column are changed."""
    chunks = [
        pa.DictionaryArray.from_arrays(
            chunk.indices, pa.array([change(t) for t in chunk.dictionary.to_pylist()], pa.string())
        )
        for chunk in table.column(column).chunks
    ]
    at = table.column_names.index(column)
    return table.set_column(at, column, pa.chunked_array(chunks, table.column(column).type))


class Fields:
    """Which fields of the items repeat, and so may name clusters; looks at first items only."""

    LOOKED_AT = 5000

    def __init__(self) -> None:
        self._seen: dict[str, set[Any]] = {}
        self._count: Counter[str] = Counter()
        self._known: set[str] = set()
        self._left = self.LOOKED_AT

    def next_log(self) -> None:
        """Look at the first items of another log."""
        self._left = self.LOOKED_AT

    def look(self, item: Any, name: str) -> None:
        """Take note of one item's fields, once however many lines, epochs or logs it stands in."""
        if self._left <= 0 or not isinstance(item, dict):
            return
        if name in self._known:
            return
        self._left -= 1
        self._known.add(name)
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
