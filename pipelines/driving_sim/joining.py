"""Where ways join a lane whose cars go first, and who waits for whom there."""

from __future__ import annotations

import numpy as np

from pipelines.driving_sim.lines import Floats, lengths
from pipelines.driving_sim.roads import RoadMap
from pipelines.driving_sim.routes import Route

EARLIER = 3.0
"""Seconds before the place from which a car that goes first holds it."""


def joins(roads: RoadMap, routes: tuple[Route, ...]) -> Floats:
    """(N, N) arc length on the column's route at which the row's way joins it and yields.

    Minus infinity where the column's car does not go first.
    """
    n = len(routes)
    found = np.full((n, n), -np.inf)
    for i, route in enumerate(routes):
        for lane in roads.lanes[route.way].yields if route.way >= 0 else ():
            for j, other in enumerate(routes):
                if lane in other.lanes:
                    gone = other.lanes[: other.lanes.index(lane) + 1]
                    found[i, j] = sum(float(lengths(roads.lanes[k].line)[-1]) for k in gone)
    return found


def crossings(joined: Floats, routes: tuple[Route, ...], s: Floats) -> Floats:
    """Arc lengths between which pairs of cars cannot both be, as :func:`conflicts.conflicts`.

    Who goes first holds the place from :data:`EARLIER` on: from there it waits for nobody, and who
    joins does not begin to.

    Args:
        joined: as from :func:`joins`.
        routes: of the N cars.
        s: (N,) where they are at the start.

    Returns:
        (N, N, 2) [in, out] on the row's path. Of two that join each other's ways, where both are
        first.
    """
    n = len(routes)
    found = np.full((n, n, 2), np.inf)
    soonest = np.full((n, n), np.inf)
    for i, j in zip(*np.nonzero(np.isfinite(joined)), strict=True):
        at = joined[i, j]
        pace = float(routes[j].poses(np.array([at]))[0, 3])
        mine = np.array([routes[i].enter, routes[i].leave]) - s[i]
        theirs = np.array([at - EARLIER * pace, at]) - s[j]
        both = max(mine[0], theirs[0])
        gone = mine[1] < 0 or theirs[1] < 0
        if i != j and not gone and both < soonest[i, j]:
            soonest[i, j] = soonest[j, i] = both
            found[i, j], found[j, i] = mine, theirs
    return found
