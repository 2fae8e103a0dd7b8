"""What every column of a system's tables means, for readers of its report."""

from __future__ import annotations

from collections.abc import Sequence

from measurand.reporting.document import Cell, Section
from measurand.reporting.document import Table as Shown
from measurand.tables import Column, Table, type_text


def section(tables: Sequence[Table]) -> Section:
    """One table over all columns, in the order of the tables."""
    rows = [_row(table, column) for table in tables for column in table.columns]
    heads = ("column", "type", "unit", "null", "rule", "meaning")
    intro = (
        f"Every column of the {len(tables)} tables of this system. The columns marked key, "
        "together, name a row."
    )
    table = Shown("All columns", heads, rows)
    return Section("Data dictionary", (table,), intro, folded=True)


def _row(table: Table, column: Column) -> list[Cell]:
    return [
        {"text": column.name, "detail": table.name},
        type_text(column.dtype),
        column.unit or "",
        "yes" if column.nullable else "no",
        ", ".join([*(["key"] if column.name in table.key else []), *_rules(column)]),
        column.doc,
    ]


def _rules(column: Column) -> list[str]:
    bounds = [f">= {column.minimum}"] if column.minimum is not None else []
    bounds += [f"<= {column.maximum}"] if column.maximum is not None else []
    words = [*bounds, " / ".join(column.enum or ()), column.pattern or ""]
    return [word for word in words if word] + (["unique"] if column.unique else [])
