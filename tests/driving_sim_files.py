"""Scenarios as files of the four formats, written by hand from their published descriptions.

Nothing here is shared with the readers: messages are put together byte by byte from field numbers,
checksums come from a table of our own. No file of the data sets themselves is used.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.driving_sim.scenario import Scenario

KINDS = {"vehicle": 1, "pedestrian": 2, "cyclist": 3, "other": 4}


def _table() -> list[int]:
    found = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        found.append(n)
    return found


_CRC = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C, one byte at a time."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """A record of a TFRecord file."""
    head = struct.pack("<Q", len(data))

    def mask(part: bytes) -> bytes:
        crc = crc32c(part)
        return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)

    return head + mask(head) + data + mask(data)


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: Any) -> bytes:
    """A field: bytes and text with their length, floats as they lie, other numbers short."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, np.float32):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return varint(number << 3) + varint(int(value))


def message(*fields: tuple[int, Any]) -> bytes:
    return b"".join(field(number, value) for number, value in fields)


def _point(x: float, y: float, z: float) -> bytes:
    return message((1, float(x)), (2, float(y)), (3, float(z)))


def womd(s: Scenario, *, seconds: Sequence[float] | None = None, **more: Any) -> bytes:
    """A Scenario message."""
    times = np.arange(91) * 0.1 if seconds is None else seconds
    parts = [message((1, float(t))) for t in times]
    for i in range(len(s.kind)):
        states = []
        for t in range(91):
            x, y, yaw, _ = s.track[i, t]
            state = [(2, float(x)), (3, float(y)), (4, float(s.z[i, t]))]
            state += [(5 + k, np.float32(v)) for k, v in enumerate(s.size[i])]
            state += [(8, np.float32(yaw))]
            state += [(9 + k, np.float32(v)) for k, v in enumerate(s.velocity[i, t])]
            state += [(11, bool(s.valid[i, t]))]
            states.append((3, message(*state)))
        parts.append(message((2, message((1, i), (2, KINDS[s.kind[i]]), *states))))
    parts.append(message((5, s.scenario_id), (6, more.get("sdc", 0)), (10, more.get("now", 10))))
    stops = lights(s)
    for t in range(91):
        lane = [
            (1, message((1, k), (2, (0, 4, 5, 6)[int(light[t])]), (3, _point(*at, 0))))
            for k, (at, light) in stops.items()
        ]
        parts.append(message((7, message(*lane))))
    for k, lane in enumerate(s.lanes):
        line = [(8, _point(*p, z)) for p, z in zip(lane.line, lane.z, strict=True)]
        joins = [(9, b"".join(map(varint, lane.entry))), (10, b"".join(map(varint, lane.exit)))]
        limit = (lane.limit or 0) / 0.44704
        feature = message((1, limit), (2, 2), (3, lane.junction), *line, *joins)
        parts.append(message((8, message((1, k), (3, feature)))))
    for k, edge in enumerate(s.edges):
        line = [(2, _point(*p)) for p in edge]
        parts.append(message((8, message((1, 1000 + k), (5, message((1, 1), *line))))))
    parts.append(message((11, message((1, min(1, len(s.kind) - 1))))))
    return b"".join(parts)


def lights(s: Scenario) -> dict[int, tuple[tuple[float, float], Any]]:
    """Stop place and light of the lanes that end at a light, from the cars that face one."""
    found: dict[int, tuple[tuple[float, float], Any]] = {}
    for i in np.flatnonzero(np.isfinite(s.stop) & (s.light > 0).any(1) & (s.stop > 0)):
        at = s.path[i, round(s.stop[i] + 4), :2] if s.stop[i] < 170 else None
        if at is None:
            continue
        for k, lane in enumerate(s.lanes):
            begins = np.hypot(*(lane.line[0] - at)) < 3 and lane.junction
            if begins:
                found[k] = ((float(at[0]), float(at[1])), s.light[i])
    return found


def example(features: Mapping[str, Any]) -> bytes:
    """A tf.Example of named arrays; text for strings."""
    entries = []
    for name, value in features.items():
        if isinstance(value, str):
            feature = message((1, message((1, value))))
        else:
            values = np.asarray(value).ravel()
            if values.dtype.kind == "f":
                feature = message((2, message((1, values.astype("<f4").tobytes()))))
            else:
                packed = b"".join(varint(int(v)) for v in values)
                feature = message((3, message((1, packed))))
        entries.append((1, message((1, name), (2, feature))))
    return message((1, message(*entries)))


def tf_example(s: Scenario, places: int = 32) -> bytes:
    """The tf.Example form, padded to a number of objects."""
    n = len(s.kind)

    def padded(values: Any) -> Any:
        shape = (places - n, *np.shape(values)[1:])
        return np.concatenate([values, np.full(shape, -1, np.asarray(values).dtype)])

    found: dict[str, Any] = {"scenario/id": s.scenario_id}
    found["state/id"] = padded(np.arange(n))
    found["state/type"] = padded(np.array([KINDS[k] for k in s.kind]))
    found["state/is_sdc"] = padded((np.arange(n) == 0).astype(int))
    found["state/tracks_to_predict"] = padded((np.arange(n) == min(1, n - 1)).astype(int))
    steps = {"past": slice(0, 10), "current": slice(10, 11), "future": slice(11, 91)}
    for time, some in steps.items():
        columns = {
            "x": s.track[:, some, 0], "y": s.track[:, some, 1], "z": s.z[:, some],
            "bbox_yaw": s.track[:, some, 2], "velocity_x": s.velocity[:, some, 0],
            "velocity_y": s.velocity[:, some, 1],
        }  # fmt: skip
        for k, name in enumerate(("length", "width", "height")):
            columns[name] = np.repeat(s.size[:, k : k + 1], len(range(91)[some]), 1)
        for name, values in columns.items():
            found[f"state/{time}/{name}"] = padded(values)
        found[f"state/{time}/valid"] = padded(s.valid[:, some].astype(int))
    points, kinds, ids = [], [], []
    for k, lane in enumerate(s.lanes):
        points.append(np.concatenate([lane.line, lane.z[:, None]], 1))
        kinds.append(np.full(len(lane.line), 2))
        ids.append(np.full(len(lane.line), k))
    for k, edge in enumerate(s.edges):
        points.append(edge)
        kinds.append(np.full(len(edge), 15))
        ids.append(np.full(len(edge), 1000 + k))
    empty = 50
    found["roadgraph_samples/xyz"] = np.concatenate([*points, np.full((empty, 3), -1.0)])
    found["roadgraph_samples/type"] = np.concatenate([*kinds, np.full(empty, -1)])
    found["roadgraph_samples/id"] = np.concatenate([*ids, np.full(empty, -1)])
    count = sum(map(len, ids))
    found["roadgraph_samples/valid"] = np.concatenate([np.ones(count, int), np.zeros(empty, int)])
    stops = lights(s)
    for time, some in steps.items():
        count = len(range(91)[some])
        rows = [(k, *at, light[some]) for k, (at, light) in stops.items()] or [
            (-1, 0.0, 0.0, np.zeros(count, int))
        ]
        state = np.stack([np.array([0, 4, 5, 6])[np.asarray(r[3], int)] for r in rows], 1)
        found[f"traffic_light_state/{time}/state"] = state
        for name, values in (
            ("id", [r[0] for r in rows]), ("valid", [int(r[0] >= 0) for r in rows]),
            ("x", [r[1] for r in rows]), ("y", [r[2] for r in rows]),
        ):  # fmt: skip
            found[f"traffic_light_state/{time}/{name}"] = np.tile(values, count)
    return example(found)


def av2(s: Scenario, folder: Path, *, steps: int = 110) -> Path:
    """``scenario_ID.parquet`` with its map beside it; returns the first."""
    rows = []
    for i in range(len(s.kind)):
        for t in range(91):
            if not s.valid[i, t]:
                continue
            x, y, yaw, _ = map(float, s.track[i, t])
            vx, vy = map(float, s.velocity[i, t])
            rows.append(
                {
                    "observed": t < 50, "track_id": "AV" if i == 0 else str(i),
                    "object_type": s.kind[i] if s.kind[i] in KINDS else "background",
                    "object_category": 3 if i == 1 else 1, "timestep": t, "position_x": x,
                    "position_y": y, "heading": yaw, "velocity_x": vx, "velocity_y": vy,
                    "scenario_id": s.scenario_id, "num_timestamps": steps, "focal_track_id": "1",
                    "city": "nowhere", "slice_id": "a slice",
                }
            )  # fmt: skip
    path = folder / f"scenario_{s.scenario_id}.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    segments, areas = {}, {}
    for k, lane in enumerate(s.lanes):
        left, right = sides(lane.line)
        segments[str(k)] = {
            "id": k, "is_intersection": lane.junction, "lane_type": "VEHICLE",
            "left_lane_boundary": _dicts(left), "right_lane_boundary": _dicts(right),
            "successors": list(lane.exit), "predecessors": list(lane.entry),
        }  # fmt: skip
        areas[str(k)] = {"id": k, "area_boundary": _dicts(np.concatenate([right, left[::-1]]))}
    text = json.dumps({"lane_segments": segments, "drivable_areas": areas})
    (folder / f"log_map_archive_{s.scenario_id}.json").write_text(text, encoding="utf-8")
    return path


def sides(line: Any, half: float = 1.8) -> tuple[Any, Any]:
    """Left and right boundary of a lane."""
    step = np.gradient(line, axis=0)
    normal = np.stack([-step[:, 1], step[:, 0]], 1) / np.hypot(*step.T)[:, None]
    return line + half * normal, line - half * normal


def _dicts(line: Any) -> list[dict[str, float]]:
    return [{"x": float(x), "y": float(y), "z": 20.0} for x, y in line]


def commonroad(s: Scenario, folder: Path, *, step: float = 0.1, every: int = 1) -> Path:
    """A CommonRoad file; of the log every so-many-th moment, ``step`` seconds apart."""

    def exact(name: str, value: float) -> str:
        return f"<{name}><exact>{value!r}</exact></{name}>"

    def state(tag: str, i: int, t: int) -> str:
        x, y, yaw, v = map(float, s.track[i, t])
        place = f"<position><point><x>{x!r}</x><y>{y!r}</y></point></position>"
        rest = exact("orientation", yaw) + exact("time", t // every) + exact("velocity", v)
        return f"<{tag}>{place}{rest}</{tag}>"

    parts = []
    for k, lane in enumerate(s.lanes):
        lines = ""
        for name, line in zip(("leftBound", "rightBound"), sides(lane.line), strict=True):
            points = "".join(
                f"<point><x>{float(x)!r}</x><y>{float(y)!r}</y></point>" for x, y in line
            )
            lines += f"<{name}>{points}</{name}>"
        refs = "".join(f'<predecessor ref="{n}"/>' for n in lane.entry)
        refs += "".join(f'<successor ref="{n}"/>' for n in lane.exit)
        kind = "intersection" if lane.junction else "urban"
        sign = f'<trafficSignRef ref="{9000 + k}"/>'
        parts.append(
            f'<lanelet id="{k}">{lines}{refs}<laneletType>{kind}</laneletType>{sign}</lanelet>'
        )
        parts.append(
            f'<trafficSign id="{9000 + k}"><trafficSignElement><trafficSignID>274</trafficSignID>'
            f"<additionalValue>{lane.limit!r}</additionalValue></trafficSignElement></trafficSign>"
        )
    for i in range(len(s.kind)):
        times = [t for t in range(0, 91, every) if s.valid[i, t]]
        length, width = map(float, s.size[i, :2])
        shape = f"<rectangle><length>{length!r}</length><width>{width!r}</width></rectangle>"
        states = "".join(state("state", i, t) for t in times[1:])
        if times:
            parts.append(
                f'<dynamicObstacle id="{5000 + i}"><type>car</type><shape>{shape}</shape>'
                f"{state('initialState', i, times[0])}<trajectory>{states}</trajectory>"
                "</dynamicObstacle>"
            )
    head = f'<commonRoad benchmarkID="ZAM_Made-1_{s.scenario_id}" commonRoadVersion="2020a"'
    path = folder / f"{s.scenario_id}.xml"
    text = f'<?xml version="1.0"?>{head} timeStepSize="{step}">{"".join(parts)}</commonRoad>'
    path.write_text(text, encoding="utf-8")
    return path
