"""Statistics and report of the personality system."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from evaluators.personality.context import Row, subjects
from evaluators.personality.figures import Figures
from evaluators.personality.quality import quality_rows
from evaluators.personality.quality_sections import (
    cost_section,
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
from measurand.report.document import Document
from measurand.statistics import statistics_table
from schemas.personality import Params

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


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic of every model, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    rows: list[Row] = []
    for subject in subjects(data, results, params):
        rows += validity_rows(subject)
        rows += structure_rows(subject)
        rows += shaping_rows(subject)
        rows += quality_rows(subject, results)
    return statistics_table(rows)


def section(data: Path, results: Path, statistics: pa.Table, params: Params) -> Document:
    """The report, findings first.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    everyone = subjects(data, results, params)
    figures = Figures(statistics)
    sections = [
        summary_section(everyone, figures),
        reliability_section(everyone, figures),
        score_section(everyone, figures),
        construct_section(everyone, figures),
        structure_section(everyone, figures),
        criterion_section(everyone, figures),
        single_section(everyone, figures),
        concurrent_section(everyone, figures),
        quality_section(everyone, figures),
        instrument_section(everyone),
        cost_section(results),
        method_section(everyone),
    ]
    models = ", ".join(subject.model for subject in everyone)
    return Document(
        title="Personality in the answers of language models",
        subtitle=f"Models: {models}",
        verdict=None,
        sections=tuple(part for part in sections if part is not None),
    )
