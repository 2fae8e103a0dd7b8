"""What every column of a system's tables means, for readers of its report."""

from __future__ import annotations

from collections.abc import Sequence

from measurand.report.document import Cell, Section
from measurand.report.document import Table as Shown
from measurand.tables import Column, Table, type_text


def section(tables: Sequence[Table]) -> Section:
    """One table over all columns, in the order of the tables."""
    rows = [_row(table, column) for table in tables for column in table.columns]
    shown = Shown(
        f"{len(rows)} columns of {len(tables)} tables",
        ("column", "type", "unit", "null", "rule", "meaning"),
        rows,
    )
    keys = "; ".join(f"{t.name} {t.version}: {', '.join(t.key)}" for t in tables)
    return Section("Data dictionary", (shown,), f"Keys: {keys}.")


def _row(table: Table, column: Column) -> list[Cell]:
    return [
        {"text": column.name, "detail": table.name},
        type_text(column.dtype),
        column.unit or "",
        "yes" if column.nullable else "no",
        _rule(column),
        column.doc,
    ]


def _rule(column: Column) -> str:
    bounds = [f">= {column.minimum}"] if column.minimum is not None else []
    bounds += [f"<= {column.maximum}"] if column.maximum is not None else []
    parts = [*bounds, " / ".join(column.enum or ()), column.pattern or ""]
    return ", ".join([p for p in parts if p] + (["unique"] if column.unique else []))
