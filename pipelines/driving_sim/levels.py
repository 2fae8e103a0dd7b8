"""Roads above each other: by how much things are higher where they come nearest.

Heights are compared where two tracks pass, not at one moment: uphill the car ahead is higher too,
and is on the same road.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.lines import Floats

LEVEL = 4.0
"""Metres of height beyond which something belongs to another road."""
EVERY = 5
"""Steps from one place of a track to the next that is looked at."""

Bools = npt.NDArray[np.bool_]


def rise(track: Floats, z: Floats, valid: Bools) -> Floats:
    """By how much objects are above each other where their logs come nearest.

    Args:
        track: (N, T, >=2) x and y, m.
        z: (N, T) heights, m.
        valid: (N, T); what stands elsewhere is not read.

    Returns:
        (N, N) metres by which the column's object is higher; 0 where one of the two is never there.
    """
    n = len(track)
    found = np.zeros((n, n))
    if not valid.any() or np.ptp(z[valid]) == 0:
        return found
    steps = [_looked_at(there) for there in valid]
    for i in range(n):
        for j in range(i + 1, n):
            if len(steps[i]) and len(steps[j]):
                one, two = (track[k, steps[k], :2] for k in (i, j))
                apart = one[:, None] - two[None]
                a, b = np.divmod(int((apart * apart).sum(-1).argmin()), len(two))
                found[i, j] = z[j, steps[j][b]] - z[i, steps[i][a]]
                found[j, i] = -found[i, j]
    return found


def over(points: Floats, heights: Floats, track: Floats, z: Floats, valid: Bools) -> Floats:
    """By how much points are above a track where it comes nearest.

    Args:
        points: (P, 2) x and y, m.
        heights: (P,) m.
        track: (T, >=2) x and y, m.
        z: (T,) m.
        valid: (T,); somewhere true.

    Returns:
        (P,) m.
    """
    steps = _looked_at(valid)
    if np.ptp(z[steps]) == 0:
        level: Floats = heights - z[steps[0]]
        return level
    gap = points[:, None] - track[None, steps, :2]
    above: Floats = heights - z[steps][(gap * gap).sum(-1).argmin(1)]
    return above


def _looked_at(there: Bools) -> npt.NDArray[np.int64]:
    """Every fifth step of those at which something is there."""
    return np.flatnonzero(there)[::EVERY]
