"""Figures: score by bins and spread, said and true win probability, scores and losses by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from evaluators.value_functions.context import Material
from measurand.reporting.document import Figure
from measurand.reporting.lookup import Figures
from schemas.value_functions.params import Run

SPREAD = "hl_gauss"
"""The loss whose targets are spread over bins."""
POINTS = 30
"""Of a curve, at most."""


def support_maps(material: Material, figures: Figures) -> list[Figure]:
    """Scores of HL-Gauss by bins and standard deviation, where runs differ in both alone."""
    found = []
    for group in _supports(material):
        bins = sorted({run.bins for run in group})
        ratios = sorted({run.ratio for run in group})
        if len(bins) < 2 or len(ratios) < 2:
            continue
        at = {(run.ratio, run.bins): run for run in group}
        values = [[_score(at.get((ratio, many)), figures) for many in bins] for ratio in ratios]
        noise = f", noise {group[0].noise:g}" if group[0].noise else ""
        found.append(
            Figure(
                "heatmap",
                f"Score of HL-Gauss by its support: {group[0].source}{noise}",
                "Rows: standard deviation of a target in bins; columns: bins of the support.",
                {
                    "labels": [f"{ratio:g}" for ratio in ratios],
                    "columns": [str(many) for many in bins],
                    "values": values,
                    "reasons": [["not asked"] * len(bins)] * len(ratios),
                    "axis": "score",
                },
            )
        )
    return found


def _supports(material: Material) -> Iterator[list[Run]]:
    """Runs of HL-Gauss that are the same but for the support, together."""
    groups: dict[str, list[Run]] = {}
    for run in material.params.train.runs:
        if SPREAD in material.losses(run):
            groups.setdefault(repr(run.but("bins", "ratio")), []).append(run)
    yield from groups.values()


def _score(run: Run | None, figures: Figures) -> float | None:
    return None if run is None else figures.value(SPREAD, "score", run=run.id)


def reliability_figures(material: Material, figures: Figures) -> list[Figure]:
    """True against said win probability of moves, in ten bins; none where nothing has moves."""
    rows: list[dict[str, Any]] = []
    for run in material.params.train.runs:
        own = material.reliability.filter(run=run.id)
        if own.is_empty():
            continue
        for end in (0.0, 1.0):
            rows.append(
                {"panel": run.id, "series": "as said", "x": end, "estimate": end, "lower": None,
                 "upper": None, "reason": None}
            )  # fmt: skip
        for loss in material.losses(run):
            said = own.filter(loss=loss).group_by("bin").agg(pl.col("said").mean()).sort("bin")
            rows += [
                figures.point(run.id, loss, x, loss, "reliability", run=run.id, bin=str(bin_))
                for bin_, x in said.iter_rows()
            ]
    if not rows:
        return []
    return [
        Figure(
            "curves",
            "Said and true win probability",
            "Moves of test positions in ten bins of as many, from those that are said to win "
            "least to those that are said to win most; means over trainings, intervals over "
            "trainings on these moves. On the line a network says what is true.",
            {"rows": rows, "x_axis": "said win probability", "x_scale": "linear",
             "y_axis": "true", "minimum": 0.0, "maximum": 1.0},
        )
    ]  # fmt: skip


def validation_figures(material: Material, figures: Figures) -> list[Figure]:
    """Score on validation by step; none where runs were looked at once."""
    rows: list[dict[str, Any]] = []
    for run in material.params.train.runs:
        own = material.learning.filter(run=run.id)
        steps = sorted(own["step"].unique().to_list())
        if len(steps) < 2:
            continue
        rows += [
            figures.point(run.id, loss, step, loss, "learning", run=run.id, step=str(step))
            for loss in material.losses(run)
            for step in steps
        ]
    if not rows:
        return []
    return [
        Figure(
            "curves",
            "Score on validation while training",
            "Means over trainings at the rate that was picked, intervals over trainings on these "
            "rows or episodes; units as in the table of learning rates. Where targets move, of "
            "the targets of then.",
            {"rows": rows, "x_axis": "steps", "x_scale": "linear", "y_axis": "score",
             "own_scale": True},
        )
    ]  # fmt: skip


def learning_figures(material: Material) -> list[Figure]:
    """Losses by step at the rate that was picked, over their first recorded ones."""
    chosen = material.tuning.filter(chosen=True).select("run", "loss", "rate").unique()
    picked = material.training.join(chosen, on=["run", "loss", "rate"]).sort("run", "loss", "step")
    rows = []
    for run in material.params.train.runs:
        for loss in material.losses(run):
            own = picked.filter(run=run.id, loss=loss)
            if own.is_empty():
                continue
            first = float(own["value"][0])
            every = -(-own.height // POINTS)
            rows += [
                {"panel": run.id, "series": loss, "x": step,
                 "estimate": value / first if first > 0 else None, "lower": None, "upper": None,
                 "reason": None if first > 0 else "its first loss is 0"}
                for step, value in own.select("step", "value")
                .gather_every(every, (own.height - 1) % every).iter_rows()
            ]  # fmt: skip
    if not rows:
        return []
    return [
        Figure(
            "curves",
            "Loss while training, over its first recorded value",
            "Mean over trainings and the steps since the row before, at the rate that validation "
            "picked. Losses have units of their own, and those with spread targets end above 0, "
            "so lines tell how a loss falls and not which one is better. A target that is made "
            "by the network itself moves, so that its loss may rise.",
            {"rows": rows, "x_axis": "steps", "x_scale": "linear", "y_axis": "share of the first",
             "minimum": 0.0, "own_scale": True},
        )
    ]  # fmt: skip
