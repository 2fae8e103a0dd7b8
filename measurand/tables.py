"""Tables, declared once: Arrow schema, checks, data dictionary and compatibility from one source.

Arrow does not enforce ``nullable=False``, polars drops field metadata on read and orders NaN above
every number, so both checks are made here explicitly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from measurand.errors import SchemaError


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: column name.
        dtype: Arrow type; ``list_size`` fixed lists and dictionaries are allowed.
        doc: what a value means, one sentence.
        unit: physical or counting unit, if any.
        nullable: whether null is a legal value (NaN never is).
        minimum: smallest legal value, inclusive.
        maximum: largest legal value, inclusive.
        enum: all legal values of a string column.
        pattern: regular expression that a string value must contain a match of.
        unique: whether a value may occur only once in the table.
        since: schema version that introduced the column.
    """

    name: str
    dtype: pa.DataType
    doc: str
    unit: str | None = None
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[str, ...] | None = None
    pattern: str | None = None
    unique: bool = False
    since: str = "1.0.0"

    def field(self) -> pa.Field:
        """The Arrow field, with every constraint in its metadata, keys sorted."""
        meta: dict[str, Any] = {"doc": self.doc, "since": self.since}
        for key in ("unit", "minimum", "maximum", "enum", "pattern"):
            if (value := getattr(self, key)) is not None:
                meta[key] = value
        if self.unique:
            meta["unique"] = True
        packed = {k: v if isinstance(v, str) else json.dumps(v) for k, v in sorted(meta.items())}
        return pa.field(self.name, self.dtype, self.nullable, metadata=packed)


@dataclass(frozen=True)
class Violation:
    """One broken rule: how many rows break it and the first few row numbers."""

    table: str
    column: str
    rule: str
    count: int
    rows: tuple[int, ...]

    def __str__(self) -> str:
        rows = ", ".join(map(str, self.rows))
        return (
            f"{self.table}.{self.column}: {self.rule} broken in {self.count} rows (first: {rows})"
        )


@dataclass(frozen=True)
class Table:
    """A declared table.

    Attributes:
        name: table name, ``<system>.<table>``.
        version: semantic version of the schema.
        key: columns whose joint value identifies a row; rows are stored sorted by it.
        columns: the columns, in storage order.
        doc: what one row is.
    """

    name: str
    version: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    doc: str = ""

    def __post_init__(self) -> None:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise SchemaError(f"{self.name}: duplicate column names")
        if missing := [k for k in self.key if k not in names]:
            raise SchemaError(f"{self.name}: key columns {missing} are not declared")

    def schema(self) -> pa.Schema:
        """The Arrow schema with sorted metadata."""
        meta = {"measurand.table": self.name, "measurand.version": self.version}
        return pa.schema([c.field() for c in self.columns], metadata=meta)

    def from_columns(self, columns: dict[str, Any]) -> pa.Table:
        """Build a table from columns (name -> sequence or Arrow array).

        Raises:
            SchemaError: a column is missing, unknown, or does not convert without loss.
        """
        self._same_names(list(columns))
        try:
            arrays = [
                c if isinstance(c, (pa.Array, pa.ChunkedArray)) else pa.array(c, f.type)
                for f in self.schema()
                for c in [columns[f.name]]
            ]
            return self.conform(pa.Table.from_arrays(arrays, names=[c.name for c in self.columns]))
        except pa.ArrowException as error:
            raise SchemaError(f"{self.name}: {error}") from error

    def conform(self, table: pa.Table) -> pa.Table:
        """Reorder and cast ``table`` to this schema; lossy casts raise ``SchemaError``."""
        self._same_names(table.column_names)
        schema = self.schema()
        table = table.select(schema.names)
        try:
            arrays = [_cast(table.column(f.name), f) for f in schema]
        except (pa.ArrowException, ValueError) as error:
            raise SchemaError(f"{self.name}: {error}") from error
        return pa.Table.from_arrays(arrays, schema=schema)

    def validate(self, table: pa.Table) -> pa.Table:
        """Return ``table`` conformed to the schema.

        Raises:
            SchemaError: it cannot be cast, or a value breaks a rule; the message names table,
                column, rule, count and first rows of every violation.
        """
        table = self.conform(table)
        if broken := self.violations(table):
            raise SchemaError("; ".join(map(str, broken)))
        return table

    def violations(self, table: pa.Table) -> list[Violation]:
        """All broken rules of a conformed table, counted in one lazy polars pass."""
        import polars as pl

        rules = self._rules()
        if not rules or table.num_rows == 0:
            return []
        plain = [n for n in {column for column, _, _ in rules} if n in table.column_names]
        frame = pl.from_arrow(table.select(sorted(plain)))
        assert isinstance(frame, pl.DataFrame)
        counts = frame.lazy().select(
            [expr.sum().alias(str(i)) for i, (_, _, expr) in enumerate(rules)]
        )
        found = counts.collect().row(0)
        broken = []
        for (column, rule, expr), count in zip(rules, found, strict=True):
            if count:
                rows = frame.select(expr.arg_true()).to_series().head(5).to_list()
                broken.append(Violation(self.name, column, rule, int(count), tuple(rows)))
        return broken

    def _rules(self) -> list[tuple[str, str, Any]]:
        import polars as pl

        rules: list[tuple[str, str, Any]] = []
        for c in self.columns:
            col = pl.col(c.name)
            if not c.nullable:
                rules.append((c.name, "null", col.is_null()))
            if pa.types.is_floating(c.dtype):
                rules.append((c.name, "NaN", col.is_nan().fill_null(False)))
            if c.minimum is not None:
                rules.append((c.name, f">= {c.minimum}", (col < c.minimum).fill_null(False)))
            if c.maximum is not None:
                bad = (col > c.maximum).fill_null(False)
                if pa.types.is_floating(c.dtype):
                    bad = bad & ~col.is_nan().fill_null(False)
                rules.append((c.name, f"<= {c.maximum}", bad))
            if c.enum is not None:
                text = col.cast(pl.String)
                rules.append(
                    (c.name, f"one of {list(c.enum)}", (~text.is_in(list(c.enum))).fill_null(False))
                )
            if c.pattern is not None:
                matches = col.cast(pl.String).str.contains(c.pattern)
                rules.append((c.name, f"matches {c.pattern}", (~matches).fill_null(False)))
            if c.unique:
                rules.append((c.name, "unique", col.is_duplicated() & col.is_not_null()))
        if self.key:
            struct = pl.struct(list(self.key)) if len(self.key) > 1 else pl.col(self.key[0])
            rules.append((self.key[0], f"key {self.key} unique", struct.is_duplicated()))
            rules.extend((k, "present (key column)", pl.col(k).is_null()) for k in self.key[1:])
        return rules

    def _same_names(self, names: Sequence[str]) -> None:
        declared = {c.name for c in self.columns}
        missing, extra = sorted(declared - set(names)), sorted(set(names) - declared)
        if missing or extra:
            raise SchemaError(f"{self.name}: missing columns {missing}, unknown columns {extra}")

    def dictionary(self) -> str:
        """The data dictionary as a Markdown table."""
        lines = [
            f"### `{self.name}` {self.version}",
            "",
            self.doc,
            "",
            f"Key: {', '.join(f'`{k}`' for k in self.key)}",
            "",
            "| column | type | unit | null | rule | meaning |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for c in self.columns:
            rule = [f">= {c.minimum}"] if c.minimum is not None else []
            rule += [f"<= {c.maximum}"] if c.maximum is not None else []
            rule += [" / ".join(c.enum)] if c.enum else []
            rule += [f"`{c.pattern}`"] if c.pattern else []
            rule += ["unique"] if c.unique else []
            null = "yes" if c.nullable else "no"
            cells = [f"`{c.name}`", str(c.dtype), c.unit or "", null, ", ".join(rule), c.doc]
            lines.append("| " + " | ".join(x.replace("|", "\\|") for x in cells) + " |")
        return "\n".join(lines) + "\n"


def _cast(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    return column if column.type == field.type else column.cast(field.type)


def compatibility(old: Table, new: Table) -> str:
    """How readers of ``old`` see ``new``: ``same``, ``patch``, ``minor`` or ``major``.

    Patch: only documentation differs. Minor: nullable columns were added at the end.
    Major: anything else (removed, retyped, other unit, narrower or wider rules, other key).
    """
    if old.key != new.key:
        return "major"
    shared = new.columns[: len(old.columns)]
    if len(shared) < len(old.columns) or any(
        _contract(a) != _contract(b) for a, b in zip(old.columns, shared, strict=True)
    ):
        return "major"
    added = new.columns[len(old.columns) :]
    if added:
        return "minor" if all(c.nullable for c in added) else "major"
    return "same" if old.columns == new.columns and old.doc == new.doc else "patch"


def _contract(c: Column) -> tuple[Any, ...]:
    return (
        c.name,
        str(c.dtype),
        c.unit,
        c.nullable,
        c.minimum,
        c.maximum,
        c.enum,
        c.pattern,
        c.unique,
    )
