"""Figures of the report: what agents reach, task by task, against what it depends on; screens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evaluators.compwob.complexity import PREDICTORS
from evaluators.compwob.context import ORDERS, Subject
from measurand import shards
from measurand.reporting.document import Figure
from measurand.reporting.lookup import Figures
from measurand.web.film import Picture, frames
from schemas.compwob.params import CATEGORIES

WORDS = {"single": "base tasks", "forward": "compositions", "reverse": "reversed"}
"""How wordings are named."""
GROUPS = {
    "base": "base tasks",
    "two": "two easy parts",
    "two_medium": "two parts, one medium",
    "three": "three parts",
    "more": "four to eight parts",
    "transition": "with page changes",
    "extra": "your own",
}
"""How categories are named."""


def parts_figure(everyone: Sequence[Subject], figures: Figures) -> Figure:
    """Success against the number of parts, a panel a wording.

    What an agent was not asked is a row without a figure: the line has a gap there.
    """
    numbers = {order: _numbers(everyone, order) for order in ORDERS}
    rows = []
    for order in ORDERS:
        for subject in everyone:
            for n in numbers[order] if not subject.of(order).is_empty() else ():
                where = {"order": order, "parts": str(n)}
                agent = subject.agent
                rows.append(figures.point(WORDS[order], agent, n, agent, "success", **where))
    return Figure(
        "curves",
        "Success against the number of parts",
        "Wilson intervals over episodes; few tasks have more than three parts.",
        {
            "rows": rows,
            "x_axis": "parts",
            "y_axis": "share of episodes solved",
            "minimum": 0.0,
            "maximum": 1.0,
            "reason": "no composition was played",
        },
    )


def _numbers(everyone: Sequence[Subject], order: str) -> list[int]:
    """Numbers of parts that somebody was asked."""
    return sorted({n for subject in everyone for n in subject.of(order)["n_parts"].to_list()})


def heat_figure(everyone: Sequence[Subject], order: str) -> Figure:
    """Success by task and agent."""
    tasks: dict[str, tuple[int, str]] = {}
    for subject in everyone:
        for task, category in subject.of(order).select("task", "category").iter_rows():
            tasks.setdefault(task, (CATEGORIES.index(category), task))
    names = sorted(tasks, key=lambda task: tasks[task])
    means = {
        (subject.agent, task): value
        for subject in everyone
        for task, value in subject.of(order)
        .group_by("task")
        .agg(pl.col("success").mean())
        .iter_rows()
    }
    values = [[means.get((s.agent, task)) for s in everyone] for task in names]
    return Figure(
        "heatmap",
        f"Success by task: {WORDS[order]}",
        "Share of seeds solved. A dash: not played.",
        {
            "labels": names,
            "columns": [s.agent for s in everyone],
            "values": values,
            "reasons": [["not played"] * len(everyone) for _ in names],
            "range": "share",
            "axis": "share of seeds solved",
            "reason": "no task was played in this wording",
        },
    )


def scatter_figure(subject: Subject, order: str) -> Figure:
    """Tasks against two measures of complexity, with the fitted curve where there is one."""
    mine = subject.of(order)
    means = mine.group_by("task").agg(pl.col("success", *PREDICTORS).mean()).sort("task")
    rows: list[dict[str, Any]] = []
    points: list[dict[str, Any]] = []
    for name in ("instruction_tokens", "max_subtree"):
        panel = PREDICTORS[name]
        for x, y in means.select(name, "success").iter_rows():
            points.append({"panel": panel, "series": "tasks", "x": x, "y": y})
        for x, y in _line(means[name].to_numpy(), means["success"].to_numpy()):
            rows.append({"panel": panel, "series": "tasks", "x": x, "estimate": y, "lower": None,
                         "upper": None})  # fmt: skip
    return Figure(
        "curves",
        f"{subject.agent}: success against complexity, {WORDS[order]}",
        "Dots are tasks. The marks on the line are the least-squares line's two ends.",
        {
            "rows": rows,
            "points": points,
            "point_size": 3.0,
            "x_axis": "per task",
            "y_axis": "share of seeds solved",
            "minimum": 0.0,
            "maximum": 1.0,
            "reason": "too few different tasks",
        },
    )


def _line(x: Any, y: Any) -> list[tuple[float, float]]:
    """Ends of the least-squares line, which ends where it would leave what a share can be."""
    if len(x) < 3 or np.ptp(x) == 0:
        return []
    b, a = (float(v) for v in np.polyfit(x, y, 1))
    ends = [(float(v), a + b * float(v)) for v in (x.min(), x.max())]
    return [(v, s) if 0 <= s <= 1 else ((round(s > 1) - a) / b, float(s > 1)) for v, s in ends]


def reverse_figure(everyone: Sequence[Subject], figures: Figures) -> Figure:
    """What the wording costs: the paired gap of every agent."""
    rows = [
        figures.dot(subject.agent, subject.agent, "gap_reverse")
        for subject in everyone
        if figures.get(subject.agent, "gap_reverse") is not None
    ]
    return Figure(
        "forest",
        "Forward minus reversed, paired by task and seed",
        "Above 0: the same problem is solved less often when its sentence is turned round.",
        {"rows": rows, "axis": "difference in success", "minimum": -1.0, "limit": 0.0,
         "limit_label": "no difference"},
    )  # fmt: skip


def films(results: Path) -> list[Figure]:
    """The screens of each filmed episode."""
    rows = shards.read_table(results / "films").to_pylist()
    found = []
    kinds = {row["task"]: CATEGORIES.index(row["category"]) for row in rows}
    for task in sorted(kinds, key=lambda task: kinds[task]):
        mine = sorted((row for row in rows if row["task"] == task), key=lambda row: row["step"])
        first = mine[0]
        ended = "solved" if first["success"] else "not solved"
        found.append(
            Figure(
                "screens",
                f"{GROUPS[first['category']]}: {task}",
                f"{first['utterance']} Seed {first['seed']}, {first['agent']}, {ended}. Each "
                "picture shows the page before the action below it; the element acted on is "
                "framed. Where nothing happens, pictures are cut.",
                {
                    "rows": frames(
                        [Picture(row["picture"], row["action"], row["box"]) for row in mine]
                    )
                },
            )
        )
    return found
