"""Recordings of CommonRoad: XML of the versions 2018b and 2020a.

The elements are those of the published specification. Licences differ from file to file and stand
in none. Entities and document types are refused before anything of them is read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim.argoverse import OTHER, SIZE
from pipelines.driving_sim.commonroad_map import (
    edges_of,
    lanes_of,
    number,
    points,
    signals_of,
    xy,
)
from pipelines.driving_sim.lines import Floats
from pipelines.driving_sim.recording import RecordError, Recording
from pipelines.driving_sim.timing import clock
from schemas.driving_sim.params import DT, T0

SOURCE = "CommonRoad"
VERSIONS = ("2018b", "2020a")
KIND = {
    "car": "vehicle", "truck": "vehicle", "bus": "vehicle", "motorcycle": "vehicle",
    "taxi": "vehicle", "priorityVehicle": "vehicle", "parkedVehicle": "vehicle",
    "pedestrian": "pedestrian", "bicycle": "cyclist",
}  # fmt: skip
HEIGHT = 1.6
LONGEST = 100_000
"""Moments of a trajectory beyond which a number is taken for damage."""
ASSUMED = (
    "the file names no driven car: the car that goes farthest is taken",
    "places are the centres of the boxes",
    "heights are those usual for the kind of object",
    "the ground is flat",
    "the road is what its lanelets cover",
)


def recording(path: Path) -> Recording:
    """The recording of a file.

    Raises:
        RecordError: the file cannot be read, is of another version, or holds no driven car.
    """
    root = _root(path)
    step = number(root.get("timeStepSize"), "timeStepSize")
    if not 0 < step <= 10:
        raise RecordError(f"timeStepSize {step:g}", code="time")
    name = root.get("benchmarkID") or path.stem
    # Version 2018b has one element for both, with its role inside.
    found = [
        _object(el, (el.findtext("role") or el.tag).strip().startswith("dynamic"))
        for tag in ("dynamicObstacle", "staticObstacle", "obstacle")
        for el in root.findall(tag)
    ]
    if not found:
        raise RecordError("no obstacle that could be driven", code="no_sdc")
    moments = max(int(one.times[-1]) for one in found) + 1
    n = len(found)
    track, valid = np.zeros((n, moments, 4)), np.zeros((n, moments), bool)
    for i, one in enumerate(found):
        if one.moves:
            track[i, one.times], valid[i, one.times] = one.poses, True
        else:
            track[i], valid[i] = one.poses[0], True
    now = round(T0 * DT / step)
    if moments <= now:
        raise RecordError(f"{moments * step:g} s are no second and a start", code="short")
    heading = np.stack([np.cos(track[..., 2]), np.sin(track[..., 2])], -1)
    lanes = lanes_of(root)
    seconds = clock(moments, step)
    assumed = [*ASSUMED, *sorted({word for one in found for word in one.assumed})]
    return Recording(
        name=name,
        # Files of one place are named alike up to the first underscore: DEU_Muc-28_1_T-1.
        segment="_".join(name.split("_")[:2]),
        seconds=seconds,
        now=now,
        ids=tuple(one.name for one in found),
        kinds=tuple(KIND.get(one.kind, "other") for one in found),
        size=np.array([one.size for one in found]),
        track=track,
        velocity=heading * track[..., 3:],
        z=np.zeros((n, moments)),
        valid=valid,
        sdc=_driven(found, track, valid, now),
        wanted=(),
        lanes=lanes,
        edges=tuple(edges_of(root, lanes)),
        signals=signals_of(root, lanes, seconds),
        assumed=tuple(assumed),
    )


def _root(path: Path) -> Any:
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import parse

    try:
        root = parse(path, forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        raise RecordError(
            f"{type(error).__name__}: no entities or types", code="xml_bomb"
        ) from error
    except (ParseError, ValueError, OSError, LookupError) as error:
        raise RecordError(f"no XML: {error}", code="not_xml") from error
    version = root.get("commonRoadVersion")
    if root.tag != "commonRoad" or version not in VERSIONS:
        raise RecordError(f"<{root.tag}> of version {version}", code="version")
    return root


class _One:
    """An obstacle: T' moments in rising order, (T', 4) poses."""

    def __init__(self, name: str, kind: str, moves: bool) -> None:
        self.name, self.kind, self.moves = name, kind, moves
        self.size: tuple[float, float, float] = OTHER
        self.times: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.poses: Floats = np.zeros((0, 4))
        self.assumed: set[str] = set()


def _object(el: Any, moves: bool) -> _One:
    one = _One(el.get("id", "?"), el.findtext("type", "unknown").strip(), moves)
    shift, turn = _shape(el.find("shape"), one)
    states = [el.find("initialState"), *el.findall("trajectory/state")]
    if states[0] is None:
        raise RecordError(f"obstacle {one.name} has no initialState", code="ragged")
    if moves and el.find("trajectory") is None:
        one.assumed.add("obstacles without a trajectory are seen at their first moment alone")
    rows = []
    for state in states:
        t = number(_value(state.find("time"), one), f"time of obstacle {one.name}")
        x, y = _place(state.find("position"), one)
        yaw = number(_value(state.find("orientation"), one) or "0", "orientation")
        v = number(_value(state.find("velocity"), one) or "0", "velocity")
        x += shift[0] * math.cos(yaw) - shift[1] * math.sin(yaw)
        y += shift[0] * math.sin(yaw) + shift[1] * math.cos(yaw)
        rows.append((t, x, y, yaw + turn, v))
    table = np.array(rows)
    if not np.isfinite(table).all():
        raise RecordError(f"obstacle {one.name}: a value is not a number", code="not_finite")
    times = table[:, 0].astype(np.int64)
    if (np.diff(times) <= 0).any() or times[0] < 0 or times[-1] > LONGEST:
        raise RecordError(f"obstacle {one.name}: time does not rise", code="time")
    one.times, one.poses = times, table[:, 1:]
    return one


def _shape(el: Any, one: _One) -> tuple[tuple[float, float], float]:
    """Sets the size; returns the centre and the turn of the box in the object's own frame."""
    parts = [] if el is None else list(el)
    usual = SIZE.get("bus" if one.kind in ("bus", "truck") else KIND.get(one.kind, ""), OTHER)
    if len(parts) != 1:
        one.size = usual
        one.assumed.add("obstacles without one simple shape have a size usual for their kind")
        return (0.0, 0.0), 0.0
    (shape,) = parts
    if shape.tag == "rectangle":
        size = (
            number(shape.findtext("length"), "length"),
            number(shape.findtext("width"), "width"),
        )
        centre = shape.find("center")
        turn = number(shape.findtext("orientation") or "0", "orientation")
    elif shape.tag == "circle":
        radius = number(shape.findtext("radius"), "radius")
        size, centre, turn = (2 * radius, 2 * radius), shape.find("center"), 0.0
        one.assumed.add("circles are the squares round them")
    else:
        corners = points(shape)[:, :2]
        low, high = corners.min(0), corners.max(0)
        one.size = (float(high[0] - low[0]), float(high[1] - low[1]), usual[2])
        one.assumed.add("polygons are the boxes round them")
        return tuple((low + high) / 2), 0.0
    one.size = (*size, usual[2])
    at = (0.0, 0.0) if centre is None else (xy(centre, "x"), xy(centre, "y"))
    return at, turn


def _value(el: Any, one: _One) -> str | None:
    """An exact value, or the middle of an interval."""
    if el is None:
        return None
    if (exact := el.findtext("exact")) is not None:
        return str(exact)
    begin, end = el.findtext("intervalStart"), el.findtext("intervalEnd")
    if begin is None or end is None:
        return None
    one.assumed.add("intervals are their middles")
    return repr((number(begin, "interval") + number(end, "interval")) / 2)


def _place(el: Any, one: _One) -> tuple[float, float]:
    if el is not None and (point := el.find("point")) is not None:
        return xy(point, "x"), xy(point, "y")
    centre = None if el is None else next(el.iter("center"), None)
    if centre is None:
        raise RecordError(f"obstacle {one.name} has a state without a place", code="ragged")
    one.assumed.add("areas are their centres")
    return xy(centre, "x"), xy(centre, "y")


def _driven(found: Sequence[_One], track: Floats, valid: Any, now: int) -> int:
    """The car that goes farthest of those that are there at the start."""
    best, which = -1.0, -1
    for i, one in enumerate(found):
        if one.moves and KIND.get(one.kind) == "vehicle" and valid[i, now]:
            places = track[i, now:][valid[i, now:], :2]
            far = float(np.hypot(*np.diff(places, axis=0).T).sum())
            if far > best:
                best, which = far, i
    if which < 0:
        raise RecordError("no car is there a second after the beginning", code="no_sdc")
    return which
