"""Made scenarios: a map, traffic that has been running for a while, and the car to be driven."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from pipelines.driving_sim.conflicts import conflicts
from pipelines.driving_sim.families import FAMILIES
from pipelines.driving_sim.flow import STOP_AT, Drivers, Flow, drive, on_map
from pipelines.driving_sim.joining import crossings, joins
from pipelines.driving_sim.levels import rise
from pipelines.driving_sim.outlines import outline
from pipelines.driving_sim.roads import WIDTH, RoadMap
from pipelines.driving_sim.routes import Route, changing, routes
from pipelines.driving_sim.scenario import Piece, Scenario, Way
from schemas.driving_sim.params import STEPS, T0

VERSION = 1
"""Of the recipe: another one makes other scenarios of the same names."""
WARM = 150
"""Steps of traffic before the log begins."""
MOST_CARS = 16
FARTHEST = 15.0
"""Metres that the SDC moves at least after the start."""
RETRIES = 40


@dataclass(frozen=True)
class Made:
    """A candidate: map, cars, and what they did; steps count from the log's first one."""

    roads: RoadMap
    cars: Drivers
    flow: Flow
    valid: npt.NDArray[np.bool_]
    track: npt.NDArray[np.float64]


def scenario(family: str, seed: int, *, scripted: float = 0.1) -> Scenario:
    """The scenario of a family and a number; the same bytes wherever it is made.

    Args:
        family: one of :data:`families.FAMILIES`.
        seed: which one.
        scripted: share of the scenarios in which somebody brakes or cuts in for no reason.

    Raises:
        InputError: no such family, or forty candidates in a row were refused.
    """
    if family not in FAMILIES:
        raise InputError(f"no family {family!r}", hint="one of " + ", ".join(FAMILIES))
    for retry in range(RETRIES):
        rng = _generator(family, seed, retry)
        roads = FAMILIES[family](rng)
        made = _made(roads, _cars(roads, rng))
        able = np.flatnonzero(_fit(made))
        if not len(able):
            continue
        sdc = int(rng.choice(able))
        if rng.random() < scripted:
            made = _made(roads, _scripted(made, sdc, rng))
        if _fit(made)[sdc] and not _overlaps(made):
            return _scenario(made, sdc, f"{family}-{seed}", family, retry)
    raise InputError(f"no scenario {family}-{seed} after {RETRIES} tries", hint="use another seed")


def _generator(family: str, seed: int, retry: int) -> np.random.Generator:
    digest = hashlib.sha256(f"driving_sim\0{VERSION}\0{family}\0{seed}\0{retry}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def _made(roads: RoadMap, cars: Drivers) -> Made:
    whole = drive(roads, cars, WARM + STEPS)
    flow = Flow(whole.s[:, WARM:], whole.v[:, WARM:], whole.light[:, WARM:])
    poses = np.stack([r.poses(s) for r, s in zip(cars.routes, flow.s, strict=True)])
    track = np.concatenate([poses[..., :3], flow.v[..., None]], 2)
    return Made(roads, cars, flow, on_map(flow, cars), track)


def _cars(roads: RoadMap, rng: np.random.Generator) -> Drivers:
    """Up to sixteen cars that do not stand in each other."""
    ways = routes(roads)
    chosen: list[Route] = []
    starts: list[float] = []
    for _ in range(60):
        way = ways[int(rng.integers(len(ways)))]
        free = min(way.enter - 15, way.length - 60)
        s = float(rng.uniform(-70, free))
        same = [t for r, t in zip(chosen, starts, strict=True) if r.lanes[0] == way.lanes[0]]
        if len(chosen) < MOST_CARS and all(abs(s - t) > 14 for t in same):
            chosen.append(way)
            starts.append(s)
    n = len(chosen)
    low, high = np.array([1.0, 1.2, 1.8, 1.8]), np.array([1.8, 2.0, 2.5, 3.0])
    idm = rng.uniform(low, high, (n, 4))
    size = np.stack([rng.uniform(4.2, 5.2, n), rng.uniform(1.8, 2.1, n)], 1)
    places = np.array(starts)
    v = 0.8 * np.array([r.poses(places[k : k + 1])[0, 3] for k, r in enumerate(chosen)])
    return Drivers(tuple(chosen), places, v, size, idm, np.full(n, -1))


def _scripted(made: Made, sdc: int, rng: np.random.Generator) -> Drivers:
    """The same cars, of which the one ahead of the SDC brakes, or one beside it cuts in.

    Where nobody is there to do it, nothing happens.
    """
    cars, s = made.cars, made.flow.s[:, T0]
    route = cars.routes[sdc]
    ahead = route.poses(s[sdc] + np.arange(5.0, 45.0))
    here = made.track[:, T0]
    left = np.array([_beside(made.roads, r) for r in cars.routes])
    moved = here[:, :2] + left[:, None] * np.stack([-np.sin(here[:, 2]), np.cos(here[:, 2])], 1)
    there = made.valid[:, T0] & cars.level[sdc] & (np.arange(len(here)) != sdc)
    in_front = np.flatnonzero(there & (_gap(here[:, :2], ahead) < 1.9))
    beside = np.flatnonzero(there & (left != 0) & (_gap(moved, ahead) < 1.9))
    if len(beside) and (not len(in_front) or rng.random() < 0.5):
        who = int(rng.choice(beside))
        at = float(s[who] + here[who, 3] * rng.uniform(0.2, 1.5))
        changed = changing(cars.routes[who], at, rng.uniform(30, 45), float(left[who]))
        return replace(cars, routes=(*cars.routes[:who], changed, *cars.routes[who + 1 :]))
    brakes = cars.brakes.copy()
    if len(in_front):
        brakes[rng.choice(in_front)] = WARM + int(rng.integers(T0, T0 + 30))
    return replace(cars, brakes=brakes)


def _gap(points: npt.NDArray[np.float64], line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) metres from points to the nearest of a line's."""
    away = points[:, None] - line[None, :, :2]
    nearest: npt.NDArray[np.float64] = np.hypot(away[..., 0], away[..., 1]).min(1)
    return nearest


def _beside(roads: RoadMap, route: Route) -> float:
    """Metres to a neighbouring lane of the same direction, to the left; 0 without one."""
    line = route.line
    for lane in roads.lanes:
        if len(route.lanes) == 1 and lane.line is not line and len(lane.line) >= len(line) // 3:
            gap = lane.line[0] - line[0]
            ahead = line[1] - line[0]
            along = lane.line[1] - lane.line[0]
            if np.hypot(*gap) < WIDTH + 0.5 and float(ahead @ along) > 0:
                side = float(ahead[0] * gap[1] - ahead[1] * gap[0])
                return WIDTH if side > 0 else -WIDTH
    return 0.0


def _fit(made: Made) -> npt.NDArray[np.bool_]:
    """(N,) which cars can be driven: there all the time, moving, past what the place is about."""
    s = made.flow.s
    fit = made.valid.all(1) & (s[:, -1] - s[:, T0] > FARTHEST) & (made.cars.brakes < 0)
    if made.roads.before:
        ahead = np.array([_ahead(made.roads, r) for r in made.cars.routes])
        fit &= (s[:, T0] + made.cars.size[:, 0] / 2 < ahead) & (s[:, -1] > ahead + 5)
    result: npt.NDArray[np.bool_] = fit
    return result


def _ahead(roads: RoadMap, route: Route) -> float:
    """Arc length of what the place is about; infinite where a route does not lead there."""
    if route.lanes[0] not in roads.before or len(route.lanes) < 2:
        return float("inf")
    lane = roads.lanes[route.lanes[0]]
    return float(np.hypot(*np.diff(lane.line, axis=0).T).sum())


def _overlaps(made: Made) -> bool:
    """Whether two cars on the map ever share ground."""
    import shapely

    n = len(made.track)
    one, two = np.triu_indices(n, 1)
    gap = made.track[one, :, :2] - made.track[two, :, :2]
    close = np.hypot(gap[..., 0], gap[..., 1]) < 6.0
    close &= made.valid[one] & made.valid[two] & made.cars.level[one, two, None]
    pair, step = np.nonzero(close)
    if not len(pair):
        return False
    boxes = [
        _polygons(made.track[who[pair], step], made.cars.size[who[pair]]) for who in (one, two)
    ]
    return bool(shapely.intersects(*boxes).any())


def _polygons(pose: npt.NDArray[np.float64], size: npt.NDArray[np.float64]) -> object:
    import shapely

    # As `boxes.corners`, in numpy: a build's workers load no torch.
    ahead = size[:, :1] / 2 * np.array([1, -1, -1, 1])
    left = size[:, 1:] / 2 * np.array([1, 1, -1, -1])
    cos, sin = np.cos(pose[:, 2:3]), np.sin(pose[:, 2:3])
    x, y = pose[:, :1] + ahead * cos - left * sin, pose[:, 1:2] + ahead * sin + left * cos
    polygons: object = shapely.polygons(np.stack([x, y], -1))
    return polygons


def _scenario(made: Made, sdc: int, name: str, family: str, retries: int) -> Scenario:
    """The candidate as a scenario, the SDC first, cars that are never on the map left out."""
    order = [sdc, *(i for i in range(len(made.track)) if i != sdc and made.valid[i].any())]
    cars, flow = made.cars, made.flow
    track = made.track[order]
    heading = np.stack([np.cos(track[..., 2]), np.sin(track[..., 2])], -1)
    chosen = tuple(cars.routes[i] for i in order)
    path = np.stack([r.path(float(s)) for r, s in zip(chosen, flow.s[order, T0], strict=True)])
    enter = np.array([route.enter for route in chosen])
    z = 0.8 + np.array([[route.z] for route in chosen]) + np.zeros(track.shape[:2])
    valid = made.valid[order]
    joined = joins(made.roads, chosen)
    if np.isfinite(joined).any():
        conflict = crossings(joined, chosen, flow.s[order, T0])
    else:
        conflict = conflicts(path, rise(track, z, valid))
    n = len(order)
    return Scenario(
        scenario_id=name,
        family=family,
        source_id=tuple(str(i) for i in order),
        kind=("vehicle",) * n,
        size=np.concatenate([cars.size[order], np.full((n, 1), 1.6)], 1),
        track=track,
        velocity=heading * track[..., 3:],
        z=z,
        valid=valid,
        path=path,
        stop=np.where(made.roads.lights is None, np.inf, enter - STOP_AT - flow.s[order, T0]),
        light=flow.light[order],
        idm=cars.idm[order],
        conflict=conflict,
        edges=tuple(outline(made.roads)),
        lanes=_pieces(made.roads),
        ways=_ways(made.roads, cars.routes[sdc], float(flow.s[sdc, T0])),
        retries=retries,
    )


def _pieces(roads: RoadMap) -> tuple[Piece, ...]:
    before: list[list[int]] = [[] for _ in roads.lanes]
    for number, lane in enumerate(roads.lanes):
        for exit_ in lane.exits:
            before[exit_].append(number)
    return tuple(
        Piece(
            lane.line,
            np.full(len(lane.line), lane.z),
            lane.limit,
            lane.junction,
            tuple(entry),
            lane.exits,
        )
        for lane, entry in zip(roads.lanes, before, strict=True)
    )


def _ways(roads: RoadMap, route: Route, s: float) -> tuple[Way, ...]:
    """Ways that begin on the SDC's lane; its own comes first and is the route."""
    others = [r for r in routes(roads) if r.lanes[0] == route.lanes[0] and r.lanes != route.lanes]
    return tuple(Way(r.lanes, r is route, r.path(s)) for r in (route, *others))
