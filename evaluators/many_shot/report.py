"""Statistics and report of the many-shot system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.many_shot.bias import bias_rows
from evaluators.many_shot.context import View, subjects
from evaluators.many_shot.contrast_sections import (
    baseline_section,
    contrast_section,
    likelihood_section,
)
from evaluators.many_shot.contrasts import contrast_rows
from evaluators.many_shot.curve_sections import curve_section, summary_section
from evaluators.many_shot.opening import opening
from evaluators.many_shot.points import point_rows
from evaluators.many_shot.quality import quality_rows, rationale_rows
from evaluators.many_shot.quality_sections import (
    answer_section,
    bias_section,
    leak_section,
    method_section,
    prompt_section,
    rationale_section,
)
from measurand.machines import MODEL, Moves, computed
from measurand.reporting.costs import cost_section
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.statistics import statistics_table
from measurand.subject import measured
from schemas.many_shot.params import Params

TITLE = "Many-shot in-context learning"
"""Title of the report."""
HEADLINES = (
    "best_k_accuracy",
    "gain_crossed",
    "nll_accuracy_rho",
    "keep_rate",
    "leaks",
    "missing_share",
    "retest_agreement",
    "prefix_saving",
)
"""Figures for ``metrics.json``."""
OPENING = opening
"""The first screen."""
SECTIONS = (
    summary_section,
    curve_section,
    likelihood_section,
    contrast_section,
    bias_section,
    baseline_section,
    rationale_section,
    leak_section,
    prompt_section,
    answer_section,
    cost_section,
    method_section,
)
"""Sections in the reader's order."""
_WRITTEN = ("answers_over_budget", "keep_rate", "prefix_saving", "solved_share", "step_valid_rate")
_OF_DATA = (
    *("leaks", "planted_leaks_found", "partial"),
    *("prompts_rejected", "prompts_with_fewer_shots"),
)


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic of every model, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    rows: list[StatisticRow] = list(rationale_rows(data, params))
    for subject in subjects(data, results, params):
        rows += point_rows(subject)
        rows += contrast_rows(subject)
        rows += bias_rows(subject)
        rows += quality_rows(subject, data, results)
    return statistics_table(rows)


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure; rationales are written by a model that samples."""
    if row["metric"] in _WRITTEN or "reinforced" in row["slice"]:
        return "sampled"
    about_data = row["metric"] in _OF_DATA or row["model"].startswith("oracle:")
    return computed(row) if about_data else MODEL


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    everyone = subjects(data, results, params)
    models = ", ".join(subject.model for subject in measured(everyone))
    return View(everyone, Figures(statistics), data, results, f"Models: {models}")
