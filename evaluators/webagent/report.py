"""Statistics and report of web agents that write programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.webagent import learning_sections, opening, quality_sections, sections
from evaluators.webagent.budgets import budget_rows
from evaluators.webagent.crossing import difference_rows
from evaluators.webagent.evaluate.context import View, found_in
from evaluators.webagent.evaluate.failing import Walks, failure_rows
from evaluators.webagent.losses import loss_rows
from evaluators.webagent.masked import mask_rows
from evaluators.webagent.pointing import length_rows, pointing_rows
from evaluators.webagent.quality import instrument_rows, program_rows
from evaluators.webagent.rates import control_rows, rate_rows
from measurand.machines import MODEL, Moves, computed
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.statistics import of_trainings, statistics_table
from schemas.webagent.params import PLANNERS, WRITERS, Params

TITLE = "Web agents that write programs"
"""Title of the report."""
HEADLINES = ("success", "score", "success_difference", "failure_share", "missing_share")
"""Figures for ``metrics.json``."""
OPENING = opening.opening
"""The first screen."""
SECTIONS = (
    sections.summary_section,
    sections.square_section,
    sections.failure_section,
    sections.pointing_section,
    learning_sections.corpus_section,
    learning_sections.training_section,
    sections.loss_section,
    learning_sections.length_section,
    sections.film_section,
    quality_sections.instrument_section,
    quality_sections.cost_section,
    quality_sections.method_section,
)
"""Sections in the reader's order."""


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    found = found_in(results, params)
    walks = Walks(found)
    rows: list[StatisticRow] = [*instrument_rows(found), *control_rows(found)]
    rows += mask_rows(found, data)
    rows += budget_rows(found, results)
    for subject in found.everyone:
        rows += rate_rows(subject)
        rows += failure_rows(subject, walks)
        rows += pointing_rows(subject, walks)
        rows += length_rows(subject, walks)
        rows += program_rows(subject)
    rows += difference_rows(found)
    rows += loss_rows(found)
    trained = {agent.name for agent in params.evaluate.agents if _by_models(agent)}
    return statistics_table(
        of_trainings(rows, lambda row: row["model"] in trained or row["metric"] == "loss")
    )


def _by_models(agent: Any) -> bool:
    """Whether a model plans, points or writes."""
    return agent.planner not in (None, *PLANNERS) or agent.writer not in WRITERS


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: rules are computed, models are near."""
    return MODEL if row["scope"] is not None else computed(row)


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    found = found_in(results, params)
    agents = ", ".join(subject.agent for subject in found.everyone)
    return View(found, Figures(statistics), data, results, f"Agents: {agents}")
