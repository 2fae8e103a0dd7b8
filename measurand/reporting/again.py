"""Trained again: every headline in each training of a study, and what the trainings contradict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from measurand.machines import MODEL
from measurand.reporting.document import Cell, Section, Table, Text
from measurand.reporting.evidence import evidence_of
from measurand.results import StatisticRow
from measurand.trainings import Study, key_of

WRONG = 0.025
"""Share of claims on one side that an interval of 95% makes wrongly, at most."""
WORDS = {
    "above": "above {against:g}",
    "below": "below {against:g}",
    "undecided": "{against:g} lies inside: these trainings cannot tell",
    "few": "no interval: too little to tell",
    "one": "one training: no finding about the method",
}


def section(
    before: pa.Table,
    after: pa.Table,
    study: Study,
    headlines: tuple[str, ...],
    against: Mapping[str, float],
) -> Section | None:
    """Every headline in each training, with its interval of this training and of the method.

    Args:
        before: statistics of one training.
        after: the same, widened.
        study: the study.
        headlines: metrics to show.
        against: value that sentences about a metric compare it with: 1 of a ratio, 0 of a
            difference.
    """
    pairs = [
        (one, wide)
        for one, wide in zip(before.to_pylist(), after.to_pylist(), strict=True)
        if one["scope"] == "training" and key_of(one) in study.figures
    ]
    rows: list[list[Cell]] = []
    for one, wide in pairs:
        if one["metric"] not in headlines:
            continue
        seen = study.figures[key_of(one)]
        each = ", ".join("undefined" if value is None else f"{value:.3g}" for value in seen)
        name: Cell = {"text": one["metric"], "detail": f"{one['model']} {one['slice']}".strip()}
        rows.append([name, each, _interval(one), _interval(wide), _said(wide, against)])
    if not rows:
        return None
    other = " and ".join(study.changed)
    told = f" Since then the {other} changed: `measurand replicate` makes them again."
    if study.remade:
        told = (
            " Code that trains or measures changed since then, and makes the first of them again: "
            f"all {study.remade:,} figures that are not of sampled texts are within {MODEL:g}."
            f"{told if other else ''}"
        )
    text = (
        f"{study.trainings} trainings that differ in their seeds stand in `studies/`. Intervals of "
        "this training hold for these weights and other items; those of the method for other "
        "trainings too, and they are the ones that stand in this report."
        f"{told if study.changed or study.remade else ''}"
    )
    columns = ["figure", "in each training", "of this training", "of the method", "it says"]
    shown = Table("Headlines over trainings", columns, rows)
    return Section("Trained again", (Text(text), shown, Text(_checked(pairs, study, against))))


def _checked(
    pairs: list[tuple[StatisticRow, StatisticRow]], study: Study, against: Mapping[str, float]
) -> str:
    """How many other trainings lie outside each interval, and contradict a claim."""
    others = range(1, study.trainings)
    seen = outside = beyond = 0
    for one, wide in pairs:
        for at in others:
            value = study.figures[key_of(one)][at]
            if value is None or wide["scope"] != "method":
                continue
            seen += 1
            outside += not _inside(one, value)
            beyond += not _inside(wide, value)
    claims = [wide for _, wide in pairs if _claims(wide, against)]
    contradicted = sum(
        any(_contradicts(wide, study, at, against) for at in others) for wide in claims
    )
    return (
        f"Figures of the other trainings: {seen:,}. Of them {outside:,} lie outside the interval "
        f"of this training and {beyond:,} outside that of the method. Claims about the method (an "
        f"interval on one side of what the figure is compared with): {len(claims)}; contradicted "
        f"by a training whose own interval lies on the other side: {contradicted}. Intervals of "
        f"95% make at most {WRONG * len(claims):.1f} of these claims wrongly."
    )


def _claims(row: StatisticRow, against: Mapping[str, float]) -> bool:
    value = against.get(row["metric"])
    known = value is not None and row["scope"] == "method"
    return known and evidence_of(row, value or 0.0, "method") in ("above", "below")


def _contradicts(row: StatisticRow, study: Study, at: int, against: Mapping[str, float]) -> bool:
    ends, value = study.ends[key_of(row)][at], against[row["metric"]]
    if ends is None:
        return False
    above = evidence_of(row, value, "method") == "above"
    return ends[1] < value if above else ends[0] > value


def _inside(row: StatisticRow, value: float) -> bool:
    return row["ci_lo"] is not None and row["ci_lo"] <= value <= (row["ci_hi"] or 0.0)


def _said(row: StatisticRow, against: Mapping[str, float]) -> Cell:
    value = against.get(row["metric"])
    if value is None:
        return {"value": None, "reason": "it is compared with nothing"}
    found = evidence_of(row, value, "method")
    if found == "undefined" or row["ci_lo"] is None:
        return {"value": None, "reason": row["reason"]}
    return WORDS[found].format(against=value)


def _interval(row: StatisticRow) -> Cell:
    if row["ci_lo"] is None:
        return {"value": row["estimate"], "reason": row["reason"]}
    ends: dict[str, Any] = {"lower": row["ci_lo"], "upper": row["ci_hi"], "reason": None}
    return {"estimate": row["estimate"], **ends}
