"""A drive seen from above: a strip of moments, and one picture that moves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.reporting import svg
from measurand.reporting.document import Figure
from measurand.reporting.figures import scenes
from pipelines.driving_sim.levels import LEVEL, rise
from pipelines.driving_sim.scenario import Scenario
from schemas.driving_sim.params import BEHIND, DT, T0

SIDE = 80.0
"""Metres that a picture of a strip is wide."""
MOMENTS = (0, 20, 40, 60, 80)
"""Steps after the start that a strip shows."""
APART = 2.0
"""Metres within which two stop lines are drawn as one."""
LIGHT = ("no light", "red", "yellow", "green")
EVENTS = {
    "collision_step": "collision",
    "off_road_step": "off the road",
    "off_route_step": "off the route",
    "wrong_way_step": "against the traffic",
}
"""What can go wrong, by the column that says when."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Drive:
    """What is shown.

    Attributes:
        scenario: where.
        pose: (81, N, 4) x, y, yaw, speed of every object from the start on.
        valid: (81, N) whether it was there.
        row: what the drive came to, as in ``ROLLOUTS``.
    """

    scenario: Scenario
    pose: Floats
    valid: npt.NDArray[np.bool_]
    row: Mapping[str, Any]


def strip(drive: Drive, title: str, moments: Sequence[int] = MOMENTS) -> Figure:
    """Moments of a drive side by side, the car that is driven in the middle."""
    return Figure(
        "scenes",
        title,
        "From above, the driven car in the middle with a line across its front, its route as a "
        f"band; a picture is {SIDE:g} m wide. A border marks moments after something went wrong.",
        {"rows": [_moment(drive, k) for k in moments]},
    )


def happened(row: Mapping[str, Any], step: int) -> list[str]:
    """What went wrong up to a step (counted from the log's first), in the order of its time."""
    found = sorted(
        (row[column], words) for column, words in EVENTS.items() if row[column] is not None
    )
    return [f"{words} at {(at - T0) * DT:.1f} s" for at, words in found if at <= step]


def words(drive: Drive, k: int) -> str:
    """A moment in words."""
    scenario, pose = drive.scenario, drive.pose[k]
    parts = [f"{pose[0, 3]:.1f} m/s"]
    others = np.flatnonzero(drive.valid[k, 1:] & (np.abs(_rise(scenario)[1:]) <= LEVEL)) + 1
    if len(others):
        away = pose[others, :2] - pose[0, :2]
        near = int(np.hypot(*away.T).argmin())
        cos, sin = math.cos(pose[0, 2]), math.sin(pose[0, 2])
        ahead = float(away[near] @ [cos, sin])
        where = "ahead" if ahead > 2 else "behind" if ahead < -2 else "beside"
        kind = scenario.kind[others[near]]
        parts.append(f"nearest {kind} {np.hypot(*away[near]):.0f} m away, {where}")
    else:
        parts.append("nobody else there")
    light = int(scenario.light[0, T0 + k])
    if light:
        parts.append(f"its light is {LIGHT[light]}")
    return "; ".join([*parts, *happened(drive.row, T0 + k)])


def _rise(scenario: Scenario) -> Floats:
    """(N,) by how much everybody is above the driven car, m."""
    risen: Floats = rise(scenario.track, scenario.z, scenario.valid)[0]
    return risen


def _from_below(scenario: Scenario) -> list[int]:
    """Everybody in the order in which they are drawn."""
    above = _rise(scenario) > LEVEL
    return [*np.flatnonzero(~above)[1:].tolist(), 0, *np.flatnonzero(above).tolist()]


def _moment(drive: Drive, k: int) -> dict[str, Any]:
    middle = drive.pose[k, 0, :2]
    failed = happened(drive.row, T0 + k)
    caption = f"{k * DT:g} s" + (f": {failed[0].split(' at ')[0]}" if failed else "")
    return {
        "caption": caption,
        "words": words(drive, k),
        "side": SIDE,
        "alarm": bool(failed),
        "lines": _lines(drive, middle, k),
        "boxes": _boxes(drive, middle, k),
        "lights": _lights(drive.scenario, middle, T0 + k),
    }


def _lines(drive: Drive, middle: Floats, k: int, reach: float = SIDE / 2) -> list[list[Any]]:
    scenario = drive.scenario
    route = next((way.poses for way in scenario.ways if way.on_route), scenario.path[0])
    found: list[tuple[str, Floats]] = [("lane", lane.line[::4]) for lane in scenario.lanes]
    found.append(("route", route[:, :2]))
    found += [("edge", edge[:, :2]) for edge in scenario.edges]
    found.append(("trail", drive.pose[: k + 1, 0, :2]))
    cut = [(kind, part) for kind, line in found for part in near(line - middle, reach)]
    return [[kind, " ".join(f"{x:.1f},{y:.1f}" for x, y in part)] for kind, part in cut]


def near(line: Floats, reach: float) -> list[Floats]:
    """The parts of a line with a point within a square of twice ``reach``, each one point longer.

    A line whose points are far apart may cross the square between two of them: pieces whose own
    bounding box meets the square are kept.
    """
    if len(line) < 2:
        return []
    low, high = np.minimum(line[:-1], line[1:]), np.maximum(line[:-1], line[1:])
    meets = np.all((low <= reach) & (high >= -reach), axis=1)
    parts, begin = [], None
    for i, yes in enumerate([*meets.tolist(), False]):
        if yes and begin is None:
            begin = i
        elif not yes and begin is not None:
            parts.append(line[begin : i + 1])
            begin = None
    return parts


def _boxes(drive: Drive, middle: Floats, k: int) -> list[list[Any]]:
    """Boxes of everybody there, the driven car on top of all but who is on a road above it."""
    crash, struck = drive.row["collision_step"], drive.row["collision_object"]
    found = []
    for i in _from_below(drive.scenario):
        if not drive.valid[k, i]:
            continue
        x, y, yaw = drive.pose[k, i, :3]
        hit = i == struck and crash is not None and T0 + k >= crash
        kind = "own" if i == 0 else "hit" if hit else "other"
        length, width = drive.scenario.size[i, :2]
        place = [round(float(v), 2) for v in (x - middle[0], y - middle[1], yaw, length, width)]
        if max(abs(place[0]), abs(place[1])) <= SIDE / 2 + 5:
            found.append([kind, *place])
    return found


def stops(scenario: Scenario) -> list[tuple[int, float, float]]:
    """An object and the place of the stop line on its path, one for each place that has a light."""
    found: list[tuple[int, float, float]] = []
    last = scenario.path.shape[1] - 1
    for i in np.flatnonzero((scenario.light > 0).any(1)):
        at = scenario.stop[i] + BEHIND
        if not 0 <= at <= last:  # passed before the start, or none
            continue
        x, y = scenario.path[i, int(at), :2]
        if all(math.hypot(x - u, y - v) > APART for _, u, v in found):
            found.append((int(i), float(x), float(y)))
    return found


def _lights(scenario: Scenario, middle: Floats, step: int) -> list[list[Any]]:
    found = []
    for i, x, y in stops(scenario):
        light = int(scenario.light[i, step])
        place = [round(x - float(middle[0]), 1), round(y - float(middle[1]), 1)]
        if light and max(map(abs, place)) <= SIDE / 2:
            found.append([LIGHT[light], *place])
    return found


PICTURE = 480.0
"""Pixels of the picture that moves."""
EVERY = 2
"""Steps from one of its places to the next; between them it glides."""
_STYLE = """
rect.g{fill:#f4f4f1}path{fill:none}.edge{stroke:#1d2024;stroke-width:1.2}
.lane{stroke:#d8d8d2;stroke-dasharray:4 4}.route{stroke:#7db2e3;stroke-width:6;stroke-opacity:.5}
.own rect{fill:#1f5f99}.other rect{fill:#585e66}.hit rect{fill:#a42a2e}line{stroke:#fff}
.alarm{fill:none;stroke:#a42a2e;stroke-width:6}text{font:14px sans-serif;fill:#1d2024}
"""


def animated(drive: Drive, title: str) -> str:
    """The drive as one SVG that plays once and again at a click.

    Nothing in it is a script, loads anything or leads anywhere; ``desc`` says in words what moves.
    """
    steps = list(range(0, len(drive.pose), EVERY))
    places = np.concatenate([drive.pose[:, 0, :2], drive.scenario.path[0, :40, :2]])
    middle = (places.min(0) + places.max(0)) / 2
    reach = float(np.max(places.max(0) - places.min(0))) / 2 + 15
    scale = PICTURE / (2 * reach)

    def place(point: Sequence[float]) -> tuple[float, float]:
        return PICTURE / 2 + scale * point[0], PICTURE / 2 - scale * point[1]

    parts = [svg.element("rect", width=PICTURE, height=PICTURE, class_="g")]
    for kind, line in _lines(drive, middle, 0, reach):
        if kind != "trail":
            parts.append(svg.path([place(p) for p in scenes.points(line)], kind))
    for i in _from_below(drive.scenario):
        parts.append(_moving(drive, i, steps, middle, reach, scale))
    parts.append(_alarm(drive, steps))
    told = " ".join(f"{k * DT:g} s: {words(drive, k)}." for k in MOMENTS)
    described = (
        svg.element("title", title),
        svg.element("desc", told),
        svg.element("style", _STYLE),
    )
    picture = svg.element(
        "svg", *described, *parts,
        viewBox=f"0 0 {svg.px(PICTURE)} {svg.px(PICTURE)}", width=PICTURE, height=PICTURE,
        role="img", id="film", xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip
    return str(picture) + "\n"


def _moving(
    drive: Drive, i: int, steps: Sequence[int], middle: Floats, reach: float, scale: float
) -> Any:
    """A box that moves; hidden while it is not there, nothing where it never comes in sight."""
    away = drive.pose[steps, i, :2] - middle
    there = drive.valid[steps, i] & (np.abs(away) <= reach + 5).all(1)
    if not there.any():
        return svg.element("g")
    length, width = drive.scenario.size[i, :2]
    kind = "own" if i == 0 else "hit" if i == drive.row["collision_object"] else "other"
    box = scenes.box(kind, 0, 0, 0, float(length), float(width), scale)
    shown = box.replace("scene-", "")
    yaw = np.unwrap(drive.pose[steps, i, 2])
    x, y = PICTURE / 2 + scale * away[:, 0], PICTURE / 2 - scale * away[:, 1]
    first = int(np.argmax(there))
    moves = ";".join(f"{svg.px(u)} {svg.px(v)}" for u, v in zip(x, y, strict=True))
    turns = ";".join(svg.px(-math.degrees(a)) for a in yaw)
    turned = svg.element("g", _change("animateTransform", "transform", turns, type="rotate"), shown)
    parts = [_change("animateTransform", "transform", moves, type="translate"), turned]
    if not there.all():
        seen = ";".join("visible" if yes else "hidden" for yes in there)
        parts.append(_change("animate", "visibility", seen, calcMode="discrete"))
    start = f"translate({svg.px(x[first])} {svg.px(y[first])})"
    return svg.element("g", *parts, transform=start)


def _alarm(drive: Drive, steps: Sequence[int]) -> Any:
    failed = [bool(happened(drive.row, T0 + k)) for k in steps]
    seen = ";".join("visible" if yes else "hidden" for yes in failed)
    return svg.element(
        "rect", _change("animate", "visibility", seen, calcMode="discrete"),
        width=PICTURE, height=PICTURE, class_="alarm", visibility="hidden",
    )  # fmt: skip


def _change(tag: str, attribute: str, values: str, **more: str) -> Any:
    return svg.element(
        tag, attributeName=attribute, values=values, dur="8s", begin="0s;film.click",
        fill="freeze", **more,
    )  # fmt: skip
