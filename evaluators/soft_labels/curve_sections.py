"""Report section on training, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.curves import measured_steps
from measurand.reporting.document import Block, Cell, Figure, Section, Table, Text
from measurand.reporting.grid import Line, grid
from measurand.reporting.learned import learned
from measurand.reporting.lookup import Figures

_FIGURES = (
    (
        "dev_accuracy",
        "Accuracy on dev pairs",
        "accuracy",
        "Share of dev pairs ordered as the label has them.",
    ),
    (
        "dev_margin",
        "Reward margin on dev pairs",
        "mean h",
        "Mean log-odds of the implied preference. A loss without a minimum drives it on for as "
        "long as it is let.",
    ),
    (
        "train_margin",
        "Reward margin on training pairs",
        "mean h",
        "Mean log-odds of the implied preference.",
    ),
    (
        "train_gap",
        "Distance to the label on training pairs",
        "mean |sigma(h) - p|",
        "0 where every implied preference equals its label.",
    ),
    (
        "dev_near_tie_u",
        "Largest |u| of near-ties on dev pairs",
        "|u|, nats",
        "Pairs whose label is below .6.",
    ),
    (
        "factor",
        "Weight of a pair in a step",
        "mean |w|",
        "The gradient's factor, mean over the batch.",
    ),
)
_OF_LOSSES = {
    "train_margin": {
        "cdpo": "cDPO comes to rest at the labels' log-odds.",
        "dpo": "DPO moves on for as long as it is let.",
        "gdpo": "GDPO moves on for as long as it is let.",
    },
    "dev_near_tie_u": {"gipo": "GIPO moves them slowly, and furthest."},
    "factor": dict.fromkeys(
        ("gdpo", "gipo", "gropo"),
        "Geometric losses give none to ties, and less than their parents to unsure labels.",
    ),
}
"""What captions say of single losses, said where one of these was trained."""


def curve_section(view: View) -> Section | None:
    """What each loss does with more steps."""
    material, figures = view.found, view.figures
    if material.training.is_empty():
        return None
    blocks: list[Block] = [_figure(material, figures, *one) for one in _FIGURES]
    blocks.append(_displacement(material, figures))
    blocks.append(_table(material, figures))
    blocks.append(Text(_learned(material, figures)))
    return Section(
        "Against training steps",
        tuple(blocks),
        "Most of these losses have no minimum, so that the number of steps is a setting like any "
        "other: compare runs at equal steps. Intervals are over seeds.",
    )


def _figure(
    material: Material, figures: Figures, metric: str, title: str, axis: str, description: str
) -> Figure:
    rows: list[dict[str, Any]] = []
    methods = set()
    for run in material.params.train.runs:
        own = _line(material, figures, metric, run.id, run.set, run.id)
        methods |= {run.method} if own else set()
        rows += own
    said = [words for loss, words in _OF_LOSSES.get(metric, {}).items() if loss in methods]
    return _curves(rows, title, axis, " ".join(dict.fromkeys([description, *said])))


def _displacement(material: Material, figures: Figures) -> Figure:
    rows: list[dict[str, Any]] = []
    for run in material.params.train.runs:
        for metric, whose in (("dev_logratio_1", "preferred"), ("dev_logratio_2", "other")):
            rows += _line(material, figures, metric, run.id, f"{run.id}, {run.set}", whose)
    return _curves(
        rows,
        "Likelihood displacement",
        "mean log-ratio, nats",
        "Log-probability against the policy before training. The margin can grow while the "
        "preferred response becomes less likely too: then probability goes to texts that are in "
        "no pair.",
    )


def _line(
    material: Material, figures: Figures, metric: str, run: str, panel: str, series: str
) -> list[dict[str, Any]]:
    points = [
        figures.point(panel, series, step, material.model, metric, run=run, step=str(step))
        for step in measured_steps(material, run)
    ]
    return [point for point in points if point["reason"] != "not asked"]


def _curves(rows: list[dict[str, Any]], title: str, axis: str, description: str) -> Figure:
    data: dict[str, Any] = {
        "rows": rows,
        "x_axis": "steps",
        "x_scale": "linear",
        "y_axis": axis,
        "own_scale": True,
    }
    return Figure("curves", title, description, data if rows else {"reason": "not measured"})


def _learned(material: Material, figures: Figures) -> str:
    """Whether the runs learned their labels: losses may overshoot these, so the side counts."""
    ends = {}
    for run in material.params.train.runs:
        steps = measured_steps(material, run.id)
        margins = [
            figures.value(material.model, "train_margin", run=run.id, step=str(step))
            for step in steps
        ]
        against = [None if margin is None else -margin for margin in margins]
        if against:
            ends[run.id] = (against[-1], against[0] if steps[0] == 0 and len(steps) > 1 else None)
    return learned("Mean margin against the label on training pairs, at the last step",
                   "that before training", ends)  # fmt: skip


def _table(material: Material, figures: Figures) -> Table:
    ends = {run.id: measured_steps(material, run.id)[-1:] for run in material.params.train.runs}

    def last(metric: str) -> Callable[[Line], Cell]:
        def cell(line: Line) -> Cell:
            step = str(ends[line.parts["run"]][0])
            return figures.cell(line.model, metric, **line.parts, step=step)

        return cell

    return grid(
        figures,
        "Training pairs at the last step, and the change since half-way",
        ("run", "steps"),
        [
            Line(
                {"text": run.id, "detail": f"{run.method}, {run.set}"},
                material.model,
                {"run": run.id},
                ends[run.id],
            )
            for run in material.params.train.runs
            if ends[run.id]
        ],
        [
            ("mean h", last("train_margin")),
            ("change of it", "margin_growth"),
            ("mean |sigma(h) - p|", last("train_gap")),
            ("change of it", "gap_change"),
        ],
        ["A loss that comes to rest has changes of 0."],
    )
