"""How a car moves in a tenth of a second: along an arc, or by a displacement, and back.

The bicycle is the kinematic one: acceleration and curvature are constant within a step, so that the
centre runs on an arc whose chord is known in closed form. Its ``euler`` form moves along the old
heading instead. A displacement (``delta``) is given in the car's own frame. All functions are
differentiable and work on any leading dimensions.
"""

from __future__ import annotations

import math
from typing import Literal

import torch

from schemas.driving_sim.params import DT

MOST_ACCELERATION = 6.0
"""m/s^2, either way."""
MOST_CURVATURE = 0.3
"""1/m, either way."""
MOST_DELTA = (4.0, 1.0, math.pi / 4)
"""Metres forward, metres to the left, radians, either way, in one step."""
STANDING = 1e-3
"""Metres a step below which a curvature says nothing."""

Form = Literal["arc", "euler"]


def wrap(angle: torch.Tensor) -> torch.Tensor:
    """The same angle within -pi..pi, radians."""
    return angle - 2 * math.pi * torch.round(angle / (2 * math.pi))


def cos_sin(yaw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine, the same bits in whatever tensor an angle stands.

    PyTorch takes another routine for values that do not lie side by side in memory, and a batch of
    one always does.
    """
    yaw = yaw.contiguous()
    return torch.cos(yaw), torch.sin(yaw)


def travelled(v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """Metres in a step from speed ``v`` (m/s) under acceleration ``a`` (m/s^2)."""
    return v * DT + a * (DT * DT / 2)


def possible(v: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """``a`` within the limits, and no stronger than what stops the car in this step."""
    return torch.maximum(a.clamp(-MOST_ACCELERATION, MOST_ACCELERATION), -v / DT)


def bicycle(pose: torch.Tensor, action: torch.Tensor, form: Form = "arc") -> torch.Tensor:
    """Pose after one step of the kinematic bicycle.

    Args:
        pose: (..., 4) x and y in m, yaw in rad counter-clockwise, speed in m/s.
        action: (..., 2) acceleration in m/s^2 and curvature in 1/m, cut to what is possible.
        form: ``arc`` is exact for constant acceleration and curvature.

    Returns:
        (..., 4), yaw within -pi..pi.
    """
    x, y, yaw, v = pose.unbind(-1)
    a = possible(v, action[..., 0])
    kappa = action[..., 1].clamp(-MOST_CURVATURE, MOST_CURVATURE)
    ds = travelled(v, a)
    turn = kappa * ds
    half = turn / 2 if form == "arc" else torch.zeros_like(turn)
    # torch.sinc(z) is sin(pi z) / (pi z), with its derivative at 0.
    chord = ds * torch.sinc((half / math.pi).contiguous())
    cos, sin = cos_sin(yaw + half)
    return torch.stack((x + chord * cos, y + chord * sin, wrap(yaw + turn), v + a * DT), -1)


def bicycle_to(pose: torch.Tensor, target: torch.Tensor, *, feedback: bool = False) -> torch.Tensor:
    """The bicycle's action that leads from a pose to the next one of a track.

    Without ``feedback`` speed and yaw of the target are met and its place is not looked at, so that
    errors of place add up; with it a part of the error of place is taken back in every step.

    Args:
        pose: (..., 4) where the car is.
        target: (..., 4) where it should be a step later.
        feedback: whether the error of place is answered.

    Returns:
        (..., 2) acceleration and curvature.
    """
    x, y, yaw, v = pose.unbind(-1)
    to_x, to_y, to_yaw, to_v = target.unbind(-1)
    dx, dy = to_x - x, to_y - y
    cos, sin = cos_sin(yaw)
    along, across = dx * cos + dy * sin, dy * cos - dx * sin
    a = (to_v - v) / DT
    if feedback:
        a = a + (along - (v + to_v) * (DT / 2))
    a = possible(v, a)
    ds = travelled(v, a)
    turn = wrap(to_yaw - yaw)
    if feedback:
        sideways = (across - ds * turn / 2).clamp(-1, 1)
        turn = turn + 0.3 * sideways * (ds.abs() / 0.3).clamp(max=1)
    moves = ds.abs() > STANDING
    kappa = torch.where(moves, turn / torch.where(moves, ds, 1), 0)
    return torch.stack((a, kappa.clamp(-MOST_CURVATURE, MOST_CURVATURE)), -1)


def delta(pose: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
    """Pose after a displacement in the car's own frame.

    Args:
        pose: (..., 4).
        action: (..., 3) metres forward, metres to the left, radians; cut to :data:`MOST_DELTA`.

    Returns:
        (..., 4); the speed is the displacement's length over the time, negative backwards.
    """
    x, y, yaw, _ = pose.unbind(-1)
    most = action.new_tensor(MOST_DELTA)
    dx, dy, turn = torch.minimum(torch.maximum(action, -most), most).unbind(-1)
    cos, sin = cos_sin(yaw)
    # The gradient of a length at 0 is undefined; the displacement's is wanted there.
    still = (dx == 0) & (dy == 0)
    length = torch.where(still, 0, torch.sqrt(torch.where(still, 1, dx * dx + dy * dy)))
    speed = torch.where(dx < 0, -length, length) / DT
    return torch.stack(
        (x + dx * cos - dy * sin, y + dx * sin + dy * cos, wrap(yaw + turn), speed), -1
    )


def delta_to(pose: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The displacement that leads from a pose to another: (..., 3), not cut."""
    x, y, yaw, _ = pose.unbind(-1)
    dx, dy = target[..., 0] - x, target[..., 1] - y
    cos, sin = cos_sin(yaw)
    return torch.stack((dx * cos + dy * sin, dy * cos - dx * sin, wrap(target[..., 2] - yaw)), -1)


def infeasible(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Whether no bicycle within the limits does this step: (...,) bool of two (..., 4) poses."""
    faster = (after[..., 3] - before[..., 3]).abs() / DT > MOST_ACCELERATION + 1e-3
    ds = (before[..., 3] + after[..., 3]) * (DT / 2)
    turn = wrap(after[..., 2] - before[..., 2]).abs()
    return faster | (turn > MOST_CURVATURE * ds.abs() + 1e-3)
