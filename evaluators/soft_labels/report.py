"""Statistics and report of the soft-label system."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.soft_labels.bandit_sections import bandit_section
from evaluators.soft_labels.bandits import bandit_rows
from evaluators.soft_labels.context import View, material
from evaluators.soft_labels.contrasts import contrast_rows
from evaluators.soft_labels.curve_sections import curve_section
from evaluators.soft_labels.curves import curve_rows
from evaluators.soft_labels.heldout import heldout_rows
from evaluators.soft_labels.heldout_sections import accuracy_section, calibration_section
from evaluators.soft_labels.judge_sections import judge_section, label_section
from evaluators.soft_labels.judges import judge_rows, people_rows
from evaluators.soft_labels.labelling import label_rows
from evaluators.soft_labels.method_sections import method_section
from evaluators.soft_labels.opening import opening
from evaluators.soft_labels.win_sections import distance_section, win_section
from evaluators.soft_labels.wins import win_rows
from evaluators.soft_labels.written import written_rows
from measurand.machines import MODEL, SUMS, Moves, computed
from measurand.reporting.costs import cost_section
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow, slice_parts
from measurand.statistics import of_trainings, statistics_table
from schemas.soft_labels.params import REFERENCE_RUN, Params

TITLE = "Soft preference labels"
"""Title of the report."""
HEADLINES = (
    "position_bias",
    "judge_accuracy",
    "judge_alpha",
    "accuracy",
    "accuracy_difference",
    "accuracy_difference_method",
    "brier",
    "strength",
    "kl_per_token",
)
"""Figures for ``metrics.json``."""
AGAINST = {"accuracy": 0.5, "accuracy_difference_method": 0.0, "strength": 0.0}
"""What sentences compare a headline with."""
OPENING = opening
"""The first screen."""
SECTIONS = (
    judge_section,
    label_section,
    accuracy_section,
    calibration_section,
    curve_section,
    win_section,
    distance_section,
    bandit_section,
    cost_section,
    method_section,
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
    makers = (
        judge_rows,
        people_rows,
        label_rows,
        heldout_rows,
        contrast_rows,
        curve_rows,
        win_rows,
        written_rows,
        bandit_rows,
    )
    rows = (row for make in makers for row in make(found))
    return statistics_table(of_trainings(rows, partial(_trained, params)))


def _trained(params: Params, row: StatisticRow) -> bool:
    """Whether a figure is of trained policies: of one, beside one, or of texts that they wrote.

    The bandit is computed, and the untrained policy is no training, neither alone nor against
    itself; its strength is found among all policies.
    """
    parts = slice_parts(row["slice"])
    if row["metric"] in ("strength", "text_position_bias"):
        return parts.get("run") != REFERENCE_RUN
    return bool({parts.get("run"), parts.get("over")} & {run.id for run in params.train.runs})


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: labels and the bandit are computed, texts sampled."""
    if row["metric"].startswith("bandit_"):
        return SUMS
    if row["metric"].startswith(("label_", "rater_", "longer_")):
        return computed(row)
    of_texts = ("comparison_", "distinct_", "kl_", "sample_", "strength", "text_", "win_")
    # A judge prefers among texts where policies are set against each other.
    duel = row["metric"] == "preference_alpha" and "over" in slice_parts(row["slice"])
    return "sampled" if duel or row["metric"].startswith(of_texts) else MODEL


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    found = material(data, results, params)
    losses = ", ".join(dict.fromkeys(run.method for run in params.train.runs))
    whose = f"Policy: {found.model}; losses: {losses}"
    return View(found, Figures(statistics), data, results, whose)
