"""Report sections on held-out pairs: who is right where, by how much, and how surely."""

from __future__ import annotations

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.contrasts import contrasted
from evaluators.soft_labels.heldout import TERCILES, both_ways, tercile_edges
from evaluators.soft_labels.labelling import BIN_NAMES
from measurand.reporting.document import Block, Cell, Figure, Section, Table
from measurand.reporting.grid import Column, Line, grid
from measurand.reporting.lookup import Figures
from measurand.stats.calibration import reliability_curve
from pipelines.soft_labels.labels import BINS
from schemas.soft_labels.params import Run

CURVE_BINS = 8
_UNIT = {"minimum": 0.0, "maximum": 1.0}


def accuracy_section(view: View) -> Section | None:
    """Accuracy by how sure the label is: the paper's claim is about the unsure ones."""
    material, figures = view.found, view.figures
    runs = [run for run, _ in material.runs()]
    if not runs:
        return None
    blocks: list[Block] = [
        _tercile_figure(material, figures, runs),
        _accuracy_table(material, figures, runs),
        _bin_figure(material, figures, runs),
    ]
    pairs = list(contrasted(material))
    if pairs:
        blocks.append(_contrast_table(material, figures, pairs))
    return Section(
        "Held-out pairs, by how sure the label is",
        tuple(blocks),
        "A policy prefers the response whose probability training raised more. Thirds are those of "
        "the set's held-out pairs; ties of the label are left out.",
    )


def calibration_section(view: View) -> Section | None:
    """Is a policy as sure as the labels are?"""
    material, figures = view.found, view.figures
    runs = [run for run, _ in material.runs()]
    if not runs:
        return None
    table = grid(
        figures,
        "Implied preference sigma(h) against the label",
        "run",
        [Line(_name(run), material.model, {"run": run.id}) for run in runs],
        {
            "Brier score": "brier",
            "log loss above the label's entropy": "nll_excess",
            "calibration error": "ece",
            "squared, debiased": "ece_squared",
            "slope": "calibration_slope",
            "largest |u|, p < .6": "near_tie_u",
        },
        [
            "Slope: 1 is calibrated, below 1 is too sure, above 1 too doubtful. The calibration "
            "error of few pairs is above 0 even for a perfect policy; the debiased square is not, "
            "and may fall below 0. Calibration error and slope see each pair both ways round."
        ],
    )
    return Section(
        "Calibration",
        (_reliability_figure(material, runs), table),
        "Brier score and log loss have an error that allows for shared responses; calibration "
        "error and slope a bootstrap of the responses, which is wide rather than narrow.",
    )


def _name(run: Run) -> Cell:
    return {"text": run.id, "detail": f"{run.method}, beta {run.beta:g}, labels {run.labels}"}


def _tercile_figure(material: Material, figures: Figures, runs: list[Run]) -> Figure:
    rows = []
    for run in runs:
        edges = tercile_edges(material, run)
        if edges is None:
            continue
        ends = (f"p < {edges[0]:.2f}", "between", f"p >= {edges[1]:.2f}")
        for name, end in zip(TERCILES, ends, strict=True):
            label = f"{name} third, {end}"
            dot = figures.dot(label, material.model, "accuracy", run=run.id, tercile=name)
            rows.append({**dot, "series": run.id, "group": run.set})
    rows.sort(key=lambda row: (str(row["group"]), _third(str(row["label"]))))
    return Figure(
        "forest",
        "Accuracy by how sure the label is",
        "Share of held-out pairs in which the policy prefers what people prefer; one half is "
        "chance.",
        {
            "rows": rows,
            "axis": "accuracy",
            "minimum": 0.0,
            "maximum": 1.0,
            "limit": 0.5,
            "limit_label": "chance",
        }
        if rows
        else {"reason": "every label is a tie"},
    )


def _third(label: str) -> int:
    return TERCILES.index(label.split(" ", 1)[0])


def _thirds(metric: str) -> dict[str, Column]:
    return {f"{name} third": (metric, {"tercile": name}) for name in TERCILES}


def _accuracy_table(material: Material, figures: Figures, runs: list[Run]) -> Table:
    return grid(
        figures,
        "Accuracy on held-out pairs",
        ("run", "set"),
        [Line(_name(run), material.model, {"run": run.id}, [run.set]) for run in runs],
        {
            "all": "accuracy",
            **_thirds("accuracy"),
            "matched length": ("accuracy", {"length": "matched"}),
            "all, over seeds": "accuracy_seeds",
        },
        [
            "Intervals are 95%: over pairs, allowing for shared responses, for these seeds; in the "
            "last column over seeds, for these pairs. Matched length: lengths within two words, "
            "where preferring short or long responses does not help."
        ],
    )


def _bin_figure(material: Material, figures: Figures, runs: list[Run]) -> Figure:
    middles = [(a + b) / 2 for a, b in zip(BINS, (*BINS[1:], 1.0), strict=True)]
    rows = [
        figures.point(run.set, run.id, x, material.model, "accuracy", run=run.id, bin=name)
        for run in runs
        for x, name in zip(middles, BIN_NAMES, strict=True)
    ]
    return Figure(
        "curves",
        "Accuracy by bin of the label",
        "Even a perfect policy is free to be wrong about a tie; it has no excuse at p near 1.",
        {"rows": rows, "x_axis": "label p", "y_axis": "accuracy", **_UNIT, "reference": 0.5},
    )


def _contrast_table(material: Material, figures: Figures, pairs: list[tuple[Run, Run]]) -> Table:
    return grid(
        figures,
        "Differences between runs, paired by pair and seed",
        "runs",
        [
            Line(
                {"text": f"{run.id} minus {other.id}", "detail": run.set},
                material.model,
                {"run": run.id, "over": other.id},
            )
            for run, other in pairs
        ],
        {
            "accuracy": "accuracy_difference",
            **_thirds("accuracy_difference"),
            "accuracy, over seeds": "accuracy_difference_seeds",
            "accuracy, over both": "accuracy_difference_method",
            "Brier score": "brier_difference",
        },
        [
            "Runs with equal pairs and steps that differ in the loss, or from one on shuffled "
            "labels. The interval over pairs holds for these seeds, that over seeds for these "
            "pairs; losses differ only where the interval over both excludes 0, which one "
            "training does not have."
        ],
    )


def _reliability_figure(material: Material, runs: list[Run]) -> Figure:
    from scipy.special import expit

    rows = []
    for run, own in material.runs():
        h, p, items = both_ways(own)
        for at in reliability_curve(expit(h), p, bins=CURVE_BINS, by=items):
            rows.append(
                {
                    "panel": run.set,
                    "series": run.id,
                    "x": at.predicted,
                    "estimate": at.label.value,
                    "lower": at.label.ci_lo,
                    "upper": at.label.ci_hi,
                    "reason": at.label.reason,
                }
            )
    return Figure(
        "curves",
        "Reliability",
        "Mean label of the pairs to which a policy gives about the same preference. A calibrated "
        "policy lies on the diagonal; a flat line says that its sureness means nothing.",
        {
            "rows": rows,
            "x_axis": "implied preference",
            "y_axis": "label",
            "minimum": 0.0,
            "maximum": 1.0,
            "reference": 0.5,
        },
    )
