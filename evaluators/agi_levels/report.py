"""Statistics and report of the levels system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.agi_levels import card_sections, quizzed, sections
from evaluators.agi_levels.context import Found, View, raters, standing
from evaluators.agi_levels.figures import (
    item_rows,
    people_rows,
    placement_rows,
    profile_rows,
    rater_rows,
)
from evaluators.agi_levels.opening import opening
from evaluators.agi_levels.rater_sections import (
    item_section,
    method_section,
    quality_section,
    rater_section,
)
from measurand import soundness
from measurand.machines import MODEL, Moves, computed
from measurand.reporting.costs import cost_section
from measurand.reporting.document import Section
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.statistics import statistics_table
from schemas.agi_levels.params import Params

TITLE = "Levels: where scores stand among people"
"""Title of the report."""
HEADLINES = (
    "percentile",
    "reaches",
    "ahead",
    "consensus_r",
    "mass_mean",
    "missing_share",
    "retest_agreement",
)
"""Figures for ``metrics.json``."""
OPENING = opening
"""The first screen."""


def placement_section(view: View) -> Section:
    """Every placement."""
    return sections.placement_section(view.found.standing)


def strip_section(view: View) -> Section | None:
    """One score, all groups."""
    return sections.strip_section(view.found.standing)


def norm_section(view: View) -> Section | None:
    """What norms can show."""
    return sections.norm_section(view.found.standing)


def profile_section(view: View) -> Section | None:
    """Breadth."""
    return sections.profile_section(view.found.standing)


def principle_section(view: View) -> Section:
    """Six principles."""
    return sections.principle_section(view.found.standing)


def bias_section(view: View) -> Section | None:
    """Questions on which a model is out of line with people of its ability."""
    return card_sections.bias_section(view.found.standing)


def autonomy_section(view: View) -> Section:
    """Autonomy as declared."""
    return sections.autonomy_section(view.found.standing)


SECTIONS = (
    placement_section,
    rater_section,
    strip_section,
    norm_section,
    profile_section,
    item_section,
    bias_section,
    quality_section,
    principle_section,
    autonomy_section,
    cost_section,
    method_section,
)
"""Sections in the reader's order."""


def _reports(results: Path) -> Path:
    """Folder with the reports of all systems, where results lie as a project has them."""
    return results.parent.parent


def statistics(data: Path, results: Path, params: Params) -> pa.Table:
    """Every statistic, as a table ``measurand.results.STATISTICS``.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    everyone = raters(data, results, params)
    answered = quizzed.read(data, results)
    found = standing(data, everyone, params, _reports(results), answered.results())
    rows: list[StatisticRow] = list(placement_rows(found.placements))
    for rater in everyone:
        rows += rater_rows(rater)
        rows += soundness.retest_rows(rater, results)
        rows += quizzed.figures(rater, answered)
    rows += people_rows(everyone[0])
    for one in found.profiles:
        rows += profile_rows(one)
    rows += item_rows(found)
    return statistics_table(rows)


def moves(row: Mapping[str, Any]) -> Moves:
    """What another machine makes of a figure: people's and known ones are computed."""
    asked = row["metric"] in ("ahead", "consensus_r", "mass_mean", "missing_share")
    asked |= row["metric"].startswith("retest_")
    asked |= row["metric"] == "accuracy"
    asked |= "norm=raters/" in row["slice"] or "norm=students/" in row["slice"]
    return MODEL if asked and not row["model"].startswith("oracle:") else computed(row)


def view(data: Path, results: Path, statistics: pa.Table, params: Params) -> View:
    """What the sections read.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        statistics: as from :func:`statistics`.
        params: parameters.
    """
    everyone = raters(data, results, params)
    answered = quizzed.read(data, results)
    found = standing(data, everyone, params, _reports(results), answered.results())
    models = ", ".join(one.model for one in found.profiles)
    return View(
        Found(found, everyone, params), Figures(statistics), data, results, f"Models: {models}"
    )
