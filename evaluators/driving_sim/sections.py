"""Sections on drivers: all of them, routes, controls, traffic, action spaces, traffic's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evaluators.driving_sim.context import CHOICE, View
from evaluators.driving_sim.opening import WORLDS
from measurand.reporting.document import Block, Cell, Figure, Section
from measurand.reporting.grid import Column, Line, grid
from measurand.reporting.lookup import Figures
from schemas.driving_sim.params import PolicySpec

PLANNER = {
    "crash": "collision",
    "hit in front": "front",
    "at the side": "side",
    "from behind": "rear",
    "off road": "off_road",
    "off route": "off_route",
    "wrong way": "wrong_way",
    "impossible step": "infeasible",
    "from the log, m": "ade",
    "progress": "progress",
    "off 1": "progress_error",
    "any failure": "failed",
}
"""Columns of the table of drivers."""


SHOWN = (
    "Would show: the smallest true difference that as many scenarios find in four of five samples, "
    "at a two-sided 5%."
)


def shown(figures: Figures, metric: str, **parts: str) -> Column:
    """A column of the smallest difference of a figure that the sample would show."""

    def cell(line: Line) -> Cell:
        row = figures.get(line.model, metric, **{**line.parts, **parts})
        if row is None:
            return {"value": None, "reason": "not asked"}
        return {"value": row["mde"] or None, "reason": None if row["mde"] else "nothing varied"}

    return cell


def always(value: float | None, reason: str) -> Column:
    """A column that holds one figure beside every line; null with its reason."""

    def cell(line: Line) -> Cell:
        return {"value": value, "reason": reason if value is None else None}

    return cell


def with_shown(figures: Figures, compared: Iterable[tuple[str, str]]) -> list[tuple[str, Column]]:
    """Differences of figures, each with what the sample would show beside it."""
    columns: list[tuple[str, Column]] = []
    for words, metric in compared:
        columns.append((words, f"{metric}_difference"))
        columns.append(("would show", shown(figures, f"{metric}_difference")))
    return columns


def planner_section(view: View) -> Section:
    """Every driver in every world, with what it adds to the floor."""
    material, figures = view.found, view.figures
    blocks: list[Block] = []
    for others in material.worlds:
        floor = figures.value("expert", "collision", others=others)
        lines = [Line(name, name, {"others": others}) for name in material.planners]
        columns: dict[str, Column] = dict(PLANNER)
        columns["floor of the world"] = always(floor, "nobody follows the log")
        columns["crash over the floor"] = ("collision_difference", {"over": "expert"})
        columns["would show"] = shown(figures, "collision_difference", over="expert")
        notes = [
            f"The floor of this world, crashes of who follows the log: "
            f"{'unknown' if floor is None else f'{floor:.3f}'}.",
            "Shares of drives, but metres from the log and progress: way along the route over the "
            "log's, and its distance from 1. A drive goes on after a crash.",
            "From behind: others that cannot react run into who slows down.",
            SHOWN,
        ]
        caption = f"All drivers among {WORLDS[others]} cars"
        blocks.append(grid(figures, caption, "driver", lines, columns, notes, made="collision"))
    return Section("Drivers", tuple(blocks), "The same scenarios for everybody.")


def route_section(view: View) -> Section | None:
    """With a route minus without, by family."""
    material, figures = view.found, view.figures
    blocks: list[Block] = []
    for one, other in material.pairs_by("route"):
        for others in material.worlds:
            lines = [
                Line(words, one.name, parts)
                for words, family in (
                    ("all", ""), ("where there is a choice", CHOICE),
                    *((family, family) for family in material.families),
                )
                for parts in [{"others": others, "over": other.name}
                              | ({"family": family} if family else {})]
            ]  # fmt: skip
            compared = (
                ("off route", "off_route"), ("off road", "off_road"), ("crash", "collision"),
                ("from the log, m", "ade"), ("progress off 1", "progress_error"),
            )  # fmt: skip
            caption = f"{one.name} minus {other.name}, among {WORLDS[others]} cars"
            columns = with_shown(figures, compared)
            blocks.append(grid(figures, caption, "place", lines, columns, [SHOWN]))
    if not blocks:
        return None
    return Section(
        "What a route changes", tuple(blocks), "Left of 0, or below it: the route helps."
    )


def control_section(view: View) -> Section | None:
    """Told another way, taught by shuffled examples, drawn again."""
    material, figures = view.found, view.figures
    blocks: list[Block] = []
    swapped = [
        Line({"text": name, "detail": f"among {WORLDS[others]} cars"}, name, {"others": others})
        for name in material.swapped()
        for others in material.worlds
    ]
    if swapped:
        columns = {"stays on the way it is told": "kept_told", "leaves the log's": "left_log",
                   "off road": "off_road", "crash": "collision"}  # fmt: skip
        blocks.append(
            grid(figures, "Told another legal way, where there is one", "driver", swapped, columns)
        )
    shuffled = [
        Line({"text": one.name, "detail": f"among {WORLDS[others]} cars"}, one.name,
             {"others": others, "over": other.name})
        for one, other in material.pairs_by("shuffled")
        for others in material.worlds
    ]  # fmt: skip
    if shuffled:
        columns = {"times as far from the logs": "ade_ratio"}
        blocks.append(grid(figures, "Taught by shuffled examples", "driver", shuffled, columns))
    drawing = [
        Line({"text": name, "detail": f"among {WORLDS[others]} cars"}, name, {"others": others})
        for name in material.planners
        for others in material.worlds
        if figures.get(name, "failed_icc", others=others)
    ]
    if drawing:
        notes = ["Near 0 a failure is chance, near 1 it is the scenario's."]
        columns = {"one drive for the next": "failed_icc", "any failure": "failed"}
        caption = "Would other draws fail the same scenarios? Intraclass correlation of failures"
        blocks.append(grid(figures, caption, "driver", drawing, columns, notes))
    return Section("Controls", tuple(blocks)) if blocks else None


def transfer_section(view: View) -> Section | None:
    """World of the training by world of the test, and what is left without their difficulty."""
    material, figures = view.found, view.figures
    policies = material.policies()
    if not policies:
        return None
    columns: list[tuple[str, Column]] = [
        (f"{words}, {WORLDS[others]}", (metric, {"others": others}))
        for words, metric in (("crash", "collision"), ("from behind", "rear"), ("way", "progress"))
        for others in material.worlds
    ]
    lines = [
        Line({"text": p.name, "detail": f"learned among {WORLDS[p.others]} cars, {p.steering} "
              f"steering, {p.reward:g} a metre"}, p.name)
        for p in policies
    ]  # fmt: skip
    notes = ["How hard a world is differs: compare columns of a row with the contrast only."]
    caption = "Who learned where, and drove where"
    blocks: list[Block] = [grid(figures, caption, "driver", lines, columns, notes)]
    asked = {"crashes": "collision", "hit from behind": "rear", "any failure": "failed"}
    rows = [
        {**figures.dot(words, one.name, f"transfer_{metric}", over=other.name),
         "group": f"{one.name} and {other.name}"}
        for one, other in material.policy_pairs()
        for words, metric in asked.items()
    ]  # fmt: skip
    if rows:
        data = {"rows": rows, "axis": "share of drives", "limit": 0, "limit_label": "no cost",
                "around": 0}  # fmt: skip
        blocks.append(
            Figure(
                "forest",
                "What driving among other cars than in training costs",
                "Half of (learned reacting, drives replayed - learned and drives replayed) + "
                "(learned replayed, drives reacting - learned and drives reacting): free of how "
                "hard the two worlds are. Right of 0 a driver is made for the traffic it knew."
                + _would_show(figures, material.policy_pairs(), asked),
                data,
            )
        )
    intro = "Does a driver learn to drive, or to drive among these cars?"
    return Section("Learned in one traffic, driven in another", tuple(blocks), intro)


def _would_show(
    figures: Figures, pairs: Iterable[tuple[PolicySpec, PolicySpec]], asked: Mapping[str, str]
) -> str:
    """What the contrasts would show, in a sentence."""
    told = [
        f"{words} {row['mde']:.3f}"
        for one, other in pairs
        for words, metric in asked.items()
        if (row := figures.get(one.name, f"transfer_{metric}", over=other.name)) and row["mde"]
    ]
    return f" {SHOWN.removesuffix('.')}: {', '.join(told)}." if told else ""


def space_section(view: View) -> Section | None:
    """Other action spaces against acceleration and curvature."""
    material, figures = view.found, view.figures
    lines = [
        Line({"text": one.name, "detail": f"{one.space}, among {WORLDS[others]} cars"}, one.name,
             {"others": others, "over": other.name})
        for one, other in material.pairs_by("space")
        for others in material.worlds
    ]  # fmt: skip
    if not lines:
        return None
    compared = (
        ("crash", "collision"), ("off road", "off_road"), ("impossible step", "infeasible"),
        ("share of steps", "infeasible_share"), ("from the log, m", "ade"),
    )  # fmt: skip
    caption, columns = "Minus acceleration and curvature as numbers", with_shown(figures, compared)
    table = grid(figures, caption, "driver", lines, columns, [SHOWN])
    intro = "Drivers that differ in nothing but their actions."
    return Section("Action spaces", (table,), intro)


def agent_section(view: View) -> Section:
    """The other cars, judged as drivers."""
    material, figures = view.found, view.figures
    lines = [Line(f"{WORLDS[w]} ({w})", f"traffic:{w}") for w in material.worlds]
    columns = {
        "overlapped another": "agents_overlap",
        "overlapped the SDC": "agents_overlap_sdc",
        "off road": "agents_off_road",
        "impossible steps": "agents_infeasible",
        "from the log, m": "agents_ade",
    }
    notes = [
        "Cars that are there at the start and move; the SDC follows its log. Shares of cars in a "
        "scenario, then over scenarios; impossible steps: share of steps."
    ]
    table = grid(figures, "How the other cars drive", "traffic", lines, columns, notes)
    return Section("The traffic itself", (table,), "What drivers are measured among.", True)
