"""Curves of the statistics as figures, and the points that tables go through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from evaluators.many_shot.context import ORACLE, PLAIN, Subject
from measurand.reporting.document import Figure
from measurand.reporting.grid import Line
from measurand.reporting.lookup import Figures

READERS = {
    "solver": "works the answer out",
    "knn5": "follows the five nearest shots",
    "logreg": "fits the shots",
    "majority": "repeats the commonest answer",
    "prior": "draws an answer by chance",
    "constant": "says one answer always",
}
"""What baselines do."""
_AXES = {"x_axis": "shots K", "x_scale": "log2"}


def every_point(subject: Subject) -> Iterator[dict[str, str]]:
    """Slices of every point of every curve, in the order of the parameters."""
    for task, curve, answers in subject.curves():
        for k in answers["k"].unique().sort().to_list():
            yield {"task": task, "curve": curve, "k": str(k)}


def point_lines(subject: Subject) -> Iterator[Line]:
    """A line of a table for every point: task and curve, then the number of shots."""
    for at in every_point(subject):
        yield Line(f"{at['task']}, {at['curve']}", subject.model, at, [int(at["k"])])


def baseline_figure(subject: Subject, readers: Sequence[Subject], figures: Figures) -> Figure:
    """Accuracy of the plain prompts beside that of the oracles."""
    rows: list[dict[str, Any]] = []
    for one in (subject, *readers):
        for task, curve, answers in one.curves():
            if curve == PLAIN:
                rows += _line(figures, one, "accuracy_crossed", task, curve, answers, one.model)
    return Figure(
        "curves",
        f"{subject.model} and the baselines, plain prompts",
        _what_they_do(readers),
        {
            "rows": rows,
            "points": _points(subject, "correct", subject.model, {PLAIN}),
            **_AXES,
            "y_axis": "share of right answers",
            "minimum": 0.0,
            "maximum": 1.0,
        },
    )


def _what_they_do(readers: Sequence[Subject]) -> str:
    """Of the baselines that were run, and of no other."""
    names = [reader.model.removeprefix(ORACLE) for reader in readers]
    told = [f"{name} {READERS[name]}" for name in names if name in READERS]
    return (
        f"Baselines read the same prompts: {', '.join(told)}." if told else "No baseline was run."
    )


def curve_figure(
    subject: Subject,
    figures: Figures,
    metric: str,
    title: str,
    axis: str,
    description: str,
    *,
    points: str | None = None,
    own_scale: bool = False,
) -> Figure:
    """One metric against shots, a panel a task, a line a curve.

    Args:
        subject: one model's answers.
        figures: the statistics.
        metric: which of them.
        title: what is shown.
        axis: title of its axis.
        description: how to read it.
        points: column of the responses whose means by shot set are drawn too.
        own_scale: every panel has its own scale; else all run from 0 to 1.
    """
    rows: list[dict[str, Any]] = []
    for task, curve, answers in subject.curves():
        rows += _line(figures, subject, metric, task, curve, answers, curve)
    rows = [row for row in rows if row["reason"] != "not asked"]
    data: dict[str, Any] = {"rows": rows, **_AXES, "y_axis": axis, "own_scale": own_scale}
    if not rows:
        data = {"reason": "nothing that was asked has this figure"}
    elif not own_scale:
        data |= {"minimum": 0.0, "maximum": 1.0}
    if rows and points is not None:
        data["points"] = _points(subject, points, None, None)
    return Figure("curves", f"{subject.model}: {title[0].lower()}{title[1:]}", description, data)


def _line(
    figures: Figures,
    subject: Subject,
    metric: str,
    task: str,
    curve: str,
    answers: pl.DataFrame,
    series: str,
) -> list[dict[str, Any]]:
    return [
        figures.point(task, series, k, subject.model, metric, task=task, curve=curve, k=str(k))
        for k in answers["k"].unique().sort().to_list()
    ]


def _points(
    subject: Subject, column: str, series: str | None, curves: set[str] | None
) -> list[dict[str, Any]]:
    rows = subject.responses.filter(pl.col("k") > 0).drop_nulls(column)
    if curves is not None:
        rows = rows.filter(pl.col("curve").is_in(sorted(curves)))
    means = (
        rows.group_by("task", "curve", "k", "seed")
        .agg(pl.col(column).mean())
        .sort("task", "curve", "k", "seed")
    )
    return [
        {"panel": task, "series": series or curve, "x": k, "y": y}
        for task, curve, k, _, y in means.iter_rows()
    ]
