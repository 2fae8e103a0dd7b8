"""The share of heads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from measurand import shards
from measurand.machines import computed
from measurand.reporting.document import Section, Table
from measurand.reporting.view import View
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.means import proportion
from schemas.coin.params import Params


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """One row."""
    items = shards.read_table(results / "items")
    heads = int(np.sum(items["value"].to_numpy()))
    found = proportion(heads, items.num_rows, confidence=params.report.confidence)
    return statistics_table([statistic_row("coin", items["model"][0].as_py(), "heads", {}, found)])


def result(view: View[Any]) -> Section:
    """One table."""
    rows = [[model, view.figures.cell(model, "heads")] for model in view.figures.models]
    return Section("Result", (Table("Share of heads", ["model", "share"], rows),))


TITLE, HEADLINES, SECTIONS, moves = "Coin", ("heads",), (result,), computed
