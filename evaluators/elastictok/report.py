"""Statistics and report of the ElasticTok system."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.elastictok.allocation import allocation_rows
from evaluators.elastictok.context import View, findings
from evaluators.elastictok.curves import curve_rows
from evaluators.elastictok.opening import opening
from evaluators.elastictok.quality import data_rows, unseen_rows
from evaluators.elastictok.quality_sections import (
    code_section,
    data_section,
    method_section,
    training_section,
)
from evaluators.elastictok.rates import rate_rows
from evaluators.elastictok.savings import saving_rows
from evaluators.elastictok.searching import code_rows, learned_rows, search_rows, unseen_loss_rows
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
from measurand.machines import MODEL, Moves, computed
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.statistics import of_trainings, statistics_table
from measurand.training.repeats import folder_of, repeat_of
from measurand.trainings import over_trainings
from schemas.elastictok.params import UNTRAINED, Params

TITLE = "ElasticTok: tokens for video"
"""Title of the report."""
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
AGAINST = {"gain": 1.0, "against_fixed": 1.0, "token_saving": 1.0}
"""What sentences compare a headline with."""
ABOUT_DATA = ("leaks", "near_copies", "planted_leaks_found", "rejected", "unseen_clips")
"""Figures of no weights."""
OPENING = opening
"""The first screen."""
SECTIONS = (
    summary_section,
    allocation_section,
    saving_section,
    error_section,
    search_section,
    control_section,
    rate_section,
    code_section,
    training_section,
    data_section,
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
    every = range(params.train.repeats)
    return over_trainings(
        [_statistics(data, folder_of(results, at), repeat_of(params, at)) for at in every]
    )


def _statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Statistics of one training."""
    found = findings(results, params)
    rows: list[StatisticRow] = list(data_rows(data, found))
    for part in (
        *(curve_rows, saving_rows, search_rows, learned_rows, unseen_loss_rows),
        *(code_rows, allocation_rows, rate_rows, unseen_rows),
    ):
        rows += part(found)
    return statistics_table(of_trainings(rows, partial(_trained, params)))


def _trained(params: Params, row: StatisticRow) -> bool:
    """Whether a figure is of trained weights: not of data, codecs, or weights before training."""
    about_data = row["metric"] in ABOUT_DATA
    return not about_data and row["model"] in {m.name for m in params.train.models}


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: data and codecs are computed."""
    return MODEL if row["model"] == UNTRAINED else computed(row)


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    found = findings(results, params)
    names = ", ".join([*found.models, *found.codecs])
    if params.train.repeats > 1:
        names += f"; {params.train.repeats} trainings of each, pictures of the first"
    return View(found, Figures(statistics), data, results, f"Models: {names}")
