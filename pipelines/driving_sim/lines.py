"""Lines in the plane as rows of points: curves of a given bend, offsets, turns, even spacing."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FINE = 0.5
"""Metres from one point of a lane to the next."""


def bent(start: Floats, yaw: float, bend: Floats, spacing: float = FINE) -> Floats:
    """The line with a given curvature.

    Args:
        start: (2,) where it begins.
        yaw: heading there.
        bend: (n,) curvature of every piece, 1/m, positive to the left.
        spacing: metres of a piece.

    Returns:
        (n + 1, 2).
    """
    turn = np.concatenate([[0.0], np.cumsum(bend * spacing)])
    heading = yaw + (turn[:-1] + turn[1:]) / 2
    steps: Floats = spacing * np.stack([np.cos(heading), np.sin(heading)], 1)
    line: Floats = start + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, 0)])
    return line


def headings(line: Floats) -> Floats:
    """(n,) heading at every point: of the central difference, of the one piece at the ends."""
    step = np.empty_like(line)
    step[1:-1] = line[2:] - line[:-2]
    step[0], step[-1] = line[1] - line[0], line[-1] - line[-2]
    return np.arctan2(step[:, 1], step[:, 0])


def offset(line: Floats, left: float) -> Floats:
    """The line a distance to the left (negative: to the right)."""
    yaw = headings(line)
    return line + left * np.stack([-np.sin(yaw), np.cos(yaw)], 1)


def quintic(
    start: Floats, yaw: float, end: Floats, end_yaw: float, spacing: float = FINE
) -> Floats:
    """A turn from one pose to another whose curvature is zero at both ends.

    The quintic Hermite curve with no second derivative at its ends; tangents are as long as the
    chord, so that a straight turn has even speed.

    Returns:
        (n, 2) about ``spacing`` apart.
    """
    chord = math.hypot(*(end - start))
    one = chord * np.array([math.cos(yaw), math.sin(yaw)])
    two = chord * np.array([math.cos(end_yaw), math.sin(end_yaw)])
    t = np.linspace(0, 1, 201)[:, None]
    t3, t4, t5 = t**3, t**4, t**5
    curve = (
        (1 - 10 * t3 + 15 * t4 - 6 * t5) * start
        + (t - 6 * t3 + 8 * t4 - 3 * t5) * one
        + (10 * t3 - 15 * t4 + 6 * t5) * end
        + (-4 * t3 + 7 * t4 - 3 * t5) * two
    )
    return even(curve, spacing)


def lengths(line: Floats) -> Floats:
    """(n,) arc length at every point."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])


def even(line: Floats, spacing: float = FINE) -> Floats:
    """The line with points as near to ``spacing`` apart as a whole number of pieces allows."""
    along = lengths(line)
    pieces = max(1, round(float(along[-1]) / spacing))
    return read(line, np.linspace(0, along[-1], pieces + 1), along)


def read(line: Floats, s: Floats, along: Floats | None = None) -> Floats:
    """(k, 2) points at arc lengths, straight on before the beginning and past the end."""
    along = lengths(line) if along is None else along
    inside = np.stack([np.interp(s, along, line[:, i]) for i in (0, 1)], 1)
    first, last = line[1] - line[0], line[-1] - line[-2]
    early = np.minimum(s, 0)[:, None] * first / np.hypot(*first)
    late = np.maximum(s - along[-1], 0)[:, None] * last / np.hypot(*last)
    points: Floats = inside + early + late
    return points


def bends(line: Floats) -> Floats:
    """(n,) curvature at every point, 1/m: turn of the heading over the length, ends as next to."""
    step = np.diff(line, axis=0)
    yaw = np.arctan2(step[:, 1], step[:, 0])
    turn = np.diff(yaw)
    turn -= 2 * np.pi * np.round(turn / (2 * np.pi))
    length = np.hypot(*step.T)
    inner = turn / ((length[1:] + length[:-1]) / 2)
    return np.concatenate([inner[:1], inner, inner[-1:]]) if len(inner) else np.zeros(len(line))
