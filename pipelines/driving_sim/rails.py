"""Paths as rails: the pose at an arc length, and the arc length of a place.

A path is a row of poses one metre apart that begins 4 m before the car's place at
the start; arc length 0 is that place. Between two points place and speed are linear and the heading
takes the short way round.
"""

from __future__ import annotations

import torch

from pipelines.driving_sim.dynamics import cos_sin, wrap
from schemas.driving_sim.params import BEHIND, SPACING

YAW = 2
"""Place of the heading in a pose."""
BACK, AHEAD = 5, 10
"""Metres before and after the last place within which a car is looked for."""


def read(path: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """Poses at arc lengths.

    Args:
        path: (..., P, 4) x, y, yaw, reference speed.
        s: (..., K) arc lengths in m; beyond the ends the end itself is read.

    Returns:
        (..., K, 4).
    """
    first, share = _pieces(path, s)
    one, two = at(path, first), at(path, first + 1)
    x, y, v = (one[..., i] + share * (two[..., i] - one[..., i]) for i in (0, 1, 3))
    yaw = wrap(one[..., 2] + share * wrap(two[..., 2] - one[..., 2]))
    return torch.stack((x, y, yaw, v), -1)


def places(path: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """(..., K, 2) the x and y that :func:`read` gives, to the bit, in half the time."""
    first, share = _pieces(path, s)
    flat = path[..., :2]
    one, two = at(flat, first), at(flat, first + 1)
    return one + share[..., None] * (two - one)


def number(path: torch.Tensor, s: torch.Tensor, k: int) -> torch.Tensor:
    """(..., K) the one number of poses that :func:`read` gives at ``k``, to the bit."""
    first, share = _pieces(path, s)
    one, two = (path[..., k].gather(-1, first + i) for i in (0, 1))
    return wrap(one + share * wrap(two - one)) if k == YAW else one + share * (two - one)


def _pieces(path: torch.Tensor, s: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of the points before arc lengths, and shares of the way to the next."""
    place = ((s + BEHIND) / SPACING).clamp(0, path.shape[-2] - 1)
    first = place.detach().floor().clamp(max=path.shape[-2] - 2).long()
    return first, place - first


def at(path: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Points of a path by number: (..., K, 4) of (..., K) int64."""
    return path.gather(-2, index[..., None].expand(*index.shape, path.shape[-1]))


def project(path: torch.Tensor, points: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Arc lengths of places, looked for round the last ones.

    The search is short so that a path which crosses itself is not left for its other branch.

    Args:
        path: (..., P, 4).
        points: (..., 2).
        last: (...,) arc lengths a step before.

    Returns:
        (...,) arc lengths of the nearest points.
    """
    lowest = ((last + BEHIND) / SPACING).floor().long() - BACK
    window = lowest[..., None] + torch.arange(BACK + AHEAD + 1, device=path.device)
    window = window.clamp(0, path.shape[-2] - 1)
    near = at(path, window)[..., :2]
    a, step = near[..., :-1, :], near[..., 1:, :] - near[..., :-1, :]
    away = points[..., None, :] - a
    square = (step * step).sum(-1)
    share = ((away * step).sum(-1) / torch.where(square > 0, square, 1)).clamp(0, 1)
    off = away - share[..., None] * step
    # A window that meets an end repeats its last point: no segment, and nearest to nothing new.
    distance = torch.where(square > 0, (off * off).sum(-1), torch.inf)
    best = distance.argmin(-1, keepdim=True)
    s = window[..., :-1].gather(-1, best) + share.gather(-1, best)
    return s[..., 0] * SPACING - BEHIND


def pursuit(pose: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Curvature of the arc from a pose through a point (Coulter 1992): 2 y / d^2, 1/m.

    Args:
        pose: (..., 4).
        target: (..., >=2) the point, x and y.

    Returns:
        (...,), 0 where the point is the car's own place.
    """
    dx, dy = target[..., 0] - pose[..., 0], target[..., 1] - pose[..., 1]
    cos, sin = cos_sin(pose[..., 2])
    across = dy * cos - dx * sin
    square = dx * dx + dy * dy
    return torch.where(square > 0, 2 * across / torch.where(square > 0, square, 1), 0)
