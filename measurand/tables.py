"""Tables, declared once: Arrow schema, checks, data dictionary and compatibility from one source.

Arrow does not enforce ``nullable=False`` and NaN is not null to it, so both checks are made here
explicitly. Every rule travels in the schema's metadata: a file can be checked against its own
declaration (:meth:`Table.from_schema`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand.errors import SchemaError
from measurand.grouping import repeated
from measurand.stats.arrays import BoolArray

Test = Callable[[pa.Array], pa.Array]

SHA256 = "^[0-9a-f]{64}$"
"""Pattern of a column of checksums."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: column name.
        dtype: Arrow type. In a list the rules hold for every element, and whether an element may
            be null is said by the list's own value field.
        doc: what a value means, one sentence.
        unit: physical or counting unit, if any.
        nullable: whether null is a legal value (NaN never is, at any depth).
        minimum: smallest legal number, inclusive.
        maximum: largest legal number, inclusive.
        enum: all legal values of a string column.
        pattern: regular expression that a string value must contain a match of.
        unique: whether a value may occur only once in the table.
        since: schema version that introduced the column.

    Raises:
        SchemaError: a rule does not apply to the type, or the type cannot be stored faithfully.
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

    def __post_init__(self) -> None:
        _check_type(self.name, self.dtype)
        if self.nullable and pa.types.is_fixed_size_list(self.dtype):
            raise SchemaError(
                f"{self.name}: a null fixed-size list cannot be read back from Parquet",
                hint="use pa.list_(value_type), or a list whose elements are null",
            )
        leaf = _leaf(self.dtype)
        numeric = pa.types.is_integer(leaf) or pa.types.is_floating(leaf)
        text = pa.types.is_string(leaf) or pa.types.is_large_string(leaf)
        if (self.minimum is not None or self.maximum is not None) and not numeric:
            raise SchemaError(f"{self.name}: minimum and maximum need numbers, not {leaf}")
        if (self.enum is not None or self.pattern is not None) and not text:
            raise SchemaError(f"{self.name}: enum and pattern need strings, not {leaf}")
        if self.unique and pa.types.is_nested(self.dtype):
            raise SchemaError(f"{self.name}: unique is not defined for {self.dtype}")

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

    @classmethod
    def from_field(cls, field: pa.Field) -> Column:
        """The column that :meth:`field` made; inverse of it."""
        meta = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        rules: dict[str, Any] = {k: meta[k] for k in ("unit", "pattern", "since") if k in meta}
        rules |= {k: json.loads(meta[k]) for k in ("minimum", "maximum", "unique") if k in meta}
        if "enum" in meta:
            rules["enum"] = tuple(json.loads(meta["enum"]))
        return cls(field.name, field.type, meta.get("doc", ""), nullable=field.nullable, **rules)


@dataclass(frozen=True)
class Violation:
    """One broken rule: how many rows break it, the first few row numbers and their values."""

    table: str
    column: str
    rule: str
    count: int
    rows: tuple[int, ...]
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        first = ", ".join(f"{r}: {v}" for r, v in zip(self.rows, self.values, strict=True))
        return f"{self.table}.{self.column}: {self.rule} broken in {self.count} rows ({first})"


@dataclass(frozen=True)
class Table:
    """A declared table.

    Attributes:
        name: table name, ``<system>.<table>``.
        version: semantic version of the schema.
        key: columns whose joint value identifies a row; rows are stored sorted by it. An empty
            key allows equal rows; they are stored sorted by all columns.
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
        for c in self.columns:
            unfit = c.nullable or pa.types.is_floating(c.dtype) or pa.types.is_nested(c.dtype)
            if c.name in self.key and unfit:
                raise SchemaError(f"{self.name}: key column {c.name} is nullable, float or nested")

    def schema(self) -> pa.Schema:
        """The Arrow schema with sorted metadata."""
        meta = {
            "measurand.doc": self.doc,
            "measurand.key": json.dumps(self.key),
            "measurand.table": self.name,
            "measurand.version": self.version,
        }
        return pa.schema([c.field() for c in self.columns], metadata=meta)

    @classmethod
    def from_schema(cls, schema: pa.Schema) -> Table:
        """The table that :meth:`schema` described; inverse of it.

        Raises:
            SchemaError: the schema does not say which table it describes.
        """
        meta = {k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}
        try:
            name, version = meta["measurand.table"], meta["measurand.version"]
            key = tuple(json.loads(meta["measurand.key"]))
            columns = tuple(Column.from_field(f) for f in schema)
        except (KeyError, TypeError, ValueError) as error:
            raise SchemaError(f"not a declared table: {error!r} in the schema metadata") from error
        return cls(name, version, key, columns, meta.get("measurand.doc", ""))

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The columns that rows are stored sorted by: the key, or all columns without one."""
        return self.key or tuple(c.name for c in self.columns)

    def from_columns(self, columns: dict[str, Any]) -> pa.Table:
        """Build a table from columns (name -> sequence or Arrow array).

        Raises:
            SchemaError: a column is missing, unknown, or does not convert without loss.
        """
        self._same_names(list(columns))
        try:
            arrays = [_array(columns[f.name], f.type) for f in self.schema()]
            return self.conform(pa.Table.from_arrays(arrays, names=[c.name for c in self.columns]))
        except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
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

    def upgraded(self, table: pa.Table) -> pa.Table:
        """``table``, of an earlier minor version, with the columns that were added since, null."""
        for column in self.columns:
            if column.since != "1.0.0" and column.name not in table.column_names:
                table = table.append_column(column.name, pa.nulls(table.num_rows, column.dtype))
        return table

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
        """All broken rules of a conformed table."""
        if table.num_rows == 0:
            return []
        broken = []
        for c in self.columns:
            for rule, bad in _rules(c, table.column(c.name)):
                if bad.any():
                    broken.append(self._violation(table, (c.name,), rule, bad))
        if self.key and (again := repeated(*(table.column(k) for k in self.key))).any():
            broken.append(self._violation(table, self.key, f"key {self.key} unique", again))
        return broken

    def _violation(
        self, table: pa.Table, columns: tuple[str, ...], rule: str, bad: BoolArray
    ) -> Violation:
        rows = np.flatnonzero(bad)
        first = [int(r) for r in rows[:5]]
        cells = zip(*(table.column(c).take(first).to_pylist() for c in columns), strict=True)
        texts = (repr(cell if len(cell) > 1 else cell[0]) for cell in cells)
        values = tuple(t if len(t) <= 100 else t[:97] + "..." for t in texts)
        return Violation(self.name, columns[0], rule, len(rows), tuple(first), values)

    def _same_names(self, names: Sequence[str]) -> None:
        declared = {c.name for c in self.columns}
        if len(set(names)) != len(names):
            raise SchemaError(f"{self.name}: duplicate column names in {sorted(names)}")
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


def type_text(dtype: pa.DataType) -> str:
    """Name of a type without the names of list children, which Parquet changes."""
    if _is_list(dtype):
        size = f"[{dtype.list_size}]" if pa.types.is_fixed_size_list(dtype) else ""
        null = "" if dtype.value_field.nullable else " not null"
        return f"{str(dtype).split('<')[0]}<{type_text(dtype.value_type)}{null}>{size}"
    if pa.types.is_struct(dtype):
        parts = [f"{f.name}: {type_text(f.type)}{'' if f.nullable else ' not null'}" for f in dtype]
        return f"struct<{', '.join(parts)}>"
    return str(dtype)


def _is_list(dtype: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_list(dtype) or types.is_large_list(dtype) or types.is_fixed_size_list(dtype)
    )


def _leaf(dtype: pa.DataType) -> pa.DataType:
    """Type of the values inside lists and dictionaries."""
    while _is_list(dtype) or pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    return dtype


def _check_type(name: str, dtype: pa.DataType, *, top: bool = True) -> None:
    if _is_list(dtype):
        _check_type(name, dtype.value_type, top=False)
        if not top and pa.types.is_fixed_size_list(dtype):
            raise SchemaError(f"{name}: a fixed-size list inside another type is not supported")
    elif pa.types.is_struct(dtype):
        for field in dtype:
            _check_type(name, field.type, top=False)
    elif pa.types.is_nested(dtype):
        raise SchemaError(f"{name}: {dtype} is not supported", hint="use a list of structs")
    elif pa.types.is_dictionary(dtype):
        text = pa.types.is_string(dtype.value_type) or pa.types.is_large_string(dtype.value_type)
        if not top or not text:
            raise SchemaError(f"{name}: only a whole column of strings can be a dictionary")


def _rules(c: Column, values: pa.ChunkedArray) -> Iterator[tuple[str, BoolArray]]:
    """Each rule of a column, and (n,) the rows that break it."""
    if not c.nullable:
        yield "not null", values.is_null().to_numpy()
    if _is_list(c.dtype) and not c.dtype.value_field.nullable:
        yield "elements not null", _joined(values, lambda x: _any_element(x, pc.is_null))
    for rule, test in _tests(c):
        yield rule, _joined(values, partial(_any_leaf, test=test))
    if c.unique:
        yield "unique", repeated(values) & values.is_valid().to_numpy()


def _tests(c: Column) -> Iterator[tuple[str, Test]]:
    """Each rule about single values, and what finds those that break it; nulls break none."""
    if _has_float(c.dtype):
        yield "not NaN", pc.is_nan
    # NaN is neither below nor above a number: it has its own rule.
    if (low := c.minimum) is not None:
        yield f">= {low}", lambda x: pc.less(x, _limit(low, x.type))
    if (high := c.maximum) is not None:
        yield f"<= {high}", lambda x: pc.greater(x, _limit(high, x.type))
    if (enum := c.enum) is not None:
        yield (
            f"one of {list(enum)}",
            lambda x: pc.invert(pc.is_in(x, value_set=pa.array(enum, x.type))),
        )
    if (pattern := c.pattern) is not None:
        yield f"matches {pattern}", lambda x: pc.invert(pc.match_substring_regex(x, pattern))


def _limit(value: float, dtype: pa.DataType) -> Any:
    """A limit as precise as the numbers: float32's 0.1 is not beyond 0.1."""
    return pa.scalar(value, dtype) if pa.types.is_floating(dtype) else value


def _joined(values: pa.ChunkedArray, broken: Callable[[pa.Array], BoolArray]) -> BoolArray:
    found: BoolArray = np.concatenate([broken(chunk) for chunk in values.chunks])
    return found


def _any_leaf(array: pa.Array, test: Test) -> BoolArray:
    """(n,) does any value inside meet ``test``; of structs the floats are tested."""
    dtype = array.type
    if _is_list(dtype):
        return _any_element(array, lambda x: _any_leaf(x, test))
    if pa.types.is_struct(dtype):
        floats = [i for i, field in enumerate(dtype) if _has_float(field.type)]
        met = [_any_leaf(pc.struct_field(array, i), test) for i in floats]
        inside: BoolArray = np.any(met, axis=0)
        return inside
    if pa.types.is_dictionary(dtype):
        array = array.dictionary_decode()
    found = pc.and_(test(array), array.is_valid()).fill_null(False)
    leaf: BoolArray = found.to_numpy(zero_copy_only=False)
    return leaf


def _any_element(array: pa.Array, test: Callable[[pa.Array], Any]) -> BoolArray:
    """(n,) does any element of each list meet ``test``."""
    met = np.asarray(test(pc.list_flatten(array)), dtype=bool)
    found = np.zeros(len(array), dtype=bool)
    if met.any():
        found[pc.list_parent_indices(array).to_numpy()[met]] = True
    return found


def _has_float(dtype: pa.DataType) -> bool:
    if pa.types.is_struct(dtype):
        return any(_has_float(f.type) for f in dtype)
    leaf = _leaf(dtype)
    return _has_float(leaf) if pa.types.is_struct(leaf) else bool(pa.types.is_floating(leaf))


def _array(values: Any, dtype: pa.DataType) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if pa.types.is_integer(_leaf(dtype)):
        # Told to make integers, pyarrow would cut 1.5 to 1; a cast from what it infers does not.
        inferred = pa.array(values)
        if pa.types.is_floating(_leaf(inferred.type)):
            return inferred.cast(dtype)
    return pa.array(values, dtype)


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
        type_text(c.dtype),
        c.unit,
        c.nullable,
        c.minimum,
        c.maximum,
        c.enum,
        c.pattern,
        c.unique,
    )
