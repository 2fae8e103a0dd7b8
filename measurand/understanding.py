"""What was understood of a user's files, for ``--dry-run``: columns, roles, types, first rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from measurand.errors import InputError
from measurand.reporting.document import Block, Document, Section, Table, Text

if TYPE_CHECKING:
    from measurand.responses import Responses

SHOWN = 3
MOST = 200
"""Most columns that are listed."""


def columns(table: Responses, roles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every column of a table: what it is taken for, its type, missing cells, first cells.

    Args:
        table: the table.
        roles: what columns are taken for; the others are not used.
    """
    from measurand.columns import labels

    found = []
    for name in table.names[:MOST]:
        cells = table.column(name)
        first = [None if v is None else str(v)[:40] for v in cells.slice(0, SHOWN).to_pylist()]
        found.append(
            {
                "file": table.name,
                "column": name,
                "role": roles.get(name, "not used"),
                "type": _type(table, name),
                "missing": sum(label is None for label in labels(cells)),
                "first": first,
            }
        )
    return found


def _type(table: Responses, name: str) -> str:
    column = table.column(name)
    if "list" in str(column.type):
        return str(column.type)
    try:
        found = table.numbers(name)
    except InputError:
        return "numbers that cannot be told"
    if found.n_text == 0:
        return "empty"
    if found.n_bad == 0:
        return "numbers"
    return "text" if found.n_bad == found.n_text else f"numbers and {found.n_bad:,} other cells"


def document(
    subtitle: str,
    found: Sequence[Mapping[str, Any]],
    notes: Iterable[str],
    tables: Sequence[Table] = (),
) -> Document:
    """The page: notes, columns, other tables; nothing is computed."""
    blocks: list[Block] = []
    if lines := [f"- {note}" for note in notes]:
        blocks.append(Text("\n".join(lines)))
    for file in dict.fromkeys(entry["file"] for entry in found):
        own = [entry for entry in found if entry["file"] == file]
        rows = tuple(
            (
                entry["column"],
                entry["role"],
                entry["type"],
                entry["missing"],
                ", ".join("" if cell is None else cell for cell in entry["first"]),
            )
            for entry in own
        )
        heads = ("column", "taken for", "type", "missing", f"first {SHOWN} rows")
        blocks.append(Table(f"Columns of {file}", heads, rows))
    return Document(
        title="What was understood",
        subtitle=subtitle,
        verdict=None,
        sections=(Section("Read, not computed", (*blocks, *tables)),),
    )
