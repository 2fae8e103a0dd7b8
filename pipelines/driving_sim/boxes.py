"""Cars as oriented boxes: corners, overlap, and where they were hit."""

from __future__ import annotations

import torch

from pipelines.driving_sim.dynamics import cos_sin


def corners(pose: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """Corners, counter-clockwise from the front left.

    Args:
        pose: (..., >=3) x, y, yaw.
        size: (..., 2) length and width, m.

    Returns:
        (..., 4, 2).
    """
    ahead = size[..., :1] * size.new_tensor([0.5, -0.5, -0.5, 0.5])
    left = size[..., 1:2] * size.new_tensor([0.5, 0.5, -0.5, -0.5])
    cos, sin = cos_sin(pose[..., 2:3])
    return torch.stack(
        (pose[..., :1] + ahead * cos - left * sin, pose[..., 1:2] + ahead * sin + left * cos), -1
    )


def overlap(
    pose: torch.Tensor, size: torch.Tensor, other: torch.Tensor, other_size: torch.Tensor
) -> torch.Tensor:
    """Whether two boxes share more than their border.

    Separating axes (Gottschalk et al. 1996): two rectangles are apart if and only if their
    projections are on one of their four axes. Touching is not overlapping.

    Args:
        pose: (..., >=3) of one.
        size: (..., 2) of one.
        other: (..., >=3) of the other.
        other_size: (..., 2) of the other.

    Returns:
        (...,) bool.
    """
    dx, dy = other[..., 0] - pose[..., 0], other[..., 1] - pose[..., 1]
    turn = other[..., 2] - pose[..., 2]
    cos, sin = (part.abs() for part in cos_sin(turn))
    length, width = size[..., 0] / 2, size[..., 1] / 2
    long, wide = other_size[..., 0] / 2, other_size[..., 1] / 2
    along, across = _own(dx, dy, pose[..., 2])
    back, aside = _own(dx, dy, other[..., 2])
    return (
        (along.abs() < length + long * cos + wide * sin)
        & (across.abs() < width + long * sin + wide * cos)
        & (back.abs() < long + length * cos + width * sin)
        & (aside.abs() < wide + length * sin + width * cos)
    )


def kind(pose: torch.Tensor, size: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Index into ``CONTACTS`` of a contact: (...,) int64.

    The other's centre lies more than a quarter of the length ahead (front), behind (rear), or
    between (side).
    """
    ahead, _ = _own(other[..., 0] - pose[..., 0], other[..., 1] - pose[..., 1], pose[..., 2])
    quarter = size[..., 0] / 4
    return torch.where(ahead > quarter, 0, torch.where(ahead < -quarter, 2, 1))


def _own(
    dx: torch.Tensor, dy: torch.Tensor, yaw: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A displacement in the frame of a heading: forward, to the left."""
    cos, sin = cos_sin(yaw)
    return dx * cos + dy * sin, dy * cos - dx * sin
