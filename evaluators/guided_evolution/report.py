"""Statistics and report of guided evolution."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.guided_evolution.context import View, material
from evaluators.guided_evolution.counting import counting_rows
from evaluators.guided_evolution.found_sections import judge_section, winner_section
from evaluators.guided_evolution.judged import judged_rows
from evaluators.guided_evolution.opening import opening
from evaluators.guided_evolution.reaching import best_rows, oracle_rows, reaching_rows
from evaluators.guided_evolution.sections import (
    curve_section,
    health_section,
    method_section,
    oracle_section,
    price_section,
    reached_section,
    setting_section,
)
from measurand.machines import BYTES, Moves
from measurand.reporting.lookup import Figures
from measurand.statistics import EXACT, statistics_table
from schemas.guided_evolution.params import Params

TITLE = "Guided evolution"
"""Title of the report."""
HEADLINES = ("speedup", "reached", "accuracy", "enrichment", "fresh")
"""Figures for ``metrics.json``."""
OPENING = opening
"""The first screen."""
SECTIONS = (
    reached_section,
    curve_section,
    price_section,
    judge_section,
    oracle_section,
    winner_section,
    setting_section,
    health_section,
    method_section,
)
"""Sections in the reader's order."""


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic, as a table ``measurand.results.STATISTICS``; a method is its ``model``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    found = material(data, results, params)
    makers = (reaching_rows, oracle_rows, best_rows, judged_rows, counting_rows)
    return statistics_table([row for make in makers for row in make(found)])


def moves(row: Mapping[str, Any]) -> Moves:
    """Counts that must be 0 stay; on another machine networks differ, and searches by them too."""
    # A search that another machine made comes out otherwise where it is run again.
    return BYTES if row["method"] == EXACT and row["metric"] != "unreplayed" else "trained"


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    found = material(data, results, params)
    names = ", ".join(task.id for task in params.build.tasks)
    whose = f"Baseline: {found.model}, tuned; tasks: {names}"
    return View(found, Figures(statistics), data, results, whose)
