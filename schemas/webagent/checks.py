"""Table of what was counted about the instrument while agents acted."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import Column, Table

COUNTED = ("replays_other", "foreign_requests", "guard_let_through", "browsers_left")
"""Counts that must be 0: states that came out otherwise when the requests were read again, requests
elsewhere, hostile programs that the guard let through, browsers that were still there."""

CHECKS = Table(
    name="webagent.checks",
    version="1.0.0",
    key=("name",),
    doc="One row per check of the instrument: how many of how many.",
    columns=(
        Column("name", pa.string(), "what was counted", enum=COUNTED),
        Column("count", pa.int64(), "how many", minimum=0),
        Column("of", pa.int64(), "of how many", minimum=0),
        Column("detail", pa.string(), "the first of them, in words", nullable=True),
    ),
)
