"""Recordings as scenarios: who is kept, where each would drive, and what it must stop for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.conflicts import conflicts
from pipelines.driving_sim.levels import rise
from pipelines.driving_sim.lines import Floats, even, headings, lengths, read
from pipelines.driving_sim.matching import Lanes
from pipelines.driving_sim.recording import RecordError, Recording, Road, Signal
from pipelines.driving_sim.routes import allowed
from pipelines.driving_sim.scenario import Piece, Scenario, Way, fault
from pipelines.driving_sim.timing import timed
from schemas.driving_sim.params import BEHIND, PATH_POINTS, SPACING, STEPS, T0

FAMILY = "recorded"
MOST = 64
"""Objects of a scenario at most."""
THIN = 2.0
"""Metres between the points of a log that its path runs through; nearer ones are mostly noise."""
STOOD = 1.0
"""Metres of movement below which an object stands for good."""
FASTER, SLOWEST = 1.1, 8.0
"""Highest speed where no limit is known: times the fastest recorded one, m/s of cars at least."""
AT_STOP, AFTER_STOP = 2.5, 8.0
"""Metres from a path to a stop line on it; metres behind it where the path must be on its lane."""
ASSUMED = (
    "paths follow the log, then the straightest lanes",
    "an object that moves less than a metre stands",
)


def scenario_of(found: Recording, *, most: int = MOST) -> Scenario:
    """The scenario of a recording.

    Args:
        found: what a reader gave.
        most: objects that are kept: the driven car, those that the source names, the nearest.

    Raises:
        RecordError: the recording cannot be driven; its code says why in a word.
    """
    found = timed(found)
    if not found.valid[found.sdc, T0]:
        raise RecordError(f"the SDC is not there at step {T0}", code="no_sdc")
    seen = found.valid & np.isfinite(found.track).all(-1) & np.isfinite(found.z)
    if (seen != found.valid).any():
        raise RecordError("a place, heading or speed is not a number", code="not_finite")
    order, dropped = kept(found, most)
    lanes = Lanes(found.lanes)
    numbers = {name: k for k, name in enumerate(sorted(found.lanes))}
    track, valid = found.track[order], found.valid[order]
    kinds = tuple(found.kinds[i] for i in order)
    paths = [_path(track[i], valid[i], kinds[i], lanes) for i in range(len(order))]
    path = np.stack(paths)
    stop, light = _lights(path, found.signals, lanes)
    assumed = [*found.assumed, *ASSUMED]
    if not found.edges:
        assumed.append("no road edges: leaving the road cannot be seen")
    made = Scenario(
        scenario_id=found.name,
        family=FAMILY,
        source_id=tuple(found.ids[i] for i in order),
        kind=kinds,
        size=found.size[order],
        track=track,
        velocity=found.velocity[order],
        z=found.z[order],
        valid=valid,
        path=path,
        stop=stop,
        light=light,
        idm=np.full((len(order), 4), np.nan),
        conflict=_conflicts(path, valid, rise(track, found.z[order], valid)),
        edges=tuple(line for line in found.edges if len(line) > 1),
        lanes=tuple(_piece(found.lanes[name], numbers) for name in numbers),
        ways=_ways(track[0], valid[0], path[0], lanes, numbers),
        assumed=tuple(assumed),
        dropped=dropped,
        segment=found.segment,
    )
    if (why := fault(made)) is not None:
        raise RecordError(why, code="invalid")
    return made


def kept(found: Recording, most: int) -> tuple[list[int], int]:
    """Numbers of the objects that are kept, the driven car first, and how many are not.

    Objects that are never seen are no objects. Of the others those that the source names come
    first, then the nearest to the driven car at the start, then those that come later.
    """
    here = found.track[found.sdc, T0, :2]
    valid = found.valid
    there = [i for i in range(len(valid)) if i != found.sdc and valid[i].any()]

    def rank(i: int) -> tuple[bool, bool, float, int]:
        at = T0 if valid[i, T0] else int(np.argmax(valid[i]))
        away = float(np.hypot(*(found.track[i, at, :2] - here)))
        return i not in found.wanted, not valid[i, T0], away, i

    there.sort(key=rank)
    return [found.sdc, *there[: most - 1]], max(0, len(there) - (most - 1))


def _path(track: Floats, valid: npt.NDArray[np.bool_], kind: str, lanes: Lanes) -> Floats:
    """(176, 4) the path of an object from 4 m behind its place at the start."""
    seen = np.flatnonzero(valid)
    first = T0 if valid[T0] else int(seen[0])
    before = _thin(track[[k for k in seen[::-1] if k <= first], :2])[::-1]
    after = _thin(track[[k for k in seen if k >= first], :2])
    moved = float(lengths(after)[-1] + lengths(before)[-1]) if len(after) + len(before) > 2 else 0.0
    last, yaw = track[seen[-1]], float(track[seen[-1], 2])
    fastest = float(np.abs(track[seen, 3]).max())
    free = max(FASTER * fastest, SLOWEST if kind == "vehicle" else 0.5)
    on = lanes.match(last[:2], yaw) if kind == "vehicle" else []
    line = np.concatenate([before[:-1], after])
    limit = np.full(len(line), np.nan)
    if on:
        limit[:] = _limit(lanes, on[0][0])
        reach = float(PATH_POINTS)
        onward, limits = lanes.onward(line[-1], *on[0], reach)
        line, limit = np.concatenate([line, onward]), np.concatenate([limit, limits])
    if len(line) < 2:
        start = float(track[first, 2])
        line = np.stack([line[0], line[0] + [math.cos(start), math.sin(start)]])
        limit = np.repeat(limit[:1], 2)
    along = lengths(line)
    s = along[len(before) - 1] - BEHIND + SPACING * np.arange(PATH_POINTS, dtype=np.float64)
    points = read(line, s, along)
    pace = np.interp(s, along, np.where(np.isnan(limit), free, limit))
    if moved < STOOD and fastest < STOOD:
        speed = np.zeros(PATH_POINTS)
    else:
        speed = allowed(_smooth(points), pace)
    return np.concatenate([points, headings(points)[:, None], speed[:, None]], 1)


def _limit(lanes: Lanes, lane: int) -> float:
    limit = lanes.roads[lane].limit
    return float("nan") if limit is None else limit


def _thin(points: Floats) -> Floats:
    """The first point, then each that is far enough from the one before it."""
    chosen = [0]
    for k in range(1, len(points)):
        if np.hypot(*(points[k] - points[chosen[-1]])) >= THIN:
            chosen.append(k)
    if chosen[-1] < len(points) - 1 and np.hypot(*(points[-1] - points[chosen[-1]])) >= THIN / 4:
        chosen.append(len(points) - 1)
    return points[chosen]


def _smooth(points: Floats, half: int = 3) -> Floats:
    """Means over seven points, so that noise is not taken for a bend."""
    sums = np.cumsum(np.concatenate([np.zeros((1, 2)), points]), 0)
    k = np.arange(len(points))
    half_here = np.minimum(half, np.minimum(k, len(points) - 1 - k))
    low, high = k - half_here, k + half_here + 1
    result: Floats = (sums[high] - sums[low]) / (high - low)[:, None]
    return result


def _conflicts(path: Floats, valid: npt.NDArray[np.bool_], above: Floats) -> Floats:
    """Crossings of the paths of those who are there at the start and drive."""
    n = len(path)
    found = np.full((n, n, 2), np.inf)
    some = np.flatnonzero(valid[:, T0] & (path[..., 3] > 0).any(1))
    found[np.ix_(some, some)] = conflicts(path[some], above[np.ix_(some, some)])
    return found


def _lights(
    path: Floats, signals: Sequence[Signal], lanes: Lanes
) -> tuple[Floats, npt.NDArray[np.int8]]:
    """(N,) arc length of the first stop line on each path, and (N, 91) its light."""
    stop, light = np.full(len(path), np.inf), np.zeros((len(path), STEPS), np.int8)
    for signal in signals:
        line = lanes.lines.get(signal.lane)
        if line is None:
            continue
        away = np.hypot(*np.moveaxis(path[..., :2] - signal.stop, -1, 0))
        at = away.argmin(1)
        for i in np.flatnonzero(away.min(1) < AT_STOP):
            s = float(at[i]) * SPACING - BEHIND
            behind = path[i, min(at[i] + int(AFTER_STOP), PATH_POINTS - 1), :2]
            follows = np.hypot(*(line - behind).T).min() < AT_STOP / 2
            if follows and 0 < s < stop[i]:
                stop[i], light[i] = s, signal.light
    return stop, light


def _piece(road: Road, numbers: dict[int, int]) -> Piece:
    entry, exit_ = (
        tuple(numbers[n] for n in names if n in numbers) for names in (road.entries, road.exits)
    )
    return Piece(road.line[:, :2], road.line[:, 2], road.limit, road.junction, entry, exit_)


def _ways(
    track: Floats,
    valid: npt.NDArray[np.bool_],
    path: Floats,
    lanes: Lanes,
    numbers: dict[int, int],
) -> tuple[Way, ...]:
    """The log's own way, then those over the map; a way is on the route as far as the log goes."""
    seen = track[T0:][valid[T0:], :3]
    log = lanes.followed(seen)
    own = Way(tuple(numbers[n] for n in log), True, path)
    on = [(lane, s) for lane, s in lanes.match(track[T0, :2], float(track[T0, 2]))]
    start = next(((lane, s) for lane, s in on if log and lane == log[0]), None)
    if start is None:
        return (own,)
    found = [own]
    for names in lanes.ways(*start):
        length = min(len(names), len(log))
        same = list(names[:length]) == log[:length]
        points, limit = lanes.through(track[T0, :2], names, start[1])
        line = even(np.concatenate([track[T0 : T0 + 1, :2], points]), SPACING)
        s = -BEHIND + SPACING * np.arange(PATH_POINTS, dtype=np.float64)
        poses = read(line, s)
        known = np.interp(np.maximum(s, 0), np.arange(len(limit)), limit)
        speed = allowed(_smooth(poses), np.where(np.isnan(known), SLOWEST, known))
        yaw = headings(poses)
        made = np.concatenate([poses, yaw[:, None], speed[:, None]], 1)
        found.append(Way(tuple(numbers[n] for n in names), same, made))
    return tuple(found)
