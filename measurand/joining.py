"""Joining items: one id is one item only where its content is the same too.

Ids are given by whoever made a dataset: numbers in the order of a file, of a shuffle, of a subset.
Two runs that both have an item 7 may have asked two questions. Whoever joins items joins them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from measurand.errors import InputError

ITEM, DOCUMENT = "item", "document"


def two_documents(frame: pl.DataFrame) -> list[Any]:
    """Items that stand for more than one document.

    Args:
        frame: column ``item`` (id, or its number) and ``document`` (hash of the content, or its
            number; null where a log does not hold it).

    Returns:
        The items, sorted.
    """
    known = frame.filter(pl.col(DOCUMENT).is_not_null())
    counts = known.group_by(ITEM).agg((pl.col(DOCUMENT).min() != pl.col(DOCUMENT).max()).alias("n"))
    return sorted(counts.filter(pl.col("n"))[ITEM].to_list())


def refuse(names: Sequence[str], frame: pl.DataFrame) -> InputError:
    """The error for items that stand for two documents.

    Args:
        names: ids of the items.
        frame: as for :func:`two_documents`.

    Returns:
        Code ``item_changed``; the hint says where the same documents stand under other ids.
    """
    known = frame.filter(pl.col(DOCUMENT).is_not_null())
    total = known[ITEM].n_unique()
    homes = known.group_by(DOCUMENT).agg(pl.col(ITEM).n_unique().alias("n"))
    moved = int((homes["n"] > 1).sum())
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
