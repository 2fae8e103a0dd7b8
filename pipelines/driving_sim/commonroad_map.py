"""CommonRoad's maps: lanelets, their outline, signs and lights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.lines import Floats
from pipelines.driving_sim.outlines import cut, rings
from pipelines.driving_sim.recording import RecordError, Road, Signal

LIGHT = {"red": 1, "redYellow": 1, "yellow": 2, "green": 3}
WALKS = ("sidewalk", "crosswalk", "bicycleLane")
"""Types of lanelets on which no cars drive."""
LIMIT = ("274", "R2-1")
"""Traffic signs of a speed limit; their value is in m/s."""
POINTS = 20
"""Points of a centre line at least."""
CLOSING = 0.3
"""Metres: gaps up to twice as wide between lanelets are road."""


def number(text: str | None, what: str) -> float:
    """A number of the file.

    Raises:
        RecordError: it is none.
    """
    try:
        return float(text if text is not None else "")
    except ValueError as error:
        raise RecordError(f"{what}: {text!r} is no number", code="not_finite") from error


def xy(el: Any, axis: str) -> float:
    """One coordinate of a point."""
    return number(el.findtext(axis), axis)


def points(el: Any) -> Floats:
    """(n, 3) points below an element, on flat ground."""
    found = [(xy(p, "x"), xy(p, "y"), 0.0) for p in el.findall("point")]
    if len(found) < 2 or not np.isfinite(found).all():
        raise RecordError(f"<{el.tag}> is no line", code="bad_map")
    return np.array(found, np.float64)


def _bounds(el: Any) -> tuple[Floats, Floats]:
    sides = [el.find(name) for name in ("leftBound", "rightBound")]
    if None in sides:
        raise RecordError(f"lanelet {el.get('id')} lacks a side", code="bad_map")
    left, right = (_even(points(side)) for side in sides)
    return left, right


def _even(line: Floats) -> Floats:
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line[:, :2], axis=0).T))])
    at = np.linspace(0, along[-1], max(POINTS, len(line)))
    return np.stack([np.interp(at, along, line[:, i]) for i in range(3)], 1)


def _refs(el: Any, name: str) -> tuple[int, ...]:
    try:
        return tuple(int(part.get("ref")) for part in el.findall(name))
    except (TypeError, ValueError) as error:
        raise RecordError(f"a <{name}> without a number", code="bad_map") from error


def lanes_of(root: Any) -> dict[int, Road]:
    """Lanelets by number; a limit is the lowest of their signs."""
    limits = {}
    for sign in root.findall("trafficSign"):
        for part in sign.findall("trafficSignElement"):
            value = part.findtext("additionalValue")
            if part.findtext("trafficSignID") in LIMIT and value is not None:
                limits[sign.get("id")] = number(value, "speed limit")
    inside: set[int] = set()
    for incoming in root.findall("intersection/incoming"):
        for name in ("successorsRight", "successorsStraight", "successorsLeft"):
            inside.update(_refs(incoming, name))
    lanes = {}
    for el in root.findall("lanelet"):
        left, right = _bounds(el)
        count = min(len(left), len(right))
        pick = [np.linspace(0, len(side) - 1, count).round().astype(int) for side in (left, right)]
        line = (left[pick[0]] + right[pick[1]]) / 2
        own = [limits[s.get("ref")] for s in el.findall("trafficSignRef") if s.get("ref") in limits]
        kinds = {(part.text or "").strip() for part in el.findall("laneletType")}
        key = _number_of(el)
        lanes[key] = Road(
            line, min(own, default=None), key in inside or "intersection" in kinds,
            _refs(el, "predecessor"), _refs(el, "successor"), not kinds & set(WALKS),
        )  # fmt: skip
    return lanes


def _number_of(el: Any) -> int:
    try:
        return int(el.get("id"))
    except (TypeError, ValueError) as error:
        raise RecordError(f"a <{el.tag}> without a number", code="bad_map") from error


def edges_of(root: Any, lanes: dict[int, Road]) -> Iterable[Floats]:
    """Outlines of what the lanelets of cars cover, open where the map ends."""
    import shapely

    strips, ends = [], []
    names = set(lanes)
    for el in root.findall("lanelet"):
        road = lanes[_number_of(el)]
        if not road.cars:
            continue
        left, right = (side[:, :2] for side in _bounds(el))
        strips.append(shapely.make_valid(shapely.Polygon(np.concatenate([right, left[::-1]]))))
        if not set(road.entries) & names:
            ends.append(shapely.LineString([left[0], right[0]]))
        if not set(road.exits) & names:
            ends.append(shapely.LineString([left[-1], right[-1]]))
    if not strips:
        return
    road_ = shapely.union_all(strips).buffer(CLOSING, join_style="mitre")
    road_ = road_.buffer(-CLOSING, join_style="mitre").simplify(0.05)
    for ring in rings(road_):
        lines = cut(ring, shapely.union_all(ends)) if ends else [np.concatenate([ring, ring[:1]])]
        for line in lines:
            yield np.pad(line, ((0, 0), (0, 1)))


def signals_of(root: Any, lanes: dict[int, Road], seconds: Floats) -> tuple[Signal, ...]:
    """Lights that run through their cycle, at the stop line or the end of their lanelets."""
    cycles = {}
    for el in root.findall("trafficLight"):
        parts = [
            (number(p.findtext("duration"), "duration"), LIGHT.get(p.findtext("color", ""), 0))
            for p in el.findall("cycle/cycleElement")
        ]
        start = number(el.findtext("cycle/timeOffset") or "0", "timeOffset")
        if parts and el.findtext("active", "true").strip() != "false":
            cycles[el.get("id")] = (parts, start)
    found = []
    for el in root.findall("lanelet"):
        refs = [p.get("ref") for p in el.findall("trafficLightRef")]
        cycle = next((cycles[r] for r in refs if r in cycles), None)
        if cycle is None:
            continue
        name = _number_of(el)
        line = el.find("stopLine")
        whole = line is not None and len(line.findall("point")) == 2
        at = points(line).mean(0) if whole else lanes[name].line[-1]
        steps = np.arange(len(seconds))
        found.append(Signal(name, (float(at[0]), float(at[1])), _cycle(*cycle, steps)))
    return tuple(found)


def _cycle(
    parts: Sequence[tuple[float, int]], start: float, steps: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """(T,) of a cycle whose durations are steps of the file."""
    ends = np.cumsum([duration for duration, _ in parts])
    if not ends[-1] > 0:
        return np.zeros(len(steps), np.int8)
    at = (steps - start) % ends[-1]
    which = np.minimum(np.searchsorted(ends, at, side="right"), len(parts) - 1)
    light: npt.NDArray[np.int8] = np.array([light for _, light in parts], np.int8)[which]
    return light
