"""Sections on searches: what was reached, at what price, by what setting."""

from __future__ import annotations

import polars as pl

from evaluators.guided_evolution.context import Material, View
from evaluators.guided_evolution.curves import arrivals, best_curves, seconds_curves
from evaluators.guided_evolution.opening import speedup_figure
from measurand.reporting.document import Block, Cell, Figure, Section, Table
from measurand.reporting.methods import methods

MOST = 8
"""Reasons of failures that are listed for a task."""


def reached_section(view: View) -> Section:
    """A table a task: every method's solved count, evaluations, speed-up, best."""
    material, figures = view.found, view.figures
    blocks: list[Block] = [speedup_figure(material, figures)]
    for task in material.params.build.tasks:
        for target, level in material.levels(task.id):
            parts = {"task": task.id, "target": target}
            rows: list[list[Cell]] = [
                [method.id, _count(material, task.id, method.id, target),
                 *(figures.cell(method.id, name, **parts)
                   for name in ("reached", "evaluations", "speedup", "speedup_seconds"))]
                for asked, method in material.methods() if asked.id == task.id
            ]  # fmt: skip
            why = material.targets.filter(task=task.id, target=target)["why"][0]
            columns = ["method", "searches that did", "share", "evaluations", "times fewer",
                       "times faster"]  # fmt: skip
            blocks.append(
                Table(f"{task.id}: reaching {target}, a fitness of {level:.6g} ({why})",
                      columns, rows)
            )  # fmt: skip
    return Section(
        "What was reached",
        tuple(blocks),
        "Evaluations are restricted means: a search that does not arrive counts with its budget.",
    )


def _count(material: Material, task: str, method: str, target: str) -> Cell:
    found = material.reached(task, method, target)["evaluations"]
    return f"{found.is_not_null().sum()} of {len(found)}"


def curve_section(view: View) -> Section:
    """Best so far against evaluations and seconds, and who has not arrived yet."""
    material = view.found
    every = material.params.build.tasks
    best = [row for task in every for row in best_curves(material, task.id, task.budget)]
    timed = [row for task in every for row in seconds_curves(material, task.id)]
    left = [
        row
        for task in every
        for target, _ in material.levels(task.id)[:1]
        for row in arrivals(material, task.id, target, task.budget)
    ]
    return Section(
        "Search by search",
        (
            _curves("Best so far against evaluations", "Median over searches, with quartiles.",
                    best, "evaluations", "best fitness"),
            _curves("Best so far against seconds",
                    "The same against time of the run that made them; oracles have none.",
                    timed, "seconds", "best fitness"),
            _curves("Share of searches that have not reached the main target",
                    "The lower, the sooner.", left, "evaluations", "share", shares=True),
        ),
    )  # fmt: skip


def _curves(
    title: str, how: str, rows: list[dict[str, object]], x: str, y: str, *, shares: bool = False
) -> Figure:
    data: dict[str, object] = {"rows": rows, "x_axis": x, "y_axis": y, "x_scale": "linear"}
    data |= {"minimum": 0, "maximum": 1} if shares else {"own_scale": True}
    return Figure("curves", title, how, data if rows else {"reason": "nothing to draw"})


def price_section(view: View) -> Section | None:
    """From which cost of an evaluation a method pays."""
    material, figures = view.found, view.figures
    rows: list[list[Cell]] = []
    for task, method in material.methods():
        for target, _ in material.levels(task.id)[:1]:
            if method.learns:
                parts = {"task": task.id, "target": target}
                rows.append(
                    [f"{task.id}, {method.id}",
                     *(figures.cell(method.id, name, **parts)
                       for name in ("speedup", "speedup_seconds", "break_even"))]
                )  # fmt: skip
    if not rows:
        return None
    return Section(
        "What it costs",
        (
            Table(
                "Break-even: seconds that one evaluation must take for the method to be as fast as "
                "the baseline",
                ["task and method", "times fewer evaluations", "times faster", "break-even, s"],
                rows,
                ["Where a method saves no evaluations, no cost makes up for its network."],
            ),
        ),
    )


def oracle_section(view: View) -> Section | None:
    """Speed-up against accuracy: oracles, and the network at the accuracy that it had."""
    material, figures = view.found, view.figures
    rows = []
    for task, method in material.methods():
        for target, _ in material.levels(task.id)[:1]:
            x, series = method.accuracy, "oracle"
            if method.learns and method.kind == "pam_rt":
                x = figures.value(method.id, "accuracy", task=task.id, other="parent")
                series = method.id
            if x is not None:
                rows.append(
                    figures.point(task.id, series, round(x, 3), method.id, "speedup",
                                  task=task.id, target=target)
                )  # fmt: skip
    if not any(row["series"] == "oracle" for row in rows):
        return None
    data = {"rows": rows, "x_axis": "share of comparisons with the parent that are right",
            "y_axis": "times fewer evaluations", "x_scale": "linear", "own_scale": True,
            "reference": 1}  # fmt: skip
    return Section(
        "What accuracy would be worth",
        (
            Figure(
                "curves", "Speed-up against the accuracy of whoever judges",
                "Oracles know every fitness and err at will; the network stands where its "
                "probabilities from before the labels put it.", data,
            ),
        ),
        "How much a better discriminator could save, whatever it would cost.",
    )  # fmt: skip


def setting_section(view: View) -> Section:
    """The sweep that made the baseline."""
    rows: list[list[Cell]] = [
        [row["task"], row["population"], row["tournament"], row["seeds"], row["reached"],
         row["mean"], row["best"], "yes" if row["chosen"] else ""]
        for row in view.found.chosen.sort("task", "population", "tournament").iter_rows(named=True)
    ]  # fmt: skip
    columns = ["task", "population", "tournament", "searches", "reached", "mean evaluations",
               "mean best", "chosen"]  # fmt: skip
    return Section(
        "The baseline's settings",
        (
            Table(
                f"Settings of {view.found.model}, on seeds that count nowhere else", columns, rows
            ),
        ),
        "All methods use the chosen setting; what judges and networks need was not tuned.",
    )


def health_section(view: View) -> Section:
    """What was drawn, refused and counted."""
    material, figures = view.found, view.figures
    names = ("duplicates", "invalid", "taken_over", "failed", "judged", "repeated", "miscounted",
             "uncounted", "unreplayed")  # fmt: skip
    rows: list[list[Cell]] = [
        [f"{task.id}, {method.id}",
         *(figures.cell(method.id, name, task=task.id) for name in names)]
        for task, method in material.methods()
    ]  # fmt: skip
    columns = ["task and method", "known proposals", "no programs", "values taken over",
               "failed", "chosen by the judge", "measured twice", "searches miscounted",
               "searches whose calls differ", "searches run again with other rows"]  # fmt: skip
    counts = Table("Shares of proposals, steps and evaluations, and counts that must be 0",
                   columns, rows)  # fmt: skip
    why = failures(material)
    return Section(
        "What was counted",
        (counts, why) if why is not None else (counts,),
        "Calls were counted by another process; times and calls are of one run.",
    )  # fmt: skip


def failures(material: Material) -> Table | None:
    """Why evaluations failed, the commonest reasons of each task first."""
    found = material.steps.filter(pl.col("evaluated"), pl.col("status") == "failed")
    if found.is_empty():
        return None
    counted = found.group_by("task", "failure").len().sort(
        ["task", "len", "failure"], descending=[False, True, False]
    )  # fmt: skip
    shown = counted.group_by("task", maintain_order=True).head(MOST)
    rows: list[list[Cell]] = [[row["task"], row["failure"], row["len"]]
                              for row in shown.iter_rows(named=True)]  # fmt: skip
    return Table(
        f"Evaluations that failed, by reason; at most {MOST} reasons a task",
        ["task", "reason", "evaluations"], rows,
    )  # fmt: skip


def method_section(view: View) -> Section:
    """How figures were made."""
    return Section("Methods", (methods(__file__, view.found.params),), folded=True)
