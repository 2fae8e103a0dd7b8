"""Statistics and report of the web episodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.compwob.complexity import complexity_rows
from evaluators.compwob.context import View, subjects
from evaluators.compwob.gaps import chance_rows, gap_rows
from evaluators.compwob.mixtures import mixture_rows, mixture_section
from evaluators.compwob.opening import opening
from evaluators.compwob.quality import failure_rows, instrument_rows, reference_rows, step_rows
from evaluators.compwob.quality_sections import (
    complexity_section,
    cost_section,
    failure_section,
    instrument_section,
    method_section,
)
from evaluators.compwob.rates import control_rows, rate_rows
from evaluators.compwob.sections import (
    composition_section,
    film_section,
    reverse_section,
    summary_section,
    task_section,
)
from measurand.machines import MODEL, Moves, computed
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow, slice_parts
from measurand.statistics import of_trainings, statistics_table
from schemas.compwob.params import Params

TITLE = "Compositional web episodes"
"""Title of the report."""
HEADLINES = (
    "success_over_tasks",
    "gap_base",
    "gap_reverse",
    "residual",
    "missing_share",
    "rebuild_agreement",
    "replay_reward",
    "foreign_requests",
)
"""Figures for ``metrics.json``."""
OPENING = opening
"""The first screen."""
SECTIONS = (
    summary_section,
    film_section,
    composition_section,
    reverse_section,
    mixture_section,
    task_section,
    complexity_section,
    failure_section,
    instrument_section,
    cost_section,
    method_section,
)
"""Sections in the reader's order."""


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic of every agent, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    everyone = subjects(results, params)
    known = {subject.agent: subject for subject in everyone}
    rows: list[StatisticRow] = [
        *instrument_rows(everyone, results),
        *control_rows(everyone),
        *mixture_rows(everyone),
    ]
    for subject in everyone:
        rows += rate_rows(subject)
        rows += gap_rows(subject)
        rows += chance_rows(subject, known.get("random"))
        rows += complexity_rows(subject)
        rows += failure_rows(subject)
        rows += reference_rows(subject)
        rows += step_rows(subject, known.get("oracle"))
    return statistics_table(of_trainings(rows, _trained))


def _trained(row: StatisticRow) -> bool:
    """Whether a figure is of trained weights: of one model, or of a mixture's models together."""
    return row["model"].startswith("trained:") or "mixture" in slice_parts(row["slice"])


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: agents that follow rules are computed."""
    return MODEL if ":" in row["model"] else computed(row)


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    everyone = subjects(results, params)
    agents = ", ".join(subject.agent for subject in everyone)
    return View(everyone, Figures(statistics), data, results, f"Agents: {agents}")
