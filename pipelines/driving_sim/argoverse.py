"""Recordings of the Argoverse 2 motion forecasting data: a Parquet file and a map beside it.

The columns and keys are those of the published format. The data are under CC BY-NC-SA 4.0; none
come along.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.driving_sim.lines import FINE, Floats, lengths
from pipelines.driving_sim.outlines import TOLERANCE, rings, runs
from pipelines.driving_sim.recording import RecordError, Recording, Road, along
from pipelines.driving_sim.timing import clock
from schemas.driving_sim.params import STEPS, T0

SOURCE = "Argoverse 2 motion forecasting"
LICENCE = "non-commercial: CC-BY-NC-SA-4.0"
SDC = "AV"
"""Track of the recording car."""
KIND = {
    "vehicle": "vehicle", "bus": "vehicle", "motorcyclist": "vehicle", "cyclist": "cyclist",
    "pedestrian": "pedestrian",
}  # fmt: skip
SIZE = {
    "vehicle": (4.6, 1.9, 1.6), "bus": (11.0, 2.8, 3.2), "motorcyclist": (2.2, 0.8, 1.5),
    "cyclist": (1.9, 0.7, 1.6), "pedestrian": (0.6, 0.6, 1.7), "riderless_bicycle": (1.8, 0.5, 1.1),
}  # fmt: skip
OTHER = (1.0, 1.0, 1.0)
"""Metres of length, width and height by kind, which the files do not say."""
FOCAL = 3
"""Category of the track that was recorded for; 2 are those scored with it."""
COLUMNS = (
    "track_id", "object_type", "object_category", "timestep", "position_x", "position_y",
    "heading", "velocity_x", "velocity_y", "scenario_id", "slice_id",
)  # fmt: skip
CLOSING = 0.3
"""Metres: gaps up to twice as wide between areas are road."""
BORDER = 0.01
"""Metres from the border of the map within which an outline is its end and no edge."""
ASSUMED = (
    "sizes are those usual for the kind of object",
    "the ground is flat",
    "lanes have no limit",
    "the first 91 of the moments are used",
    "no lights",
)


def recording(path: Path) -> Recording:
    """The recording of ``scenario_*.parquet``, with ``log_map_archive_*.json`` beside it.

    Raises:
        RecordError: a file cannot be read, or lacks what is needed.
    """
    table = _table(path)
    tracks = table["track_id"].to_pylist()
    names = sorted(set(tracks), key=lambda name: (name != SDC, name))
    if SDC not in names:
        raise RecordError(f"no track {SDC!r} to drive", code="no_sdc")
    number = {name: i for i, name in enumerate(names)}
    row = np.array([number[name] for name in tracks])
    step = table["timestep"].to_numpy()
    if step.min() < 0 or step.max() >= 10_000:
        raise RecordError(f"moments {step.min()} to {step.max()}", code="time")
    n, moments = len(names), max(int(step.max()) + 1, T0 + 1)
    valid = np.zeros((n, moments), bool)
    valid[row, step] = True
    if valid.sum() < len(row):
        raise RecordError("a track is at two places at once", code="ragged")
    track, velocity = np.zeros((n, moments, 4)), np.zeros((n, moments, 2))
    x, y, yaw, vx, vy = (
        table[c].to_numpy()
        for c in ("position_x", "position_y", "heading", "velocity_x", "velocity_y")
    )
    velocity[row, step] = np.stack([vx, vy], 1)
    track[row, step] = np.stack([x, y, yaw, along(velocity[row, step], yaw)], 1)
    kind = dict(zip(tracks, table["object_type"].to_pylist(), strict=True))
    category = dict(zip(tracks, table["object_category"].to_pylist(), strict=True))
    lanes, edges = _map(_beside(path))
    some = slice(0, STEPS)
    return Recording(
        name=str(table["scenario_id"][0]),
        segment=str(table["slice_id"][0]),
        seconds=clock(moments)[some],
        now=T0,
        ids=tuple(names),
        kinds=tuple(KIND.get(kind[name], "other") for name in names),
        size=np.array([SIZE.get(kind[name], OTHER) for name in names]),
        track=track[:, some],
        velocity=velocity[:, some],
        z=np.zeros((n, moments))[:, some],
        valid=valid[:, some],
        sdc=0,
        wanted=tuple(i for i, name in enumerate(names) if (category[name] or 0) >= FOCAL - 1),
        lanes=lanes,
        edges=edges,
        assumed=ASSUMED,
    )


def _table(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RecordError(f"no Parquet file: {error}", code="not_parquet") from error
    if lost := [c for c in COLUMNS if c not in table.column_names]:
        raise RecordError(f"no column {', '.join(lost)}", code="no_column")
    table = table.select(COLUMNS)
    if not table.num_rows:
        raise RecordError("no rows", code="short")
    if empty := [c for c in COLUMNS if table[c].null_count and c != "object_category"]:
        raise RecordError(f"empty cells in {', '.join(empty)}", code="not_finite")
    return table


def _beside(path: Path) -> Mapping[str, Any]:
    """The map beside a recording."""
    name = path.stem.removeprefix("scenario_")
    file = path.with_name(f"log_map_archive_{name}.json")
    try:
        found = json.loads(file.read_bytes())
        if not isinstance(found, dict):
            raise ValueError("no mapping")
        return found
    except FileNotFoundError as error:
        raise RecordError(f"no map {file.name} beside it", code="no_map") from error
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{file.name} is no JSON map: {error}", code="bad_map") from error


def _map(found: Mapping[str, Any]) -> tuple[dict[int, Road], tuple[Floats, ...]]:
    try:
        segments = list(found.get("lane_segments", {}).values())
        lanes = {int(s["id"]): _road(s) for s in segments}
        areas = [_points(a["area_boundary"]) for a in found.get("drivable_areas", {}).values()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__} {error}"
        raise RecordError(f"the map lacks what is needed: {what}", code="bad_map") from error
    return lanes, tuple(_edges(areas))


def _points(points: Iterable[Mapping[str, float]]) -> Floats:
    """(n, 3), on flat ground."""
    flat = np.fromiter(chain.from_iterable(map(itemgetter("x", "y"), points)), np.float64)
    if len(flat) < 4 or not np.isfinite(flat).all():
        raise ValueError("a line of less than two points")
    found = np.zeros((len(flat) // 2, 3))
    found[:, :2] = flat.reshape(-1, 2)
    return found


def _road(segment: Mapping[str, Any]) -> Road:
    if segment.get("centerline"):
        line = _points(segment["centerline"])
    else:
        line = _between(*(_points(segment[f"{side}_lane_boundary"]) for side in ("left", "right")))
    before, after = (
        tuple(int(k) for k in segment.get(name) or ()) for name in ("predecessors", "successors")
    )
    cars = segment.get("lane_type") != "BIKE"
    return Road(line, None, bool(segment.get("is_intersection")), before, after, cars)


def _between(left: Floats, right: Floats) -> Floats:
    """The line between two: means of points at the same share of each one's length."""
    found = [lengths(side[:, :2]) for side in (left, right)]
    share = np.linspace(0, 1, 2 + int(max(at[-1] for at in found) / FINE))
    line: Floats = np.zeros((len(share), 3))
    for side, at in zip((left, right), found, strict=True):
        line += np.stack([np.interp(share * at[-1], at, part) for part in side.T], 1) / 2
    return line


def _edges(areas: list[Floats]) -> Iterable[Floats]:
    """Outlines of the drivable areas, without what lies on the border of the map."""
    import shapely

    if not areas:
        return
    made = [shapely.make_valid(shapely.Polygon(a[:, :2])) for a in areas if len(a) > 2]
    # Most of the time goes into points that lie on a line with their neighbours.
    simple = shapely.simplify(made, TOLERANCE)
    every = shapely.get_coordinates(simple)
    low, high = every.min(0), every.max(0)
    road = shapely.union_all(simple)
    road = road.buffer(CLOSING, join_style="mitre").buffer(-CLOSING, join_style="mitre")
    for ring in rings(road):
        following = np.roll(ring, -1, 0)
        both = np.stack([ring, following])
        border = (np.abs(both - low) < BORDER).all(0) | (np.abs(both - high) < BORDER).all(0)
        for line in runs(ring, ~border.any(1)):
            yield np.pad(line, ((0, 0), (0, 1)))
