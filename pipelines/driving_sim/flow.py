"""Traffic of made scenarios: drivers on rails that take turns at a junction.

The intelligent driver (Treiber, Hennecke and Helbing 2000) follows the nearest car on its way. A
junction is granted: whoever comes near asks, and gets it when no way that comes near the own one is
taken, the light is green, turning left no oncoming car is close, and where lanes have priority
nobody on them is close.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.joining import joins
from pipelines.driving_sim.levels import LEVEL
from pipelines.driving_sim.lines import Floats, lengths
from pipelines.driving_sim.roads import RoadMap
from pipelines.driving_sim.routes import Route
from schemas.driving_sim.params import DT

ASIDE, LOOK, EVERY = 1.9, 72, 2
"""Metres: from the way, along it, from one looked-at point to the next."""
SHARPEST, STRONGEST = -4.0, 2.5
"""m/s^2."""
EASING, PRESSING = -1.2, 0.6
"""m/s^2 by which an acceleration changes in a step."""
CLEAR = 2.6
"""Metres between ways that two cars may drive at once."""
ONCOMING = 5.0
"""Seconds that an oncoming car must be away for a turn to the left."""
LEFT = 0.6
"""Radians of turn from which it is one to the left."""
STOP_AT = 1.0
"""Metres before the junction at which cars stop."""


@dataclass(frozen=True)
class Drivers:
    """N cars and who drives them.

    Attributes:
        routes: their ways.
        s: (N,) arc lengths at the beginning.
        v: (N,) m/s at the beginning.
        size: (N, 2) length and width.
        idm: (N, 4) headway s, acceleration, braking m/s^2, gap m.
        brakes: step at which a car brakes for no reason, per car; -1 never.
    """

    routes: tuple[Route, ...]
    s: Floats
    v: Floats
    size: Floats
    idm: Floats
    brakes: npt.NDArray[np.int64]

    @cached_property
    def level(self) -> npt.NDArray[np.bool_]:
        """(N, N) whether two cars are on roads of one height."""
        z = np.array([route.z for route in self.routes])
        level: npt.NDArray[np.bool_] = np.abs(z[:, None] - z) <= LEVEL
        return level


@dataclass(frozen=True)
class Flow:
    """What happened, by car and step.

    Attributes:
        s: (N, T) arc lengths.
        v: (N, T) m/s.
        light: (N, T) 0 none, 1 red, 2 yellow, 3 green of the own arm.
    """

    s: Floats
    v: Floats
    light: npt.NDArray[np.int8]


def drive(roads: RoadMap, cars: Drivers, steps: int) -> Flow:
    """Let all drive for a number of steps, the first of which is the beginning."""
    n = len(cars.routes)
    table = _Table(cars.routes)
    junction = _Junction(roads, cars)
    s, v, a = cars.s.copy(), cars.v.copy(), np.zeros(n)
    kept_s, kept_v = np.empty((n, steps)), np.empty((n, steps))
    lights = np.zeros((n, steps), np.int8)
    for t in range(steps):
        kept_s[:, t], kept_v[:, t] = s, v
        lights[:, t] = light = junction.lights(t * DT)
        gap, closing = _leader(table, cars, s, v)
        wait = junction.room(s, v, light)
        closing = np.where(wait < gap, v, closing)
        wish = _idm(cars.idm, v, np.minimum(gap, wait), closing, table.speed(s + 0.3 * v))
        a = np.clip(wish, a + EASING, a + PRESSING)
        braking = (cars.brakes >= 0) & (t >= cars.brakes) & (t < cars.brakes + 25)
        a = np.where(braking, SHARPEST, a)
        a = np.maximum(np.clip(a, SHARPEST, STRONGEST), -v / DT)
        s = s + v * DT + a * (DT * DT / 2)
        v = np.maximum(v + a * DT, 0)
    return Flow(kept_s, kept_v, lights)


def _idm(idm: Floats, v: Floats, gap: Floats, closing: Floats, free: Floats) -> Floats:
    headway, a0, b, s0 = idm.T
    wish = s0 + np.maximum(0, v * headway + v * closing / (2 * np.sqrt(a0 * b)))
    result: Floats = a0 * (1 - (v / free) ** 4 - (wish / np.maximum(gap, 0.1)) ** 2)
    return result


class _Table:
    """Ways of all cars at every half metre, so that they are read at once."""

    BEFORE, FINE = 80.0, 0.5

    def __init__(self, routes: tuple[Route, ...]) -> None:
        longest = max(route.length for route in routes)
        s: Floats = np.arange(-self.BEFORE, longest + 120.0, self.FINE, dtype=np.float64)
        self.poses = np.stack([route.poses(s) for route in routes])
        self.ends = np.array([route.length for route in routes])

    def read(self, s: Floats) -> Floats:
        """(N, ..., 4) of (N, ...) arc lengths."""
        place = (s + self.BEFORE) / self.FINE
        first = np.clip(place.astype(np.int64), 0, self.poses.shape[1] - 2)
        share = (place - first)[..., None]
        rows = np.arange(len(s)).reshape(-1, *([1] * (s.ndim - 1)))
        one, two = self.poses[rows, first], self.poses[rows, first + 1]
        result: Floats = one + share * (two - one)
        return result

    def speed(self, s: Floats) -> Floats:
        """(N,) highest speeds."""
        return self.read(s)[:, 3]


def _leader(table: _Table, cars: Drivers, s: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Gap to the nearest car on the own way and how fast it closes, (N,) each."""
    # As `traffic.leader`, in numpy: a build's workers load no torch. Here every car has a way.
    steps = np.arange(0.0, LOOK + 1, EVERY)
    here = table.read(s)
    points = table.read(s[:, None] + steps)
    dx = here[None, None, :, 0] - points[..., 0, None]
    dy = here[None, None, :, 1] - points[..., 1, None]
    on = (dx * dx + dy * dy < ASIDE * ASIDE) & cars.level[:, None]
    on &= (s < table.ends)[None, None]
    on[np.arange(len(s)), :, np.arange(len(s))] = False
    some, first = on.any(1), on.argmax(1)
    rows, columns = np.indices(first.shape)
    yaw = points[rows, first, 2]
    along = dx[rows, first, columns] * np.cos(yaw) + dy[rows, first, columns] * np.sin(yaw)
    half = cars.size[:, 0] / 2
    gaps = np.where(some, steps[first] + along - half[:, None] - half, np.inf)
    nearest = gaps.argmin(1)
    gap = gaps[np.arange(len(s)), nearest]
    facing = np.maximum(0, np.cos(here[nearest, 2] - here[:, 2]))
    return gap, np.where(np.isfinite(gap), v - v[nearest] * facing, 0)


class _Junction:
    """Who may enter: cars that asked, in the order in which they came near."""

    def __init__(self, roads: RoadMap, cars: Drivers) -> None:
        self.roads, self.cars = roads, cars
        ways = [roads.lanes[r.way] if r.way >= 0 else None for r in cars.routes]
        self.arm = np.array([-1 if w is None else w.arm for w in ways])
        self.turn = np.array([0.0 if w is None else w.turn for w in ways])
        self.enter = np.array([r.enter for r in cars.routes])
        self.leave = np.array([r.leave for r in cars.routes])
        self.half = cars.size[:, 0] / 2
        self.waiting: list[int] = []
        self.granted: list[int] = []
        self.first = joins(roads, cars.routes)
        self.near = _near([None if w is None else w.line for w in ways], self.arm)

    def lights(self, seconds: float) -> npt.NDArray[np.int8]:
        """(N,) of the own arm."""
        plan = self.roads.lights
        if plan is None:
            return np.zeros(len(self.arm), np.int8)
        return np.array([0 if arm < 0 else plan.at(int(arm), seconds) for arm in self.arm], np.int8)

    def room(self, s: Floats, v: Floats, light: npt.NDArray[np.int8]) -> Floats:
        """(N,) metres to where a car without a grant must stop; infinite with one."""
        room = self.enter - STOP_AT - (s + self.half)
        before = (s + self.half < self.enter) & np.isfinite(self.enter)
        stoppable = room > v * v / 6
        shut = (light == 1) | ((light == 2) & stoppable)
        self.granted = [
            i
            for i in self.granted
            if s[i] - self.half[i] < self.leave[i] and not (before[i] and shut[i] and stoppable[i])
        ]
        asks = before & (room < v * v / 4 + 15)
        self.waiting = [i for i in self.waiting if asks[i] and i not in self.granted]
        new = [i for i in np.flatnonzero(asks) if i not in self.waiting and i not in self.granted]
        self.waiting += sorted((int(i) for i in new), key=lambda i: (room[i], i))
        for i in tuple(self.waiting):
            taken = any(self.near[i, j] for j in self.granted)
            free = not taken and not self._joined(i, s, v, before)
            if not shut[i] and free and not self._oncoming(i, s, v, light):
                self.granted.append(i)
                self.waiting.remove(i)
        held = before.copy()
        held[self.granted] = False
        return np.where(held, room, np.inf)

    def _oncoming(self, i: int, s: Floats, v: Floats, light: npt.NDArray[np.int8]) -> bool:
        """Whether a car from the opposite arm is close that goes first."""
        if self.turn[i] < LEFT or self.roads.lights is None:
            return False
        opposite = (self.arm == (self.arm[i] + 2) % 4) & (self.turn < LEFT) & (light == 3)
        away = self.enter - s
        soon = (away > 0) & (away < ONCOMING * np.maximum(v, 1))
        return bool((opposite & soon & (v > 0.5)).any())

    def _joined(self, i: int, s: Floats, v: Floats, before: npt.NDArray[np.bool_]) -> bool:
        """Whether a car that goes first is close to where the own way joins its."""
        away = self.first[i] - s
        soon = away - self.half < ONCOMING * np.maximum(v, 1)
        return bool((~before & (away > -self.half) & soon).any())


def _near(ways: list[Floats | None], arm: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(N, N) whether two ways of different arms come closer than two cars need."""
    n = len(ways)
    near = np.zeros((n, n), bool)
    for i, one in enumerate(ways):
        for j, two in enumerate(ways[:i]):
            if one is not None and two is not None and arm[i] != arm[j]:
                gap = one[:, None] - two[None]
                near[i, j] = near[j, i] = bool((np.hypot(gap[..., 0], gap[..., 1]) < CLEAR).any())
    return near


def on_map(flow: Flow, cars: Drivers) -> npt.NDArray[np.bool_]:
    """(N, T) whether a car's centre is on the map."""
    ends = np.array([float(lengths(r.line)[-1]) for r in cars.routes])
    return (flow.s >= 0) & (flow.s <= ends[:, None])
