"""Pictures of placements and profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluators.agi_levels.levels import LEVELS
from evaluators.agi_levels.placing import Placement
from evaluators.agi_levels.profile import Profile
from measurand.reporting.document import Figure
from schemas.agi_levels.taxonomy import CUTS, NAMES

BANDS = [
    {"low": low, "high": high, "label": NAMES[level]}
    for low, high, level in zip(CUTS, (*CUTS[1:], 1.0), LEVELS, strict=True)
]
"""Between the cuts."""


def _dot(placement: Placement, label: str, group: str) -> dict[str, Any]:
    place = placement.place
    return {
        "label": label,
        "group": group,
        "estimate": place.value,
        "lower": place.ci_lo,
        "upper": place.ci_hi,
        "reason": None if place.value is not None else placement.words or place.reason,
    }


def ladder(placements: Sequence[Placement]) -> Figure:
    """Percentile of every model on every task, against every norm that gives one."""
    shown = [p for p in placements if p.place.value is not None and p.p]
    rows = [
        _dot(p, str(p.group), f"{p.model}: {p.task}")
        for p in sorted(shown, key=lambda p: (p.model, p.task))
    ]
    return Figure(
        "forest",
        "Where scores stand among people",
        "Share of the group below the score, with a 95% interval that holds the error of the items "
        "and of the people. Bands begin at the cuts of the paper's levels; a band is claimed only "
        "where nearly the whole law of the percentile lies above its cut and the group is large "
        "enough to show it.",
        {
            "rows": rows,
            "axis": "share of the group below",
            "minimum": 0.0,
            "maximum": 1.0,
            "bands": BANDS[:2],
            "limit": CUTS[0],
            "limit_label": "half",
        }
        if rows
        else {"reason": "no score has a norm that gives a percentile"},
    )


def family_map(found: Profile) -> Figure:
    """Expected share of a family's tasks that reach each level."""
    return Figure(
        "heatmap",
        f"{found.model}: levels by family",
        "Expected share of a family's tasks that reach the level.",
        {
            "labels": [f"{family.name} ({family.tasks})" for family in found.families],
            "columns": [NAMES[level] for level in LEVELS],
            "values": [[family.shares[level] for level in LEVELS] for family in found.families],
            "axis": "share of tasks",
            "range": "share",
        },
    )


def breadth(profiles: Sequence[Profile]) -> Figure:
    """Depth against breadth: share of families in which half of the tasks reach a level."""
    rows = [
        {
            "panel": "breadth by depth",
            "series": found.model,
            "x": level,
            "estimate": found.breadth[level],
            "lower": None,
            "upper": None,
            "reason": None,
        }
        for found in profiles
        for level in LEVELS
        if found.families
    ]
    return Figure(
        "curves",
        "Breadth by depth",
        "Expected share of the families that have tasks in which half of the tasks or more reach "
        "the level: 2 Competent, 3 Expert, 4 Virtuoso.",
        {"rows": rows, "x_axis": "level", "y_axis": "share of families", "minimum": 0, "maximum": 1}
        if rows
        else {"reason": "no task of any family counts"},
    )
