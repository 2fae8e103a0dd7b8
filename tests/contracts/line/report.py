"""How many points are near."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from measurand import shards
from measurand.machines import computed
from measurand.reporting.document import Section, Table
from measurand.reporting.view import View
from measurand.statistics import statistic_row, statistics_table
from measurand.stats.bounded import share
from schemas.line.params import Params


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """One row."""
    items = shards.read_table(results / "items")
    found = share(items["value"].to_numpy(), items["cluster_id"].to_numpy())
    found = replace(found, scope="training")
    return statistics_table([statistic_row("line", "network", "near", {}, found)])


def result(view: View[Any]) -> Section:
    """One table."""
    rows = [[model, view.figures.cell(model, "near")] for model in view.figures.models]
    return Section("Result", (Table("Share of points that are near", ["model", "share"], rows),))


TITLE, HEADLINES, SECTIONS, moves = "Line", ("near",), (result,), computed
