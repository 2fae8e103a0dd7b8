"""Statistics and report of the ElasticTok system."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from evaluators.elastictok.allocation import allocation_rows
from evaluators.elastictok.context import Row, findings
from evaluators.elastictok.curves import curve_rows
from evaluators.elastictok.quality import data_rows
from evaluators.elastictok.quality_sections import (
    code_section,
    data_section,
    method_section,
    training_section,
)
from evaluators.elastictok.rates import rate_rows
from evaluators.elastictok.savings import saving_rows
from evaluators.elastictok.searching import code_rows, search_rows
from evaluators.elastictok.sections import (
    error_section,
    saving_section,
    search_section,
    summary_section,
)
from evaluators.elastictok.use_sections import (
    allocation_section,
    control_section,
    rate_section,
)
from measurand.report.document import Document
from measurand.report.lookup import Figures
from measurand.statistics import statistics_table
from schemas.elastictok import Params

HEADLINES = (
    "gain",
    "against_fixed",
    "token_saving",
    "token_share",
    "feasible",
    "monotone_share",
    "leaks",
)
"""Figures for ``metrics.json``."""


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    found = findings(results, params)
    rows: list[Row] = list(data_rows(data, found.elastic))
    for part in (curve_rows, saving_rows, search_rows, code_rows, allocation_rows, rate_rows):
        rows += part(found)
    return statistics_table(rows)


def section(data: Path, results: Path, statistics: pa.Table, params: Params) -> Document:
    """The report, findings first.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    found, figures = findings(results, params), Figures(statistics)
    sections = [
        summary_section(found, figures),
        allocation_section(found, figures),
        saving_section(found, figures),
        error_section(found, figures),
        search_section(found, figures),
        control_section(found, figures),
        rate_section(found, figures),
        code_section(found, figures),
        training_section(found),
        data_section(data, found, figures),
        method_section(found, figures),
    ]
    names = ", ".join([*found.models, *found.codecs])
    return Document(
        title="ElasticTok: tokens for video",
        subtitle=f"Models: {names}",
        verdict=None,
        sections=tuple(part for part in sections if part is not None),
    )
