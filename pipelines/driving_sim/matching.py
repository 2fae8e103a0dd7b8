"""Where on a recorded map a car is, and where it goes from there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.driving_sim.lines import Floats, even, headings, lengths, read
from pipelines.driving_sim.recording import Road

NEAR = 2.0
"""Metres from a lane's centre within which a car is on it."""
TURNED = math.radians(30)
"""Radians between a car's and its lane's headings at most."""
EASED = 20.0
"""Metres over which a car that is beside a lane's centre comes onto it."""
FAR = 150.0
"""Metres of the ways that the driven car could take."""
MOST_WAYS = 32


class Lanes:
    """The lanes that cars drive on, to be searched."""

    def __init__(self, roads: Mapping[int, Road]) -> None:
        from scipy.spatial import cKDTree

        self.roads = {k: r for k, r in roads.items() if r.cars and _long(r.line)}
        self.lines = {k: even(r.line[:, :2], 1.0) for k, r in self.roads.items()}
        names = sorted(self.lines)
        self.lane = np.concatenate([[k] * len(self.lines[k]) for k in names] or [[]]).astype(int)
        self.s = np.concatenate([lengths(self.lines[k]) for k in names] or [np.zeros(0)])
        self.points = np.concatenate([self.lines[k] for k in names] or [np.zeros((0, 2))])
        self.yaw = np.concatenate([headings(self.lines[k]) for k in names] or [np.zeros(0)])
        self.tree: Any = cKDTree(self.points) if names else None

    def match(self, place: Floats, yaw: float) -> list[tuple[int, float]]:
        """Lanes that a car is on, the nearest first, each with the arc length there."""
        if self.tree is None:
            return []
        best: dict[int, tuple[float, float]] = {}
        for k in self.tree.query_ball_point(place, NEAR):
            turn = abs(math.remainder(self.yaw[k] - yaw, 2 * math.pi))
            away = float(np.hypot(*(self.points[k] - place)))
            lane = int(self.lane[k])
            if turn <= TURNED and (lane not in best or away < best[lane][0]):
                best[lane] = (away, float(self.s[k]))
        order = sorted(best, key=lambda lane: (best[lane][0], lane))
        return [(lane, best[lane][1]) for lane in order]

    def followed(self, track: Floats) -> list[int]:
        """The lanes of a track of (n, 3) x, y, yaw, in its order, none twice in a row.

        A car stays in its lane while it is on it, then takes an exit that it is on, then the
        nearest lane.
        """
        found: list[int] = []
        for x, y, yaw in track:
            on = [lane for lane, _ in self.match(np.array([x, y]), yaw)]
            if not on or (found and found[-1] in on):
                continue
            exits = self.roads[found[-1]].exits if found else ()
            found.append(next((lane for lane in on if lane in exits), on[0]))
        return found

    def straightest(self, lane: int) -> int | None:
        """The exit that turns least; None where there is none."""
        exits = [e for e in self.roads[lane].exits if e in self.lines]
        end = headings(self.lines[lane])[-1]

        def turn(exit_: int) -> float:
            return abs(math.remainder(headings(self.lines[exit_])[-1] - end, 2 * math.pi))

        return min(exits, key=lambda e: (turn(e), e), default=None)

    def onward(self, place: Floats, lane: int, s: float, length: float) -> tuple[Floats, Floats]:
        """(n, 2) points from a place along its lane and the straightest ones after, and limits.

        Limits are (n,) m/s, NaN where none is known.
        """
        names, room = [lane], lengths(self.lines[lane])[-1] - s
        while room < length and (after := self.straightest(names[-1])) is not None:
            names.append(after)
            room += max(float(lengths(self.lines[after])[-1]), 0.5)
        return self.through(place, names, s)

    def through(self, place: Floats, names: Sequence[int], s: float) -> tuple[Floats, Floats]:
        """The same along given lanes, from an arc length on the first of them."""
        parts = [self.lines[names[0]], *(self.lines[n][1:] for n in names[1:])]
        line = np.concatenate(parts)
        limits = [self.roads[n].limit for n in names]
        each = [
            np.full(len(p), np.nan if v is None else v) for p, v in zip(parts, limits, strict=True)
        ]
        along = lengths(line)
        steps = np.arange(s + 1.0, max(along[-1], s + 2.0), 1.0)
        centre = read(line, steps, along)
        here = read(line, np.array([s]), along)[0]
        t = np.clip((steps - s) / EASED, 0, 1)
        eased = 1 - t**3 * (10 - 15 * t + 6 * t * t)
        limit = np.concatenate(each)[np.clip(np.searchsorted(along, steps), 0, len(line) - 1)]
        return centre + eased[:, None] * (place - here), limit

    def ways(self, lane: int, s: float) -> list[tuple[int, ...]]:
        """Ways over exits from a place on a lane, depth first, each to :data:`FAR` or its end."""
        found: list[tuple[int, ...]] = []
        length = {k: float(lengths(line)[-1]) for k, line in self.lines.items()}
        open_: list[tuple[tuple[int, ...], float]] = [((lane,), length[lane] - s)]
        while open_ and len(found) < MOST_WAYS:
            names, room = open_.pop()
            exits = [e for e in self.roads[names[-1]].exits if e in self.lines and e not in names]
            if room >= FAR or not exits:
                found.append(names)
                continue
            open_ += [((*names, e), room + length[e]) for e in sorted(exits, reverse=True)]
        return found


def _long(line: Floats) -> bool:
    return len(line) > 1 and bool(np.isfinite(line).all()) and float(lengths(line[:, :2])[-1]) > 0.5
