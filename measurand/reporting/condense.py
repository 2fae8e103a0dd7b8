"""Tables without what is nowhere defined: said once in words instead of in rows of dashes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from measurand.reporting.document import Cell, Table

FEW = 3
"""Rows without a figure, and rows of a column without one, that are left as they are: fewer."""
MOST_REASONS = 3


def figure_of(cell: Cell) -> dict[str, Any] | None:
    """The cell as a figure with optional interval, or None where it is not a number."""
    if isinstance(cell, float):
        return {"estimate": cell}
    if isinstance(cell, Mapping) and ("estimate" in cell or "value" in cell):
        return {"estimate": cell.get("estimate", cell.get("value")), **cell}
    return None


def nothing(table: Table) -> str:
    """What to say instead of a table in which no figure is defined; else empty.

    A table that also holds words beside its row names, or no figures at all, is left alone.
    """
    cells = [cell for row in table.rows for cell in row[1:]]
    if not _empty(cells) or len(table.rows) == 1:
        return ""
    return f"{table.caption}: none of {len(table.rows)} rows is defined ({_reasons(cells)})."


def condense(table: Table) -> Table:
    """The table without columns and rows that hold no figure; notes say which and why."""
    if nothing(table):
        return table
    columns = range(1, len(table.columns))
    dead = [c for c in columns if len(table.rows) >= FEW and _dead([r[c] for r in table.rows])]
    gone = [row for row in table.rows if _empty(row[1:])]
    gone = gone if len(gone) >= FEW else []
    notes = [
        f"{table.columns[c]}: nowhere defined ({_reasons([r[c] for r in table.rows])})."
        for c in dead
    ]
    if gone:
        names = ", ".join(_name(row[0]) for row in gone)
        notes.append(f"Not defined: {names} ({_reasons(x for row in gone for x in row[1:])}).")
    kept = [c for c in range(len(table.columns)) if c not in dead]
    lost = {id(row) for row in gone}
    return replace(
        table,
        columns=[table.columns[c] for c in kept],
        rows=[[row[c] for c in kept] for row in table.rows if id(row) not in lost],
        notes=[*table.notes, *notes],
    )


def _dead(cells: Sequence[Cell]) -> bool:
    """Whether these are figures, and none of them is defined."""
    figures = [figure_of(cell) for cell in cells]
    return bool(figures) and all(f is not None and f["estimate"] is None for f in figures)


def _empty(cells: Sequence[Cell]) -> bool:
    """Whether no figure is defined, and nothing else is said but counts and states."""
    figures = [f for cell in cells if (f := figure_of(cell)) is not None]
    said = (
        c for c in cells if (isinstance(c, str) and c) or (isinstance(c, Mapping) and _says_more(c))
    )
    return (
        bool(figures) and all(f["estimate"] is None for f in figures) and next(said, None) is None
    )


def _says_more(cell: Mapping[str, Any]) -> bool:
    return bool(cell.get("text") or cell.get("trend") or ("state" in cell and cell.get("detail")))


def _reasons(cells: Iterable[Cell]) -> str:
    """The reasons of null figures, the commonest first, each once."""
    found = [f for cell in cells if (f := figure_of(cell)) is not None and f["estimate"] is None]
    counts = Counter(str(f.get("reason") or "no reason given") for f in found)
    words = [reason for reason, _ in counts.most_common(MOST_REASONS)]
    left = len(counts) - len(words)
    return "; ".join([*words, *([f"{left} more reasons"] if left else [])])


def _name(cell: Cell) -> str:
    if isinstance(cell, Mapping):
        return ", ".join(str(cell[key]) for key in ("text", "detail") if cell.get(key))
    return str(cell)
