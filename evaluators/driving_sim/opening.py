"""The first screen: does a route help, is a driver made for one traffic, what do actions cost?"""

from __future__ import annotations

from evaluators.driving_sim.context import CHOICE, STRAIGHT, Material, View
from measurand.reporting.document import Figure, Opening
from measurand.reporting.evidence import evidence_of, say, size
from measurand.reporting.lookup import Figures
from measurand.results import StatisticRow
from measurand.stats.trainings import ONE_TRAINING
from schemas.driving_sim.params import SWAPPED

REPLAY = "playback"
WORLDS = {"playback": "replayed", "constant": "constant-speed", "idm": "reacting"}
"""How cars move, as an adjective."""
SPACES = {
    "bicycle_discrete": "acceleration and curvature from a list",
    "delta": "displacements",
    "delta_discrete": "displacements from a list",
}


def opening(view: View) -> Opening | None:
    """One sentence a question, the control, and the floor that no driver goes below."""
    material, figures = view.found, view.figures
    made = (
        route_line(material, figures),
        transfer_line(material, figures),
        space_line(material, figures),
        control_line(material, figures),
        floor_line(material, figures),
    )
    lines = tuple(line for line in made if line)
    if not lines:
        return None
    named = None
    for one, other in material.pairs_by("route"):
        named = {
            "label": f"share of drives off the route, {one.name} minus {other.name}",
            "model": one.name,
            "metric": "off_route_difference",
            "slice": f"family={CHOICE},others={first(material)},over={other.name}",
        }
        break
    return Opening(lines, route_figure(material, figures), named)


def first(material: Material) -> str:
    """The world in which drivers are compared: replay where there is one."""
    return REPLAY if REPLAY in material.worlds else material.worlds[0]


def route_line(material: Material, figures: Figures) -> str:
    """By how much less a driver leaves the route when it is told it, family by family."""
    for one, other in material.pairs_by("route"):
        told, rows = [], []
        for family in material.families:
            row = _difference(figures, one.name, other.name, "off_route", material, family)
            if row is not None:
                where = f"{family} (one way only)" if family in STRAIGHT else family
                told.append(f"{where} {size(row, '+')}")
                rows.append(row)
        if told:
            return (
                f"Does a route help? Share of drives off the route, {one.name} minus {other.name}: "
                f"{', '.join(told)}{_scope(rows)}."
            )
    return ""


def transfer_line(material: Material, figures: Figures) -> str:
    """What another world than that of the training costs, free of how hard the worlds are."""
    for one, other in material.policy_pairs():
        row = figures.get(one.name, "transfer_collision", over=other.name)
        rear = figures.get(one.name, "transfer_rear", over=other.name)
        if row is None or rear is None:
            continue
        told = say(
            row,
            above="costs {size} more of the drives a crash",
            below="costs {size} less of the drives a crash",
            unsure="changes the share of crashes by {size}",
            scope="method",
        )
        return (
            f"Is a driver made for one traffic? Driving among other cars than those it learned "
            f"with ({one.name}, {other.name}; {one.reward:g} a metre) {told}; hits from behind "
            f"alone {size(rear, '+')}."
        )
    return ""


def space_line(material: Material, figures: Figures) -> str:
    """Crashes and impossible steps of other action spaces, over the bicycle's."""
    told, rows = [], []
    for one, other in material.pairs_by("space"):
        found = [
            _difference(figures, one.name, other.name, metric, material)
            for metric in ("collision", "infeasible", "ade")
        ]
        if one.shuffled or not one.route or any(row is None for row in found):
            continue
        crash, odd, ade = (row for row in found if row is not None)
        rows += [crash, odd, ade]
        told.append(
            f"{SPACES[one.space]}: crashes {size(crash, '+')}, drives with an impossible step "
            f"{size(odd, '+')}, {size(ade, '+')} m farther from the log"
        )
    if not told:
        return ""
    asked = "What do actions cost, against acceleration and curvature?"
    return f"{asked} {'; '.join(told)}{_scope(rows)}."


def control_line(material: Material, figures: Figures) -> str:
    """Told another way; taught by other examples' actions."""
    world, told = first(material), []
    for name in material.swapped():
        kept = figures.get(name, "kept_told", others=world)
        left = figures.get(name, "left_log", others=world)
        if kept is not None and left is not None:
            told.append(
                f"told another legal way, {name.removesuffix(SWAPPED)} stays on that in "
                f"{size(kept)} of the drives and leaves the log's in {size(left)}"
            )
    for one, other in material.pairs_by("shuffled"):
        row = figures.get(one.name, "ade_ratio", others=world, over=other.name)
        if row is not None:
            told.append(f"taught by shuffled examples it is {size(row)} times as far from the logs")
    return f"Controls: {'; '.join(told)}." if told else ""


def floor_line(material: Material, figures: Figures) -> str:
    """Who follows the log cannot react: what it hits is the world's, not a driver's."""
    told = []
    for others in material.worlds:
        row = figures.get("expert", "collision", others=others)
        if row is not None:
            told.append(f"{size(row)} among {WORLDS[others]} cars")
    if not told:
        return ""
    many = "1 scenario" if (n := material.checks.height) == 1 else f"{n} scenarios"
    return (
        f"The floor: who follows the log crashes in {', '.join(told)} ({many}); "
        "what a driver adds to that is its own."
    )


def route_figure(material: Material, figures: Figures) -> Figure:
    """Off-route with a route minus without, by family and world; transfer below it."""
    rows = []
    for one, other in material.pairs_by("route"):
        for others in material.worlds:
            for family in material.families:
                dot = figures.dot(
                    family, one.name, "off_route_difference",
                    others=others, over=other.name, family=family,
                )  # fmt: skip
                group = f"{one.name} - {other.name}, {WORLDS[others]} cars"
                rows.append({**dot, "group": group})
    return Figure(
        "forest",
        "Does a route help? Share of drives off the route, with it minus without it",
        "By kind of place, on the same scenarios. Left of 0 the driver that is told its route "
        "keeps to it more often; on a curve there is one way, so nothing should show.",
        {"rows": rows, "axis": "difference in the share of drives off the route", "limit": 0,
         "limit_label": "no difference", "around": 0}
        if rows
        else {"reason": "no driver is trained both with and without a route"},
    )  # fmt: skip


def _difference(
    figures: Figures, one: str, other: str, metric: str, material: Material, family: str = ""
) -> StatisticRow | None:
    parts = {"others": first(material), "over": other} | ({"family": family} if family else {})
    return figures.get(one, f"{metric}_difference", **parts)


def _scope(rows: list[StatisticRow]) -> str:
    """What is added where the figures are of one training."""
    alone = any(evidence_of(row, scope="method") == "one" for row in rows)
    return f" ({ONE_TRAINING})" if alone else ""
