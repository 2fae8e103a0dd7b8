"""Sections on what knows and what was found: the discriminator, and the best programs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl

from evaluators.guided_evolution.context import Material, View, mean_of
from evaluators.guided_evolution.judged import right
from evaluators.guided_evolution.reaching import BEATS
from measurand.reporting.document import Block, Cell, Figure, Section, Table, Text
from schemas.guided_evolution.params import Task
from schemas.guided_evolution.tables import OTHERS

SHOWN = 3
"""Best programs of a task that are listed; the table of exports has them all."""
PARTS = 8
"""Parts of a search over which accuracy is followed."""


def judge_section(view: View) -> Section | None:
    """Accuracy, calibration and enrichment of every network, and accuracy as it learns."""
    material, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for task, method in material.methods():
        if method.learns:
            for other in OTHERS:
                parts = {"task": task.id, "other": other}
                cells = (figures.cell(method.id, n, **parts) for n in ("accuracy", "auc", "ece"))
                rows.append([f"{task.id}, {method.id}, {other}", *cells])
    if not rows:
        return None
    rich: list[list[Cell]] = [
        [f"{task.id}, {method.id}",
         *(figures.cell(method.id, name, task=task.id)
           for name in ("improving_judged", "improving_plain", "enrichment"))]
        for task, method in material.methods() if method.learns
    ]  # fmt: skip
    points = list(_by_step(material))
    return Section(
        "What the network knew",
        (
            Table(
                "Right before it was told: against the parent, any earlier program, a top one",
                ["task, method, other", "accuracy", "area under the curve", "calibration error"],
                rows,
            ),
            Table(
                "Children better than their parents",
                ["task and method", "chosen by the judge", "drawn without it", "ratio"],
                rich,
            ),
            Figure(
                "curves", "Accuracy against any earlier program, as searches go on",
                "Parts of a search with equal numbers of steps; 95% intervals over searches.",
                {"rows": points, "x_axis": "steps", "y_axis": "accuracy", "x_scale": "linear",
                 "minimum": 0.4, "maximum": 1, "reference": 0.5}
                if points else {"reason": "no comparison was made"},
            ),
        ),
        "Probabilities were computed before the evaluations that they are about.",
    )  # fmt: skip


def _by_step(material: Material) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for task, method in material.methods():
        mine = material.pairs.filter(
            pl.col("task") == task.id, pl.col("method") == method.id,
            pl.col("other") == "any", pl.col("label") >= 0,
        )  # fmt: skip
        if not method.learns or mine.is_empty():
            continue
        steps = mine["step"].to_numpy()
        edges = np.linspace(0, steps.max() + 1, PARTS + 1)
        for low, high in pairwise(edges):
            some = mine.filter((pl.col("step") >= low) & (pl.col("step") < high))
            if some.is_empty():
                continue
            found = mean_of(right(some), some["search"], low=0, high=1)
            made.append(
                {"panel": task.id, "series": method.id, "x": round(float(high)),
                 "estimate": found.value, "lower": found.ci_lo, "upper": found.ci_hi,
                 "reason": found.reason if found.value is None else None}
            )  # fmt: skip
    return made


def winner_section(view: View) -> Section:
    """What the winners are worth where no search looked, and the best programs written out."""
    material, figures = view.found, view.figures
    rows: list[list[Cell]] = [
        [f"{task.id}, {method.id}",
         *(figures.cell(method.id, name, task=task.id)
           for name in ("best", "fresh", "selection", "exact", _beats(task)))]
        for task, method in material.methods()
    ]  # fmt: skip
    blocks: list[Block] = [
        Table(
            "Winners: fitness, the same program where no search looked, what selection paid, the "
            "share that is the true formula, or that beats what is known (tuned momentum, DQN) on "
            "problems held out",
            [
                "task and method",
                "fitness",
                "fresh",
                "fitness less fresh",
                "the true formula",
                "beats what is known",
            ],
            rows,
        )
    ]
    best = material.exports.filter(pl.col("rank") < SHOWN).sort("task", "rank")
    if not best.is_empty():
        shown: list[list[Cell]] = [
            [f"{row['task']}, {row['rank'] + 1}", row["fitness"],
             {"value": row["fresh"], "reason": "not measured"},
             row["formula"] or row["text"],
             {"value": row["difference"], "reason": "no source"}]
            for row in best.iter_rows(named=True)
        ]  # fmt: skip
        blocks.append(
            Table("Best programs of all searches",
                  ["task and rank", "fitness", "fresh", "program", "source differs by"], shown)
        )  # fmt: skip
        blocks += [
            Figure(
                "graph",
                f"{row['task']}: the best program",
                "Each node stands below what it reads; the lowest is the output.",
                {"rows": [{"label": op, "reads": mine} for op, mine in
                          zip(row["ops"], row["args"], strict=True)]},
            )
            for row in best.filter(rank=0).iter_rows(named=True)
        ]  # fmt: skip
        blocks += [
            Text(row["source"], verbatim=True)
            for row in best.filter(rank=0).iter_rows(named=True)
            if row["source"]
        ]
    return Section(
        "What was found",
        tuple(blocks),
        "Source runs with NumPy alone (losses: PyTorch) and was run: the last column is its "
        f"largest difference from the program on fresh points.{_sources(material)}",
    )


def _beats(task: Task) -> str:
    """Name of the figure that holds a task's winners against something known."""
    return BEATS.get(task.source.kind, BEATS["optimiser"])


def _sources(material: Material) -> str:
    """How many programs were written as source, and the largest difference of any."""
    known = material.exports.drop_nulls("difference")
    if known.is_empty():
        return ""
    worst = float(np.max(known["difference"].to_numpy()))
    return f" Of {len(known)} programs written so, the largest difference of any is {worst:g}."
