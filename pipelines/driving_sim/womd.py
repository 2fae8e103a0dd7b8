"""Recordings of the Waymo Open Motion Dataset: Scenario messages.

Field numbers are those of the published message definitions. The data are under a licence for
non-commercial use; none come along.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from pipelines.driving_sim import wire
from pipelines.driving_sim.lines import Floats
from pipelines.driving_sim.recording import (
    MPH,
    RecordError,
    Recording,
    Road,
    Signal,
    along,
)

SOURCE = "Waymo Open Motion Dataset"
LICENCE = "non-commercial: Waymo Dataset License Agreement for Non-Commercial Use"
KIND = {1: "vehicle", 2: "pedestrian", 3: "cyclist"}
LIGHT = {1: 1, 4: 1, 7: 1, 2: 2, 5: 2, 8: 2, 3: 3, 6: 3}
"""Red, yellow, green of the states of a signal; arrows and flashing ones count as plain ones."""
BIKES = 3
"""Type of lanes on which no cars drive."""
ASSUMED = (
    "road edges have the road on their left",
    "a way that joins two lanes lies in a junction",
    "flashing lights count as steady ones",
)

_POINT = {"x": (1, "double"), "y": (2, "double"), "z": (3, "double")}
_MESSAGES: dict[str, wire.Fields] = {
    "Point": _POINT,
    "State": {
        "x": (2, "double"), "y": (3, "double"), "z": (4, "double"), "length": (5, "float"),
        "width": (6, "float"), "height": (7, "float"), "heading": (8, "float"),
        "vx": (9, "float"), "vy": (10, "float"), "valid": (11, "bool"),
    },
    "Track": {"id": (1, "int32"), "kind": (2, "int32"), "states": (3, "*State")},
    "Light": {"lane": (1, "int64"), "state": (2, "int32"), "stop": (3, "Point")},
    "Moment": {"lights": (1, "*Light")},
    "Lane": {
        "mph": (1, "double"), "kind": (2, "int32"), "joins": (3, "bool"), "line": (8, "*Point"),
        "entries": (9, "*int64"), "exits": (10, "*int64"),
    },
    "Edge": {"kind": (1, "int32"), "line": (2, "*Point")},
    "Feature": {"id": (1, "int64"), "lane": (3, "Lane"), "edge": (5, "Edge")},
    "Wanted": {"track": (1, "int32")},
    "Scenario": {
        "seconds": (1, "*double"), "tracks": (2, "*Track"), "id": (5, "string"),
        "sdc": (6, "int32"), "moments": (7, "*Moment"), "features": (8, "*Feature"),
        "now": (10, "int32"), "wanted": (11, "*Wanted"),
    },
}  # fmt: skip


@lru_cache(maxsize=1)
def _scenario() -> Any:
    return wire.classes("measurand.womd", _MESSAGES)["Scenario"]


def parse(data: bytes) -> Any:
    """The message.

    Raises:
        RecordError: ``not_a_scenario``.
    """
    from google.protobuf.message import DecodeError

    try:
        return _scenario().FromString(data)
    except DecodeError as error:
        raise RecordError(f"no Scenario message: {error}", code="not_a_scenario") from error


def recording(data: bytes) -> Recording:
    """A Scenario message as a recording.

    Raises:
        RecordError: it is none, or its parts do not fit together.
    """
    found = parse(data)
    tracks, moments = found.tracks, len(found.seconds)
    if not 0 <= found.sdc < len(tracks):
        raise RecordError(f"no track {found.sdc} of {len(tracks)} to drive", code="no_sdc")
    if strange := next((t for t in tracks if len(t.states) != moments), None):
        raise RecordError(
            f"track {strange.id} has {len(strange.states)} states for {moments} moments",
            code="ragged",
        )
    states = np.array(
        [
            (s.x, s.y, s.z, s.length, s.width, s.height, s.heading, s.vx, s.vy, s.valid)
            for track in tracks
            for s in track.states
        ],
        np.float64,
    ).reshape(len(tracks), moments, 10)
    valid = states[..., 9] > 0
    velocity, yaw = states[..., 7:9], states[..., 6]
    return Recording(
        name=found.id,
        segment=found.id,
        seconds=np.array(found.seconds, np.float64),
        now=found.now,
        ids=tuple(str(track.id) for track in tracks),
        kinds=tuple(KIND.get(track.kind, "other") for track in tracks),
        size=sizes(states[..., 3:6], valid),
        track=np.stack([states[..., 0], states[..., 1], yaw, along(velocity, yaw)], -1),
        velocity=velocity,
        z=states[..., 2],
        valid=valid,
        sdc=found.sdc,
        wanted=tuple(w.track for w in found.wanted if 0 <= w.track < len(tracks)),
        lanes={f.id: _road(f.lane) for f in found.features if len(f.lane.line) > 1},
        edges=tuple(_line(f.edge.line) for f in found.features if len(f.edge.line) > 1),
        signals=_signals(found.moments, moments),
        assumed=ASSUMED,
    )


def sizes(each: Floats, valid: Any) -> Floats:
    """(N, 3) the median of the sizes of every object where it is seen; 1 where it never is."""
    count = valid.sum(1)
    # Where it is not seen sorts behind, so that the middle of the rest stands at half the count.
    rising = np.sort(np.where(valid[..., None], each, np.inf), axis=1)
    rows, half = np.arange(len(each)), np.maximum(count - 1, 0) // 2
    middle: Floats = (rising[rows, half] + rising[rows, np.minimum(count // 2, count.max())]) / 2
    return np.where(count[:, None] > 0, middle, 1.0)


def _line(points: Any) -> Floats:
    return np.array([(p.x, p.y, p.z) for p in points], np.float64)


def _road(lane: Any) -> Road:
    limit = lane.mph * MPH if lane.mph > 0 else None
    entries, exits = tuple(lane.entries), tuple(lane.exits)
    return Road(_line(lane.line), limit, lane.joins, entries, exits, lane.kind != BIKES)


def _signals(moments: Any, count: int) -> tuple[Signal, ...]:
    lights: dict[int, Any] = {}
    places: dict[int, tuple[float, float]] = {}
    for t, moment in enumerate(moments[:count]):
        for light in moment.lights:
            row = lights.setdefault(light.lane, np.zeros(count, np.int8))
            row[t] = LIGHT.get(light.state, 0)
            places.setdefault(light.lane, (light.stop.x, light.stop.y))
    return tuple(Signal(lane, places[lane], row) for lane, row in lights.items())
