"""What was read, and the first item rows, without any figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from measurand import understanding
from measurand.interop.account import lines
from measurand.reporting.document import Document, Table

if TYPE_CHECKING:
    import pyarrow as pa

    from measurand.interop.rows import ItemRows

SHOWN = ["model", "metric", "item_id", "repeat", "cluster_id", "value", "status", "slice"]


def record(rows: ItemRows) -> dict[str, Any]:
    """Account, columns, notes and first rows as plain values."""
    import json

    found = {
        "account": rows.account.record(),
        "columns": rows.account.columns,
        "notes": list(rows.notes),
        "first": _first(rows).to_pylist(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def document(rows: ItemRows) -> Document:
    """The page of ``analyse --dry-run``."""
    table, account = rows.table, rows.account.record()
    first = _first(rows)
    counts = table.group_by(["model", "slice", "metric"], use_threads=False).aggregate(
        [([], "count_all")]
    )
    ordered = counts.sort_by([(n, "ascending") for n in ("model", "slice", "metric")]).slice(0, 200)
    heads = ("model", "slice", "metric", "rows")
    what = [tuple(row.values()) for row in ordered.to_pylist()]
    return understanding.document(
        f"{rows.origin}: {table.num_rows:,} item rows; nothing was computed",
        rows.account.columns,
        [*rows.notes, *lines(account)],
        (
            Table(
                "Files read",
                ("file", "item rows"),
                [(r["file"], r["rows"]) for r in account["read"]],
            ),
            Table("What the rows hold", heads, what),
            Table(
                "First item rows",
                first.column_names,
                [tuple(r.values()) for r in first.to_pylist()],
            ),
        ),
    )


def _first(rows: ItemRows) -> pa.Table:
    return rows.table.slice(0, understanding.SHOWN).select(SHOWN)
