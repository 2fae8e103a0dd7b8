"""Tables."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import Column, Table

ITEMS = Table(
    "coin.items",
    "1.0.0",
    ("item_id",),
    (Column("item_id", pa.string(), "the question"),),
    "One row per question.",
)
