"""Statistics and report of the web episodes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from evaluators.compwob.complexity import complexity_rows
from evaluators.compwob.context import Row, subjects
from evaluators.compwob.gaps import gap_rows
from evaluators.compwob.mixtures import mixture_rows, mixture_section
from evaluators.compwob.quality import failure_rows, instrument_rows, step_rows
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
from measurand.report.document import Document
from measurand.report.lookup import Figures
from measurand.statistics import statistics_table
from schemas.compwob import Params

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


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic of every agent, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    everyone = subjects(results, params)
    oracle = next((subject for subject in everyone if subject.agent == "oracle"), None)
    rows: list[Row] = [
        *instrument_rows(everyone, results),
        *control_rows(everyone),
        *mixture_rows(everyone),
    ]
    for subject in everyone:
        rows += rate_rows(subject)
        rows += gap_rows(subject)
        rows += complexity_rows(subject)
        rows += failure_rows(subject)
        rows += step_rows(subject, oracle)
    return statistics_table(rows)


def section(data: Path, results: Path, statistics: pa.Table, params: Params) -> Document:
    """The report, findings first.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    everyone = subjects(results, params)
    figures = Figures(statistics)
    sections = [
        summary_section(everyone, figures),
        film_section(results),
        composition_section(everyone, figures),
        reverse_section(everyone, figures),
        mixture_section(everyone, figures, data),
        task_section(everyone),
        complexity_section(everyone, figures),
        failure_section(everyone, figures),
        instrument_section(everyone, figures, results),
        cost_section(results),
        method_section(everyone, figures),
    ]
    agents = ", ".join(subject.agent for subject in everyone)
    return Document(
        title="Compositional web episodes",
        subtitle=f"Agents: {agents}",
        verdict=None,
        sections=tuple(part for part in sections if part is not None),
    )
