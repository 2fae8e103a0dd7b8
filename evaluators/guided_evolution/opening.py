"""The first screen: does asking a discriminator save evaluations, and time?"""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.guided_evolution.context import Material, View
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import evidence_of, size
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from schemas.guided_evolution.params import Method

Found = list[tuple[str, str, StatisticRow]]
"""Task, target and figure."""


def opening(view: View) -> Opening | None:
    """Speed-ups of the main method, what they cost, what it knew, and the controls."""
    material, figures = view.found, view.figures
    method = main_method(material)
    if method is None:
        return None
    speed = _of(material, figures, method.id, "speedup")
    lines = [
        _saves(material, method, speed),
        _time(material, figures, method),
        _knows(material, figures, method),
        _controls(material, figures),
    ]
    kept = tuple(line for line in lines if line)
    if not kept:
        return None
    named = None if not speed else {
        "label": f"evaluations of {material.model} over {method.id}, {speed[0][0]}",
        "model": method.id,
        "metric": "speedup",
        "slice": speed[0][2]["slice"],
    }  # fmt: skip
    return Opening(kept, speedup_figure(material, figures, _main(material, method)), named)


def main_method(material: Material) -> Method | None:
    """The first method that is judged by a network and is no control."""
    learning = [m for m in material.params.build.methods if m.learns and not m.shuffled]
    by_kind = sorted(learning, key=lambda m: m.kind != "pam_rt")
    return by_kind[0] if by_kind else None


def _main(material: Material, method: Method) -> list[str]:
    """The method, the control that cannot know anything, and the judge that knows most."""
    every = material.params.build.methods
    oracles = sorted((m for m in every if m.accuracy), key=lambda m: m.accuracy or 0.0)
    return [method.id, *(m.id for m in every if m.shuffled), *(m.id for m in oracles[-1:])]


def speedup_figure(
    material: Material, figures: Figures, only: Sequence[str] | None = None
) -> Figure:
    """A line a task and method, to the main target; of the methods that are wanted."""
    rows = []
    for task, method in material.methods():
        levels = material.levels(task.id)
        if levels and method.id != material.model and method.kind != "random" and (
            only is None or method.id in only
        ):  # fmt: skip
            dot = figures.dot(method.id, method.id, "speedup", task=task.id, target=levels[0][0])
            rows.append(dot | {"group": f"{task.id}: {levels[0][0]}"})
    return Figure(
        "forest",
        f"How many times fewer evaluations than {material.model} needs",
        "Restricted mean evaluations to the main target, the tuned baseline's over the method's, "
        "paired by seed, with 95% intervals. At 1 nothing is saved.",
        {"rows": rows, "axis": "times fewer", "limit": 1, "limit_label": "as many", "around": 1}
        if rows
        else {"reason": "no method is compared with the baseline"},
    )


def _of(material: Material, figures: Figures, method: str, metric: str) -> Found:
    found = []
    for task in material.params.build.tasks:
        for target, _ in material.levels(task.id)[:1]:
            row = figures.get(method, metric, task=task.id, target=target)
            if row is not None:
                found.append((task.id, target, row))
    return found


def _saves(material: Material, method: Method, speed: Found) -> str:
    if not speed:
        return ""
    more = [(t, row) for t, _, row in speed if evidence_of(row, 1) == "above"]
    less = [(t, row) for t, _, row in speed if evidence_of(row, 1) == "below"]
    none = [t for t, _, row in speed if row["estimate"] is None]
    rest = [
        (t, row) for t, _, row in speed
        if row["estimate"] is not None and evidence_of(row, 1) not in ("above", "below")
    ]  # fmt: skip
    told = [
        f"{words} {', '.join(f'{t} {size(row)}' for t, row in some)}"
        for words, some in (("fewer on", more), ("more on", less), ("undecided on", rest))
        if some
    ]
    if none:
        told.append(f"neither arrives on {', '.join(none)}")
    return (
        f"Does a search that asks a network first ({method.id}) need fewer evaluations than "
        f"{material.model}, which is tuned? Times fewer: {'; '.join(told)}."
    )


def _time(material: Material, figures: Figures, method: Method) -> str:
    found = _of(material, figures, method.id, "speedup_seconds")
    known = [(task, row) for task, _, row in found if row["estimate"] is not None]
    if not known:
        return ""
    told = ", ".join(f"{task} {size(row)}" for task, row in known)
    paid = [
        f"{task} {row['estimate']:.2g} s"
        for task, _, row in _of(material, figures, method.id, "break_even")
        if row["estimate"] is not None
    ]
    price = f" It pays from a cost of an evaluation of: {', '.join(paid)}." if paid else ""
    return f"In seconds of this run, the network's own inside, the same ratio is: {told}.{price}"


def _knows(material: Material, figures: Figures, method: Method) -> str:
    found = []
    for task in material.params.build.tasks:
        row = figures.get(method.id, "accuracy", task=task.id, other="any")
        if row is not None and row["estimate"] is not None:
            found.append(f"{task.id} {size(row)}")
    told = ", ".join(found)
    return (
        f"Before it was told, the network was right about a new program and an earlier one: {told}."
        if found
        else ""
    )


def _controls(material: Material, figures: Figures) -> str:
    shuffled = [m for m in material.params.build.methods if m.shuffled]
    oracles = sorted(
        (m for m in material.params.build.methods if m.accuracy is not None),
        key=lambda m: m.accuracy or 0.0,
    )
    told = [
        _told(material, figures, method, words)
        for method, words in (
            *((m, "with shuffled labels") for m in shuffled[:1]),
            *((m, f"with an oracle that is right in {m.accuracy:.0%}") for m in oracles[-1:]),
        )
    ]
    kept = [line for line in told if line]
    return f"Controls: {'; '.join(kept)}." if kept else ""


def _told(material: Material, figures: Figures, method: Method, words: str) -> str:
    rows: Sequence[tuple[str, str, StatisticRow]] = _of(material, figures, method.id, "speedup")
    known = [f"{task} {size(row)}" for task, _, row in rows if row["estimate"] is not None]
    return f"{words} {', '.join(known)}" if known else ""
