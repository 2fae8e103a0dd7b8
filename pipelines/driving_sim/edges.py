"""How far a point is beyond the edge of the road.

Edges are polylines with the road on their left. The sign of a distance is that of the normal at the
nearest point: of the segment inside it, of the sum of both segments' normals at a vertex that they
share (Baerentzen and Aanaes 2005, in the plane). With a segment's own normal at a vertex, points
beyond a sharp corner get the wrong side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

Floats = npt.NDArray[np.float64]


class Segments(NamedTuple):
    """Segments of road edges, (E, 2) each, or (B, E, 2) of a batch.

    Attributes:
        a: where they begin.
        b: where they end.
        n: unit normals to the left, into the road.
        na: normals at the beginning.
        nb: normals at the end.
    """

    a: Any
    b: Any
    n: Any
    na: Any
    nb: Any


def segments(lines: Sequence[Floats], closed: Sequence[bool]) -> Segments:
    """Segments of polylines.

    Args:
        lines: (P, 2) points each, the road on the left; repeated points are left out.
        closed: whether the last point is joined to the first; it is where it is the first again.

    Returns:
        float64 arrays, of all lines one after another.
    """
    parts = [_of_one(line, ring) for line, ring in zip(lines, closed, strict=True)]
    if not parts:
        return Segments(*(np.zeros((0, 2)) for _ in range(5)))
    return Segments(*(np.concatenate([p[i] for p in parts]) for i in range(5)))


def _of_one(line: Floats, closed: bool) -> Segments:
    again = len(line) > 2 and np.array_equal(line[0], line[-1])
    if closed and not again:
        line = np.concatenate([line, line[:1]])
    line = line[np.concatenate([[True], np.any(np.diff(line, axis=0) != 0, axis=1)])]
    a, b = line[:-1], line[1:]
    step = b - a
    n = np.stack([-step[:, 1], step[:, 0]], 1) / np.hypot(step[:, :1], step[:, 1:])
    before, after = np.roll(n, 1, 0), np.roll(n, -1, 0)
    if not (closed or again) and len(n):
        before[0] = after[-1] = 0
    return Segments(a, b, n, n + before, n + after)


def signed_distance(
    points: torch.Tensor,
    edges: Segments,
    valid: torch.Tensor,
) -> torch.Tensor:
    """Distance to the nearest edge, positive off the road.

    Args:
        points: (B, P, 2), m.
        edges: tensors of (B, E, 2); what stands in places that are not valid is not read.
        valid: (B, E) or (B, P, E) bool, the edges that count.

    Returns:
        (B, P), m; NaN where no edge counts.
    """
    valid = valid[:, None] if valid.dim() == 2 else valid
    # Everything that is not valid is put aside before it is computed with: NaN times 0 is NaN.
    real = valid.any(1)
    # Coordinates apart: sums over two neighbours in memory cost as much as all the rest.
    ax, ay, bx, by = (
        torch.where(real, part[..., k], 0)[:, None] for part in (edges.a, edges.b) for k in (0, 1)
    )
    step_x, step_y = bx - ax, by - ay
    away_x, away_y = points[..., 0, None] - ax, points[..., 1, None] - ay
    length = step_x * step_x + step_y * step_y
    along = away_x * step_x + away_y * step_y
    along = (along / torch.where(length > 0, length, 1)).clamp(0, 1)
    off_x, off_y = away_x - along * step_x, away_y - along * step_y
    near, which = torch.where(valid, off_x * off_x + off_y * off_y, torch.inf).min(-1)
    pick = which[..., None]
    t = along.gather(2, pick)

    def of(part: torch.Tensor) -> torch.Tensor:
        return part.gather(1, pick.expand(*which.shape, 2))

    normal = torch.where(t <= 0, of(edges.na), torch.where(t >= 1, of(edges.nb), of(edges.n)))
    u = torch.cat((off_x.gather(2, pick), off_y.gather(2, pick)), 2)
    outside = (u * normal).sum(-1) < 0
    distance = torch.where(near > 0, torch.sqrt(torch.where(near > 0, near, 1)), 0)
    return torch.where(near == torch.inf, torch.nan, torch.where(outside, distance, -distance))
