"""The edges of a road that is made of lanes, with the road on their left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.lines import Floats
from pipelines.driving_sim.roads import WIDTH, RoadMap

MARGIN = 0.25
"""Metres of road beside the outer lanes."""
CLOSING = 0.4
"""Metres: gaps up to twice as wide between lanes are road."""
TOLERANCE = 0.05
"""Metres by which an edge may be simplified."""


def outline(roads: RoadMap) -> list[Floats]:
    """Edges as open lines, (n, 3) each.

    The road is the union of strips along the lanes of one height. Where the map ends there is no
    edge: a car that leaves the map there has not left the road.
    """
    heights = sorted({lane.z for lane in roads.lanes})
    return [
        np.pad(line, ((0, 0), (0, 1)), constant_values=z)
        for z in heights
        for line in _level(roads, z)
    ]


def _level(roads: RoadMap, z: float) -> list[Floats]:
    """Edges of what lies at one height, (n, 2) each."""
    import shapely

    strips = [
        shapely.LineString(lane.line).buffer(WIDTH / 2 + MARGIN, cap_style="flat")
        for lane in roads.lanes
        if lane.z == z
    ]
    road = shapely.union_all(strips).buffer(CLOSING, join_style="mitre")
    road = road.buffer(-CLOSING, join_style="mitre").simplify(TOLERANCE)
    ends = shapely.union_all([shapely.LineString(end) for end in _ends(roads, z)])
    lines: list[Floats] = []
    for ring in rings(road):
        lines += cut(ring, ends)
    return lines


def _ends(roads: RoadMap, z: float) -> Iterable[Floats]:
    """The line across every lane end at which the map ends, (2, 2)."""
    followed = {exit_ for lane in roads.lanes for exit_ in lane.exits}
    for number, lane in enumerate(roads.lanes):
        if lane.z != z:
            continue
        if number not in followed:
            yield across(lane.line[0], lane.line[1] - lane.line[0])
        if not lane.exits:
            yield across(lane.line[-1], lane.line[-1] - lane.line[-2])


def across(point: Floats, ahead: Floats) -> Floats:
    """A line of the road's width across a lane's end, (2, 2)."""
    left = np.array([-ahead[1], ahead[0]]) / np.hypot(*ahead) * (WIDTH / 2 + MARGIN)
    return np.stack([point - left, point + left])


def rings(road: Any) -> Iterable[Floats]:
    """Rings of polygons, outer ones counter-clockwise and holes clockwise, first point once."""
    import shapely

    parts = road.geoms if hasattr(road, "geoms") else [road]
    for part in parts:
        turned = shapely.geometry.polygon.orient(part, 1.0)
        for ring in (turned.exterior, *turned.interiors):
            yield np.asarray(ring.coords)[:-1]


def cut(ring: Floats, ends: Any) -> list[Floats]:
    """What is left of a ring without the pieces that lie across an end of the map."""
    import shapely

    following = np.roll(ring, -1, 0)
    middle = shapely.points((ring + following) / 2)
    return runs(ring, np.asarray(shapely.distance(middle, ends) > 0.5))


def runs(ring: Floats, keep: npt.NDArray[np.bool_]) -> list[Floats]:
    """Lines that are left of a ring: of its pieces, each from a point to the next, some are kept.

    Args:
        ring: (n, 2), the first point once.
        keep: (n,).
    """
    if keep.all():
        return [np.concatenate([ring, ring[:1]])]
    following = np.roll(ring, -1, 0)
    # Begin behind a piece that is left out, so that no line is broken at the ring's first point.
    first = int(np.argmin(keep)) + 1
    order = np.roll(np.arange(len(ring)), -first)
    lines: list[Floats] = []
    run: list[Floats] = []
    for k in order:
        if keep[k]:
            run = run or [ring[k]]
            run.append(following[k])
        elif run:
            lines.append(np.stack(run))
            run = []
    return [*lines, np.stack(run)] if run else lines
