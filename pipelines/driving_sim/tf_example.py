"""Recordings of the Waymo Open Motion Dataset: tf.Example messages.

The features are those of the published description of the format. Lanes come without their exits
and limits here: the Scenario form of the same data says more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.driving_sim import wire
from pipelines.driving_sim.lines import Floats
from pipelines.driving_sim.recording import RecordError, Recording, Road, Signal, along
from pipelines.driving_sim.timing import clock
from pipelines.driving_sim.womd import KIND, LIGHT, sizes

LANES, BIKES, EDGES = (1, 2), (3,), (15, 16)
"""Types of points of the map."""
JOINED, TURNED = 1.0, math.radians(45)
"""Metres and radians between the end of a lane and the beginning of the one after it."""
ASSUMED = (
    "road edges have the road on their left",
    "lanes that begin where another ends follow it",
    "no lane lies in a junction, and none has a limit",
    "flashing lights count as steady ones",
    "moments are a tenth of a second apart",
)
COLOURS = np.array([LIGHT.get(state, 0) for state in range(max(LIGHT) + 2)], np.int8)
TIMES = ("past", "current", "future")

Features = Mapping[str, npt.NDArray[Any]]


@lru_cache(maxsize=1)
def _example() -> Any:
    # Floats are packed, so that they can be taken as they lie.
    messages: dict[str, wire.Fields] = {
        "Words": {"value": (1, "*bytes")},
        "Floats": {"value": (1, "bytes")},
        "Ints": {"value": (1, "*int64")},
        "Feature": {"words": (1, "Words"), "floats": (2, "Floats"), "ints": (3, "Ints")},
        "Entry": {"key": (1, "string"), "value": (2, "Feature")},
        "Features": {"feature": (1, "*Entry")},
        "Example": {"features": (1, "Features")},
    }
    return wire.classes("measurand.tf_example", messages)["Example"]


def features(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Every feature of an Example by its name, flat.

    Raises:
        RecordError: ``not_an_example``.
    """
    from google.protobuf.message import DecodeError

    try:
        found = _example().FromString(data)
        return {e.key: _values(e.value) for e in found.features.feature}
    except (DecodeError, ValueError) as error:
        raise RecordError(f"no Example message: {error}", code="not_an_example") from error


def _values(feature: Any) -> npt.NDArray[Any]:
    if feature.HasField("floats"):
        return np.frombuffer(feature.floats.value, "<f4").astype(np.float64)
    if feature.HasField("ints"):
        # A slice is a list at once, not a number at a time.
        return np.array(feature.ints.value[:], np.int64)
    return np.array(list(feature.words.value), object)


def name_of(found: Features) -> str:
    """The scenario's id; "" where it has none."""
    words = found.get("scenario/id", np.zeros(0))
    return words[0].decode(errors="replace") if len(words) and words.dtype == object else ""


def recording(data: bytes) -> Recording:
    """An Example as a recording.

    Raises:
        RecordError: it is none, or lacks a feature, or its parts do not fit together.
    """
    found = features(data)
    ids = _need(found, "state/id")
    kinds, driven = _need(found, "state/type", len(ids)), _need(found, "state/is_sdc", len(ids))
    if not (driven == 1).any():
        raise RecordError("no object is the driven car", code="no_sdc")
    n = len(ids)
    x, y, z, yaw, vx, vy = (
        _states(found, name, n) for name in ("x", "y", "z", "bbox_yaw", "velocity_x", "velocity_y")
    )
    valid = _states(found, "valid", n) > 0
    size = np.stack([_states(found, name, n) for name in ("length", "width", "height")], -1)
    velocity = np.stack([vx, vy], -1)
    moments = valid.shape[1]
    now = len(_need(found, "state/past/x")) // n
    wanted = found.get("state/tracks_to_predict", np.zeros(n))
    name = name_of(found)
    lanes, edges = _map(found)
    return Recording(
        name=name,
        segment=name,
        seconds=clock(moments),
        now=now,
        ids=tuple(str(int(i)) for i in ids),
        kinds=tuple(KIND.get(int(k), "other") for k in kinds),
        size=sizes(size, valid),
        track=np.stack([x, y, yaw, along(velocity, yaw)], -1),
        velocity=velocity,
        z=z,
        valid=valid,
        sdc=int(np.argmax(driven == 1)),
        wanted=tuple(np.flatnonzero(wanted == 1).tolist()),
        lanes=lanes,
        edges=edges,
        signals=_signals(found, moments),
        assumed=ASSUMED,
    )


def _need(found: Features, name: str, count: int | None = None) -> npt.NDArray[Any]:
    values = found.get(name)
    if values is None or not len(values) or values.dtype == object:
        raise RecordError(f"no feature {name}", code="no_feature")
    if count is not None and len(values) != count:
        raise RecordError(f"{name} has {len(values)} values, not {count}", code="ragged")
    return values


def _states(found: Features, name: str, n: int) -> Floats:
    """(N, T) a feature of all moments."""
    parts = []
    for time in TIMES:
        values = _need(found, f"state/{time}/{name}")
        if len(values) % n:
            raise RecordError(
                f"state/{time}/{name} has {len(values)} values for {n} objects", code="ragged"
            )
        parts.append(values.reshape(n, -1))
    result: Floats = np.concatenate(parts, 1, dtype=np.float64)
    return result


def _map(found: Features) -> tuple[dict[int, Road], tuple[Floats, ...]]:
    """Lanes and edges of the points of the map; a map without points is one."""
    ids = found.get("roadgraph_samples/id")
    if ids is None or not len(ids):
        return {}, ()
    xyz = _need(found, "roadgraph_samples/xyz", 3 * len(ids)).reshape(-1, 3)
    kinds = _need(found, "roadgraph_samples/type", len(ids))
    valid = _need(found, "roadgraph_samples/valid", len(ids)) > 0
    xyz = xyz.astype(np.float64)
    lines: dict[int, Floats] = {}
    edges: list[Floats] = []
    kind_of: dict[int, int] = {}
    # Points of one line stand together in their order.
    cuts = np.flatnonzero((ids[1:] != ids[:-1]) | (valid[1:] != valid[:-1])) + 1
    begins = np.concatenate([[0], cuts])
    ends = [*cuts.tolist(), len(ids)]
    heads = (part[begins].tolist() for part in (valid, kinds, ids))
    for begin, end, there, kind, name in zip(begins.tolist(), ends, *heads, strict=True):
        if not there or end - begin < 2:
            continue
        if kind in EDGES:
            edges.append(xyz[begin:end])
        elif kind in LANES or kind in BIKES:
            lines[name], kind_of[name] = xyz[begin:end], kind
    exits = _exits({k: line for k, line in lines.items() if kind_of[k] in LANES})
    entries: dict[int, list[int]] = {}
    for name, following in exits.items():
        for after in following:
            entries.setdefault(after, []).append(name)
    lanes = {
        k: Road(line, None, False, tuple(entries.get(k, ())), exits.get(k, ()), kind_of[k] in LANES)
        for k, line in lines.items()
    }
    return lanes, tuple(edges)


def _exits(lines: Mapping[int, Floats]) -> dict[int, tuple[int, ...]]:
    """Lanes that begin where each lane ends, in its direction."""
    names = sorted(lines)
    if not names:
        return {}
    tips = np.array([lines[k][[0, 1, -2, -1], :2] for k in names])
    step = tips[:, 1::2] - tips[:, ::2]
    first, last = np.arctan2(step[..., 1], step[..., 0]).T
    gap = tips[:, None, 3] - tips[None, :, 0]
    turn = last[:, None] - first[None]
    turn = np.abs(turn - 2 * np.pi * np.round(turn / (2 * np.pi)))
    follows = ((gap * gap).sum(-1) < JOINED * JOINED) & (turn < TURNED)
    np.fill_diagonal(follows, False)
    found: dict[int, list[int]] = {name: [] for name in names}
    for i, j in np.argwhere(follows).tolist():
        found[names[i]].append(names[j])
    return {name: tuple(after) for name, after in found.items()}


def _signals(found: Features, moments: int) -> tuple[Signal, ...]:
    """Lights by lane; times that the file does not have are without light."""
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    t, n = 0, len(_need(found, "state/id"))
    for time in TIMES:
        state = found.get(f"traffic_light_state/{time}/state")
        count = len(_need(found, f"state/{time}/x")) // n
        if state is not None and len(state) and len(state) % count == 0:
            lane, valid, x, y = (
                _need(found, f"traffic_light_state/{time}/{name}", len(state))
                for name in ("id", "valid", "x", "y")
            )
            shown = np.flatnonzero((valid > 0) & (lane >= 0))
            moment = t + shown // (len(state) // count)
            parts.append((moment, *(part[shown] for part in (lane, state, x, y))))
        t += count
    if not parts:
        return ()
    moment, lane, state, x, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    names, first, row = np.unique(lane, return_index=True, return_inverse=True)
    light = np.zeros((len(names), moments), np.int8)
    light[row, moment] = COLOURS[np.minimum(np.maximum(state.astype(int), 0), len(COLOURS) - 1)]
    stops = zip(x[first].tolist(), y[first].tolist(), strict=True)
    return tuple(
        Signal(int(name), stop, shown)
        for name, stop, shown in zip(names, stops, light, strict=True)
    )
