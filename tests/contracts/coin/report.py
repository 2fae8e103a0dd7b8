"""The share of heads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from measurand import shards
from measurand.report.document import Document, Section, Table
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.means import proportion
from schemas.coin import Params

HEADLINES = ("heads",)


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """One row."""
    items = shards.read_table(results / "items")
    heads = int(np.sum(items["value"].to_numpy()))
    found = proportion(heads, items.num_rows, confidence=params.report.confidence)
    return statistics_table([statistic_row("coin", items["model"][0].as_py(), "heads", {}, found)])


def section(data: Path, results: Path, statistics: pa.Table, params: Params) -> Document:
    """One table."""
    [row] = statistics.to_pylist()
    cells = [["heads", row["estimate"], row["ci_lo"], row["ci_hi"]]]
    table = Table("Share of heads", ["metric", "estimate", "low", "high"], cells)
    return Document("Coin", row["model"], None, (Section("Result", (table,)),))
