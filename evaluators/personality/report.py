"""Statistics and report of the personality system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.personality.evaluate.context import View, subjects
from evaluators.personality.evaluate.cue import cue_rows, cue_section
from evaluators.personality.opening import opening
from evaluators.personality.quality import quality_rows
from evaluators.personality.quality_sections import (
    instrument_section,
    method_section,
    quality_section,
)
from evaluators.personality.shaping import shaping_rows
from evaluators.personality.shaping_sections import concurrent_section, single_section
from evaluators.personality.structure import structure_rows
from evaluators.personality.structure_sections import structure_section
from evaluators.personality.validity import validity_rows
from evaluators.personality.validity_sections import (
    construct_section,
    criterion_section,
    reliability_section,
    score_section,
    summary_section,
)
from measurand.machines import MODEL, Moves, computed
from measurand.reporting.costs import cost_section
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.statistics import statistics_table
from schemas.personality.params import Params

TITLE = "Personality in the answers of language models"
"""Title of the report."""
HEADLINES = (
    "alpha",
    "convergent_mean",
    "discriminant_gap",
    "mass_mean",
    "missing_share",
    "shaping_rho",
    "concurrent_difference",
)
"""Figures for ``metrics.json``."""
OPENING = opening
"""The first screen."""
SECTIONS = (
    summary_section,
    reliability_section,
    score_section,
    construct_section,
    structure_section,
    criterion_section,
    single_section,
    concurrent_section,
    quality_section,
    cue_section,
    instrument_section,
    cost_section,
    method_section,
)
"""Sections in the reader's order."""


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic of every model, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    rows: list[StatisticRow] = []
    for subject in subjects(data, results, params):
        rows += validity_rows(subject)
        rows += structure_rows(subject)
        rows += shaping_rows(subject)
        rows += quality_rows(subject, results)
        rows += cue_rows(subject, results)
    return statistics_table(rows)


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: known respondents are computed."""
    return computed(row) if row["model"].startswith("synthetic:") else MODEL


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    everyone = subjects(data, results, params)
    models = ", ".join(subject.model for subject in everyone)
    return View(everyone, Figures(statistics), data, results, f"Models: {models}")
