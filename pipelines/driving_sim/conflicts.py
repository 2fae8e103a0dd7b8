"""Where the paths of two cars cross, so that one must let the other go first."""

from __future__ import annotations

import numpy as np

from pipelines.driving_sim.levels import LEVEL
from pipelines.driving_sim.lines import Floats
from schemas.driving_sim.params import BEHIND, SPACING

NEAR = 2.3
"""Metres between two paths that cannot both be driven."""
APART = (0.12, 2.9)
"""Radians between the headings of paths that cross: less is following, more is oncoming."""


def conflicts(paths: Floats, rise: Floats | None = None) -> Floats:
    """Arc lengths between which each path crosses each other one.

    Args:
        paths: (N, P, >=3) x, y, yaw a metre apart, as a world has them.
        rise: (N, N) by how much the column's object is above the row's, m; level if None. What lies
            on different roads does not cross.

    Returns:
        (N, N, 2) [in, out] on the row's path: of its first run of points that lie near the
        column's path at another heading. Infinite where the two do not cross.
    """
    n, points = paths.shape[:2]
    found = np.full((n, n, 2), np.inf)
    level = np.ones((n, n), bool) if rise is None else np.abs(rise) <= LEVEL
    for i in range(n):
        for j in range(n):
            if i != j and level[i, j] and _meet(paths[i], paths[j]):
                run = _first_run(_crosses(paths[i], paths[j]), points)
                if run is not None:
                    found[i, j] = np.array(run) * SPACING - BEHIND
    both = np.isfinite(found[..., 0]) & np.isfinite(found[..., 0].T)
    return np.where(both[..., None], found, np.inf)


def _meet(one: Floats, two: Floats) -> bool:
    """Whether the boxes round two paths come near each other."""
    low, high = one[:, :2].min(0) - NEAR, one[:, :2].max(0) + NEAR
    return bool(np.all(two[:, :2].max(0) >= low) and np.all(two[:, :2].min(0) <= high))


def _crosses(one: Floats, two: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(P,) which points of one path are in the way of the other."""
    dx, dy = (one[:, None, k] - two[None, :, k] for k in (0, 1))
    i, j = np.nonzero(dx * dx + dy * dy < NEAR * NEAR)
    turn = one[i, 2] - two[j, 2]
    turn = np.abs(turn - 2 * np.pi * np.round(turn / (2 * np.pi)))
    crossing = np.zeros(len(one), np.bool_)
    crossing[i[(turn > APART[0]) & (turn < APART[1])]] = True
    return crossing


def _first_run(
    yes: np.ndarray[tuple[int], np.dtype[np.bool_]], points: int
) -> tuple[int, int] | None:
    """First and last number of the first run of True."""
    if not yes.any():
        return None
    first = int(np.argmax(yes))
    rest = yes[first:]
    return first, points - 1 if rest.all() else first + int(np.argmin(rest)) - 1
