"""Ways over a map: which lanes, where they lie, and how fast one may go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.driving_sim.lines import Floats, bends, even, headings, lengths, read
from pipelines.driving_sim.roads import RoadMap
from schemas.driving_sim.params import BEHIND, PATH_POINTS, SPACING

LATERAL = 2.2
"""m/s^2 sideways in a bend that a driver accepts."""
BRAKING = 1.8
"""m/s^2 with which a driver slows down before a bend."""


@dataclass(frozen=True)
class Route:
    """A way from where the map begins to where it ends.

    Attributes:
        lanes: numbers of its lanes.
        line: (n, 2) points about half a metre apart.
        speed: (n,) m/s at most.
        enter: arc length where the junction begins; infinite without one.
        leave: arc length where it ends.
        way: number of the lane through the junction, -1 without one.
        z: height of its road, m.
    """

    lanes: tuple[int, ...]
    line: Floats
    speed: Floats
    enter: float = float("inf")
    leave: float = float("inf")
    way: int = -1
    z: float = 0.0

    @cached_property
    def along(self) -> Floats:
        """(n,) arc length at every point."""
        return lengths(self.line)

    @cached_property
    def yaw(self) -> Floats:
        """(n,) headings without jumps of a whole turn."""
        yaw: Floats = np.unwrap(headings(self.line)).astype(np.float64)
        return yaw

    @property
    def length(self) -> float:
        """Metres."""
        return float(self.along[-1])

    def poses(self, s: Floats) -> Floats:
        """(k, 4) x, y, yaw and highest speed at arc lengths, straight on beyond both ends."""
        yaw, speed = (np.interp(s, self.along, part) for part in (self.yaw, self.speed))
        return np.concatenate(
            [read(self.line, s, self.along), yaw[:, None], speed[:, None]], axis=1
        )

    def path(self, s: float) -> Floats:
        """(P, 4) the path of a car at arc length ``s``, as a world has it."""
        return self.poses(s - BEHIND + SPACING * np.arange(PATH_POINTS, dtype=np.float64))


def allowed(line: Floats, limit: Floats) -> Floats:
    """(n,) speed that bends and limits allow, with time to slow down before them.

    Args:
        line: (n, 2).
        limit: (n,) m/s.
    """
    sideways = np.sqrt(LATERAL / np.maximum(np.abs(bends(line)), 1e-6))
    speed: Floats = np.minimum(limit, sideways)
    gaps = np.diff(lengths(line))
    for k in range(len(speed) - 2, -1, -1):
        speed[k] = min(speed[k], float(np.sqrt(speed[k + 1] ** 2 + 2 * BRAKING * gaps[k])))
    return speed


def routes(roads: RoadMap) -> tuple[Route, ...]:
    """Every way over a map from each of its entries, in the order of lanes.

    None comes back to an arm that it has left: nobody goes round a ring for ever.
    """
    return tuple(_route(roads, lanes) for entry in roads.entries for lanes in _ways(roads, entry))


def _ways(roads: RoadMap, lane: int, left: frozenset[int] = frozenset()) -> list[tuple[int, ...]]:
    exits, arm = roads.lanes[lane].exits, roads.lanes[lane].arm
    if arm in left:
        return []
    if not exits:
        return [(lane,)]
    found = []
    for exit_ in exits:
        same = arm < 0 or roads.lanes[exit_].arm == arm
        onward = _ways(roads, exit_, left if same else left | {arm})
        found += [(lane, *rest) for rest in onward]
    return found


def _route(roads: RoadMap, lanes: tuple[int, ...]) -> Route:
    parts: list[Floats] = []
    limits: list[Floats] = []
    begins = [0.0]
    for number in lanes:
        lane = roads.lanes[number]
        line = lane.line if not parts else lane.line[1:]
        parts.append(line)
        limits.append(np.full(len(line), lane.limit))
        begins.append(begins[-1] + float(lengths(lane.line)[-1]))
    line = np.concatenate(parts)
    speed, z = allowed(line, np.concatenate(limits)), roads.lanes[lanes[0]].z
    inside = [k for k, number in enumerate(lanes) if roads.lanes[number].junction]
    if not inside:
        return Route(lanes, line, speed, z=z)
    k = inside[0]
    return Route(lanes, line, speed, begins[k], begins[k + 1], lanes[k], z)


def changing(route: Route, at: float, over: float, aside: float) -> Route:
    """The route with a change to the neighbouring lane.

    Args:
        route: the way.
        at: arc length where the change begins.
        over: metres that it takes.
        aside: metres to the left, negative to the right.
    """
    t = np.clip((route.along - at) / over, 0, 1)
    smooth = t**3 * (10 - 15 * t + 6 * t * t)
    left = np.stack([-np.sin(route.yaw), np.cos(route.yaw)], 1)
    line = even(route.line + aside * smooth[:, None] * left)
    speed = np.interp(lengths(line), route.along, route.speed)
    return Route(route.lanes, line, allowed(line, speed), z=route.z)
