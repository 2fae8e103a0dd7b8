"""Statistics and report of the value functions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.value_functions import claims, figures, narrowing, quality, sections
from evaluators.value_functions.context import View, material
from measurand.machines import Moves, computed
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.statistics import of_trainings, statistics_table
from schemas.value_functions.params import LOSSES, Params

TITLE = "Value functions"
"""Title of the report."""
HEADLINES = ("score", "score_difference", "score_difference_change")
"""Figures for ``metrics.json``."""
OPENING = claims.opening
"""The first screen."""
SECTIONS = (
    sections.summary_section,
    sections.difference_section,
    sections.run_section,
    sections.game_section,
    sections.curve_section,
    sections.tuning_section,
    sections.representation_section,
    quality.data_section,
    sections.method_section,
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
        figures.loss_rows,
        figures.difference_rows,
        figures.change_rows,
        figures.game_rows,
        figures.elo_rows,
        figures.seed_rows,
        figures.reliability_rows,
        figures.learning_rows,
        narrowing.narrowing_rows,
    )
    rows = (row for make in makers for row in make(found))
    return statistics_table(of_trainings(rows, _trained))


def _trained(row: StatisticRow) -> bool:
    aside = ("_skipped", "clipped", "narrowing", "narrowing_expected")
    return row["model"] in LOSSES and not row["metric"].endswith(aside)


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: controls are computed, all else is trained.

    Games are another sample each time: Stockfish picks its weak moves by the clock.
    """
    if row["model"] in LOSSES:
        return "trained"
    return "sampled" if row["metric"] in ("won", "elo") else computed(row)


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    found = material(data, results, params)
    runs = ", ".join(run.id for run in params.train.runs)
    whose = f"Losses on {runs}; {params.train.seeds} trainings each"
    return View(found, Figures(statistics), data, results, whose)
