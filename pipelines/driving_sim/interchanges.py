"""Made maps on which traffic joins, goes round, or crosses on a bridge."""

from __future__ import annotations

import math

import numpy as np

from pipelines.driving_sim.lines import FINE, Floats, bent, headings, offset, quintic
from pipelines.driving_sim.roads import (
    LIMITS,
    RAMP_LIMIT,
    WIDTH,
    Lane,
    RoadMap,
    arm,
    ramp,
    winding,
)

ASIDE = 3.2
"""Metres from the lane that has priority at which a joining one waits."""
BRIDGE = 6.0
"""Metres from a road to the one that crosses above it."""
HALF = 230.0
"""Metres of a road on either side of a bridge."""
SPLAY = 0.5
"""Radians of the ring between the middle of an arm and where its lanes meet the ring."""
APPROACH = 14.0
"""Metres from the ring to where an arm's lanes begin to bend towards it."""


def merge(rng: np.random.Generator) -> RoadMap:
    """Two lanes one way, and a ramp that joins the right one."""
    limit = float(rng.choice(LIMITS))
    # A fork that is driven backwards.
    middle = winding(rng, most=0.004)
    right, left = offset(middle, WIDTH / 2), offset(middle, -WIDTH / 2)
    at = int(rng.integers(230, 290) / FINE)
    slip = ramp(rng, right, at, side=1)[::-1]
    gap = np.hypot(*np.moveaxis(slip[:, None] - right[None], -1, 0)).min(1)
    wait = int(np.argmax(gap < ASIDE))
    slow = min(limit, RAMP_LIMIT)
    lanes = (
        Lane(left[::-1], limit),
        Lane(right[at:][::-1], limit, exits=(4,)),
        Lane(slip[: wait + 1], slow, exits=(3,)),
        Lane(slip[wait:], limit, exits=(4,), junction=True, arm=0, yields=(1,)),
        Lane(right[: at + 1][::-1], limit),
    )
    return RoadMap(lanes, before=(1, 2), entries=(0, 1, 2))


def overpass(rng: np.random.Generator) -> RoadMap:
    """Two roads with a lane each way, one above the other; no way leads from one to the other."""
    yaw = float(rng.uniform(-math.pi, math.pi))
    lanes: list[Lane] = []
    for z, heading in ((0.0, yaw), (BRIDGE, yaw + float(rng.uniform(1.05, 2.09)))):
        limit = float(rng.choice(LIMITS))
        bend = np.full(int(HALF / FINE), rng.uniform(-0.002, 0.002))
        half = len(bend)
        back = bent(np.zeros(2), heading + math.pi, -bend)[::-1]
        middle = np.concatenate([back, bent(np.zeros(2), heading, bend)[1:]])
        for line in (offset(middle, -WIDTH / 2), offset(middle, WIDTH / 2)[::-1]):
            follows = len(lanes) + 1
            lanes.append(Lane(line[: half + 1], limit, exits=(follows,), z=z))
            lanes.append(Lane(line[half:], limit, z=z))
    first = (0, 2, 4, 6)
    return RoadMap(tuple(lanes), before=first, entries=first)


def roundabout(rng: np.random.Generator) -> RoadMap:
    """Three or four arms round a ring of one lane, whose cars go first."""
    limit, n = float(rng.choice(LIMITS[:2])), int(rng.integers(3, 5))
    base, radius = rng.uniform(-math.pi, math.pi), float(rng.uniform(17, 19))
    arms = [base + 2 * math.pi * k / n + rng.uniform(-0.1, 0.1) for k in range(n)]
    sides = [arm(rng, angle, radius + APPROACH) for angle in arms]
    kinds: tuple[list[Lane], ...] = ([], [], [], [], [], [])
    into, out, enter, leave, between, past = kinds
    for k, (angle, (away, towards)) in enumerate(zip(arms, sides, strict=True)):
        after = arms[(k + 1) % n] + (2 * math.pi if k == n - 1 else 0)
        joins, leaves = _ring(radius, angle + SPLAY), _ring(radius, angle - SPLAY)
        turn_in = quintic(
            towards[-1], float(headings(towards)[-1]), joins, angle + SPLAY + math.pi / 2
        )
        wait = int(np.argmax(np.hypot(*turn_in.T) < radius + ASIDE))
        turn_out = quintic(leaves, angle - SPLAY + math.pi / 2, away[0], float(headings(away)[0]))
        number = (k + 1) % n
        line = np.concatenate([towards, turn_in[1 : wait + 1]])
        into.append(Lane(line, limit, exits=(2 * n + k,), arm=k))
        out.append(Lane(away, limit))
        enter.append(
            Lane(turn_in[wait:], limit, (4 * n + k,), junction=True, arm=k, yields=(5 * n + k,))
        )
        leave.append(Lane(turn_out, limit, exits=(n + k,), arm=k))
        ring = _ring(radius, _even(angle + SPLAY, after - SPLAY, radius))
        between.append(Lane(ring, limit, exits=(5 * n + number, 3 * n + number)))
        ring = _ring(radius, _even(angle - SPLAY, angle + SPLAY, radius))
        past.append(Lane(ring, limit, exits=(4 * n + k,), arm=k))
    lanes = tuple(lane for kind in kinds for lane in kind)
    return RoadMap(lanes, before=tuple(range(n)), entries=tuple(range(n)))


def _ring(radius: float, angle: float | Floats) -> Floats:
    """(..., 2) points of a circle round the origin."""
    points: Floats = radius * np.stack([np.cos(angle), np.sin(angle)], -1)
    return points


def _even(start: float, end: float, radius: float) -> Floats:
    """Angles about :data:`FINE` metres apart."""
    return np.linspace(start, end, max(2, round((end - start) * radius / FINE) + 1))
