"""The first screen: does it help to learn from how sure a preference is."""

from __future__ import annotations

from evaluators.soft_labels.context import Material, View
from evaluators.soft_labels.contrasts import contrasted
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import evidence_of, say, size
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.stats.trainings import ONE_TRAINING
from schemas.soft_labels.params import SHUFFLED


def opening(view: View) -> Opening | None:
    """The first contrast of losses, the judge, what was learned at all, and the controls."""
    material, figures = view.found, view.figures
    lines = [
        _contrast(material, figures),
        _judge(material, figures),
        _learned(material, figures),
        _others(material, figures),
    ]
    kept = tuple(line for line in lines if line)
    if not kept:
        return None
    pairs = _contrasts(material)
    named = None if not pairs else {
        "label": f"accuracy of {pairs[0][0]} minus {pairs[0][1]}",
        "model": material.model,
        "metric": "accuracy_difference_method",
        "slice": f"over={pairs[0][1]},run={pairs[0][0]}",
    }  # fmt: skip
    return Opening(kept, _picture(material, figures), named)


def _contrasts(material: Material) -> list[tuple[str, str]]:
    """(run, the run of the loss that its own softens), in the order of the parameters."""
    return [(a.id, b.id) for a, b in contrasted(material) if b.labels != SHUFFLED]


def _contrast(material: Material, figures: Figures) -> str:
    pairs = _contrasts(material)
    if not pairs:
        return ""
    run, over = pairs[0]
    row = figures.get(material.model, "accuracy_difference_method", run=run, over=over)
    if row is None:
        return ""
    ends = say(
        row,
        above="raises accuracy by {size}",
        below="lowers accuracy by {size}",
        unsure="changes accuracy by {size}",
        scope="method",
    )
    seeds = next(one.seeds for one in material.params.train.runs if one.id == run)
    return (
        f"Learning from how sure a preference is ({run}) instead of from who won ({over}) {ends} "
        f"({row['n_clusters']} held-out pairs, {seeds} trainings)."
    )


def _judge(material: Material, figures: Figures) -> str:
    most = material.params.report.max_position_bias
    for row in figures.metrics(material.model, "position_bias"):
        parts = dict(part.split("=", 1) for part in row["slice"].split(","))
        if row["estimate"] is None or len(parts) != 2:
            continue
        right = figures.get(material.model, "judge_accuracy", **parts)
        agrees = f" With the labels it agrees on {size(right)} of pairs." if right else ""
        leans = say(
            row,
            above="leans to the answer that stands first, by {size}",
            below="leans to the answer that stands second, by {size}",
            unsure="leans to the answer that stands first by {size}",
        )
        return (
            f"The judge {parts['judge']} {leans}; {most:g} is allowed, so "
            f"{_may_judge(row, most)}.{agrees}"
        )
    return ""


def _may_judge(bias: StatisticRow, most: float) -> str:
    """The estimate blocks win rates; whether other pairs would, the interval says."""
    assert bias["estimate"] is not None
    beyond = abs(bias["estimate"]) > most
    words = "its win rates are left out" if beyond else "it may judge"
    high, low = evidence_of(bias, most), evidence_of(bias, -most)
    outside, inside = high == "above" or low == "below", (high, low) == ("below", "above")
    sure = outside if beyond else inside
    return words if sure else f"{words}, though other pairs might decide otherwise"


def _learned(material: Material, figures: Figures) -> str:
    """Whether runs learned anything, beside what shuffled labels teach."""
    told, control = [], ""
    for run in material.params.train.runs:
        row = figures.get(material.model, "accuracy", run=run.id)
        if row is None or row["estimate"] is None:
            continue
        if run.labels == SHUFFLED:
            how = "one training" if run.seeds == 1 else f"{run.seeds} trainings"
            control = f"; {run.id}, {how} on shuffled labels, {size(row)}, where chance is one half"
        elif evidence_of(row, 0.5) == "above":
            told.append(f"{run.id} {size(row)}")
    none = (
        f"above one half by their intervals are {', '.join(told)}"
        if told
        else "no interval lies above one half"
    )
    return f"Held-out pairs that are judged rightly: {none}{control}." if told or control else ""


def _others(material: Material, figures: Figures) -> str:
    pairs = _contrasts(material)[1:]
    rows = [
        (f"{run} minus {over}", row)
        for run, over in pairs
        if (row := figures.get(material.model, "accuracy_difference_method", run=run, over=over))
    ]
    if not rows:
        return ""
    told = ", ".join(f"{name} {size(row, '+')}" for name, row in rows)
    if any(evidence_of(row, scope="method") == "one" for _, row in rows):
        told += f" ({ONE_TRAINING} where there is no interval)"
    return f"The other contrasts of losses: {told}."


def _picture(material: Material, figures: Figures) -> Figure:
    rows = [
        figures.dot(run.id, material.model, "accuracy", run=run.id)
        for run in material.params.train.runs
    ]
    rows = [row for row in rows if row["reason"] != "not asked"]
    return Figure(
        "forest",
        "Held-out pairs that a policy judges as people did",
        "Share of pairs, a line a training run, with 95% intervals over pairs. A policy that "
        "learned nothing stands at one half.",
        {"rows": rows, "axis": "share of pairs", "limit": 0.5, "limit_label": "chance"}
        if rows
        else {"reason": "no run was measured"},
    )
