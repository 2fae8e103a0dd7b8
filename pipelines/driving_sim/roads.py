"""Made maps: a bent road, a road with an exit, a junction of three arms, a crossing with lights.

What joins, goes round or crosses above is made in :mod:`interchanges`.

Traffic keeps to the right. Every lane is a line of points half a metre apart that continues in
the lanes of ``exits``; ways through a junction are lanes too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.driving_sim.lines import FINE, Floats, bent, headings, offset, quintic

WIDTH = 3.6
"""Metres of a lane."""
LIMITS = (11.2, 13.4, 15.6)
"""m/s, of which a road gets one."""
RAMP_LIMIT = 12.0
"""m/s at most on a ramp."""
ROAD, ARM = 520.0, 200.0
"""Metres of a road, and from the middle of a junction to the end of an arm."""


@dataclass(frozen=True)
class Lane:
    """A lane.

    Attributes:
        line: (n, 2) its centre.
        limit: m/s.
        exits: numbers of the lanes that follow.
        junction: whether it is a way through a junction.
        arm: arm that it comes from (-1 outside junctions).
        turn: radians that it turns by, to the left.
        yields: numbers of lanes whose cars go first at its end.
        z: height of the road, m.
    """

    line: Floats
    limit: float
    exits: tuple[int, ...] = ()
    junction: bool = False
    arm: int = -1
    turn: float = 0.0
    yields: tuple[int, ...] = ()
    z: float = 0.0


@dataclass(frozen=True)
class Lights:
    """Two phases, each for two arms that face each other.

    Attributes:
        green: seconds of green of each phase.
        start: seconds into the cycle at the beginning.
        yellow: seconds.
        red: seconds in which all is red.
    """

    green: tuple[float, float]
    start: float
    yellow: float = 3.0
    red: float = 1.5

    def at(self, arm: int, seconds: float) -> int:
        """1 red, 2 yellow, 3 green of an arm."""
        lost = self.yellow + self.red
        cycle = sum(self.green) + 2 * lost
        now = (self.start + seconds) % cycle - (arm % 2) * (self.green[0] + lost)
        green = self.green[arm % 2]
        if 0 <= now < green:
            return 3
        return 2 if green <= now < green + self.yellow else 1


@dataclass(frozen=True)
class RoadMap:
    """Lanes, and what stands at them.

    Attributes:
        lanes: the lanes, by number.
        before: lanes that lead to what the place is about: the driven car begins on one of them
            and leaves it; empty where every place is as good as another.
        lights: of the arms, if any.
        entries: lanes on which traffic comes onto the map.
    """

    lanes: tuple[Lane, ...]
    before: tuple[int, ...] = ()
    lights: Lights | None = None
    entries: tuple[int, ...] = ()


def curve(rng: np.random.Generator) -> RoadMap:
    """One or two lanes a side on a winding road; every lane has one exit: none."""
    limit, lanes = float(rng.choice(LIMITS)), int(rng.integers(1, 3))
    middle = winding(rng, most=0.018)
    right = [offset(middle, -(k + 0.5) * WIDTH) for k in range(lanes)]
    left = [offset(middle, (k + 0.5) * WIDTH)[::-1] for k in range(lanes)]
    made = tuple(Lane(line, limit) for line in right + left)
    return RoadMap(made, entries=tuple(range(2 * lanes)))


def fork(rng: np.random.Generator) -> RoadMap:
    """Two lanes one way, the right one with an exit."""
    limit = float(rng.choice(LIMITS))
    middle = winding(rng, most=0.004)
    left, right = offset(middle, WIDTH / 2), offset(middle, -WIDTH / 2)
    at = int(rng.integers(230, 290) / FINE)
    exit_ = ramp(rng, right, at, side=-1)
    lanes = (
        Lane(left, limit),
        Lane(right[: at + 1], limit, exits=(2, 3)),
        Lane(right[at:], limit),
        Lane(exit_, min(limit, RAMP_LIMIT)),
    )
    return RoadMap(lanes, before=(1,), entries=(0, 1))


def tee(rng: np.random.Generator) -> RoadMap:
    """Three arms without lights."""
    return _junction(rng, (0.0, math.pi / 2, math.pi), lights=False)


def cross(rng: np.random.Generator) -> RoadMap:
    """Four arms with lights."""
    return _junction(rng, tuple(k * math.pi / 2 for k in range(4)), lights=True)


def winding(rng: np.random.Generator, most: float) -> Floats:
    """A line whose curvature swings, (n, 2)."""
    s = np.arange(int(ROAD / FINE)) * FINE
    bend = np.zeros_like(s)
    for _ in range(2):
        wave, phase = rng.uniform(90, 260), rng.uniform(0, 2 * math.pi)
        bend += rng.uniform(0, most / 2) * np.sin(2 * math.pi * s / wave + phase)
    return bent(np.zeros(2), float(rng.uniform(-math.pi, math.pi)), bend)


def ramp(rng: np.random.Generator, line: Floats, at: int, *, side: int) -> Floats:
    """A line that leaves another one.

    Args:
        rng: what its angle and reach are drawn from.
        line: (n, 2) what it leaves.
        at: number of the point where it does.
        side: 1 to the left, -1 to the right.
    """
    yaw = float(headings(line)[at])
    angle, reach = rng.uniform(0.25, 0.5), rng.uniform(45, 65)
    pieces = int(reach / FINE)
    # A bend that rises and falls smoothly and turns by the angle in all.
    hump = np.sin(np.pi * (np.arange(pieces) + 0.5) / pieces) ** 2
    bend = side * angle * hump / (hump.sum() * FINE)
    return bent(line[at], yaw, np.concatenate([bend, np.zeros(int(180 / FINE))]))


def arm(rng: np.random.Generator, angle: float, inner: float) -> tuple[Floats, Floats]:
    """Lanes of an arm, (n, 2) each: away from the middle of a junction, and towards it.

    Args:
        rng: what its bend is drawn from.
        angle: heading from the middle.
        inner: metres from the middle at which it begins.
    """
    ahead = np.array([math.cos(angle), math.sin(angle)])
    bend = np.full(int((ARM - inner) / FINE), rng.uniform(-0.002, 0.002))
    middle = bent(inner * ahead, angle, bend)
    return offset(middle, -WIDTH / 2), offset(middle, WIDTH / 2)[::-1]


def _junction(rng: np.random.Generator, angles: tuple[float, ...], *, lights: bool) -> RoadMap:
    """Arms with a lane each way, and a way from every arm to every other."""
    limit = float(rng.choice(LIMITS[:2]))
    base = rng.uniform(-math.pi, math.pi)
    arms = [base + angle + rng.uniform(-0.14, 0.14) for angle in angles]
    inner = rng.uniform(12, 15)
    sides = [arm(rng, angle, inner) for angle in arms]
    out, into = [one for one, _ in sides], [two for _, two in sides]
    n = len(arms)
    ways: list[Lane] = []
    exits: list[list[int]] = [[] for _ in arms]
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            yaw, end_yaw = float(headings(into[i])[-1]), float(headings(out[j])[0])
            line = quintic(into[i][-1], yaw, out[j][0], end_yaw)
            turn = (end_yaw - yaw + math.pi) % (2 * math.pi) - math.pi
            exits[i].append(2 * n + len(ways))
            ways.append(Lane(line, limit, exits=(n + j,), junction=True, arm=i, turn=turn))
    lanes = (
        *(Lane(into[i], limit, exits=tuple(exits[i]), arm=i) for i in range(n)),
        *(Lane(line, limit) for line in out),
        *ways,
    )
    plan = None
    if lights:
        green = (float(rng.uniform(7, 12)), float(rng.uniform(7, 12)))
        plan = Lights(green, start=float(rng.uniform(0, sum(green) + 9)))
    return RoadMap(lanes, before=tuple(range(n)), lights=plan, entries=tuple(range(n)))
