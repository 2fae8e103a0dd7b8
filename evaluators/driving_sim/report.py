"""Statistics and report of driving."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.driving_sim import looking, opening, sections
from evaluators.driving_sim.context import View, material
from evaluators.driving_sim.counted import count_rows
from evaluators.driving_sim.figures import all_rows
from measurand.machines import SUMS, Moves, computed
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.statistics import of_trainings, statistics_table
from schemas.driving_sim.params import RULES, Params

TITLE = "Driving in closed loop"
"""Title of the report."""
HEADLINES = ("off_route_difference", "transfer_collision", "collision", "failed", "ade")
"""Figures for ``metrics.json``."""
OPENING = opening.opening
"""The first screen."""
SECTIONS = (
    sections.planner_section,
    sections.route_section,
    sections.transfer_section,
    sections.space_section,
    sections.control_section,
    looking.film_section,
    looking.time_section,
    sections.agent_section,
    looking.training_section,
    looking.speed_section,
    looking.data_section,
    looking.method_section,
)
"""Sections in the reader's order."""


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    found = material(data, results, params)
    rows = [*all_rows(found), *count_rows(found)]
    return statistics_table(of_trainings(rows, _trained))


def _trained(row: StatisticRow) -> bool:
    return row["model"] not in RULES and not row["model"].startswith(("traffic:", "data"))


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: rules and traffic are computed, in 32 bits.

    A last bit may turn a contact that is one by a hair, so their shares move as sums do.
    """
    return SUMS if row["model"] in RULES else computed(row)


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    found = material(data, results, params)
    names = ", ".join(params.train.names)
    whose = f"Drivers: rules and {names}; {found.checks.height} scenarios to drive"
    return View(found, Figures(statistics), data, results, whose)
