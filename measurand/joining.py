"""Joining items: one id is one item only where its content is the same too.

Ids are given by whoever made a dataset: numbers in the order of a file, of a shuffle, of a subset.
Two runs that both have an item 7 may have asked two questions. Whoever joins items joins them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from measurand.errors import InputError

ITEM, DOCUMENT = "item", "document"


def two_documents(rows: pa.Table) -> list[Any]:
    """Items that stand for more than one document.

    Args:
        rows: column ``item`` (id, or its number) and ``document`` (hash of the content, or its
            number; null where a log does not hold it).

    Returns:
        The items, sorted.
    """
    return sorted(_with_several(_known(rows), ITEM, DOCUMENT).to_pylist())


def refuse(names: Sequence[str], rows: pa.Table) -> InputError:
    """The error for items that stand for two documents.

    Args:
        names: ids of the items.
        rows: as for :func:`two_documents`.

    Returns:
        Code ``item_changed``; the hint says where the same documents stand under other ids.
    """
    known = _known(rows)
    total = len(known.column(ITEM).unique())
    moved = len(_with_several(known, DOCUMENT, ITEM))
    hint = "give runs on the same items, or --changed leave-out to do without these"
    if 2 * moved >= len(names):
        hint = (
            f"{moved:,} documents stand under two ids: --by-content joins documents by what they "
            "say, whatever their ids"
        )
    return InputError(
        f"item {names[0]} is two documents ({len(names):,} of {total:,} items are)",
        hint=hint,
        code="item_changed",
    )


def _known(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_valid(rows.column(DOCUMENT)))


def _with_several(rows: pa.Table, name: str, other: str) -> pa.ChunkedArray:
    """Values of one column that stand beside more than one of another."""
    ends = rows.group_by(name).aggregate([(other, "min"), (other, "max")])
    apart = pc.not_equal(ends.column(f"{other}_min"), ends.column(f"{other}_max"))
    return ends.filter(apart).column(name)
