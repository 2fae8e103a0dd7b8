"""Scenarios as rows of tables, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.driving_sim.lines import Floats
from pipelines.driving_sim.scenario import Piece, Scenario, Way
from schemas.driving_sim.params import DT, STEPS, T0
from schemas.driving_sim.tables import (
    CONFLICTS,
    DATASET,
    EDGES,
    LANES,
    OBJECTS,
    PATHS,
    SCENARIOS,
)

Row = dict[str, Any]


def to_tables(
    scenarios: Sequence[Scenario], *, source: str, licence: str, split: Mapping[str, str]
) -> dict[str, pa.Table]:
    """Rows of all tables by the table's name.

    Args:
        scenarios: what is stored.
        source: where they come from.
        licence: licence of the source.
        split: train or test, by the scenario's id.
    """
    rows: dict[str, list[Row]] = {spec.name: [] for spec in DATASET}
    for scenario in scenarios:
        name = scenario.scenario_id
        origin = np.array([*scenario.track[0, T0, :2], scenario.z[0, T0]])
        head = _head(scenario, origin)
        rows[SCENARIOS.name].append(
            {**head, "source": source, "licence": licence, "split": split[name]}
        )
        for spec, made in (
            (OBJECTS, _objects(scenario, origin)),
            (EDGES, _edges(scenario, origin)),
            (LANES, _lanes(scenario, origin)),
            (PATHS, _paths(scenario, origin)),
            (CONFLICTS, _conflicts(scenario)),
        ):
            rows[spec.name] += [{"scenario_id": name, **row} for row in made]
    return {
        spec.name: spec.from_columns(
            {c.name: [row[c.name] for row in rows[spec.name]] for c in spec.columns}
        )
        for spec in DATASET
    }


def _head(scenario: Scenario, origin: Floats) -> Row:
    return {
        "scenario_id": scenario.scenario_id,
        "family": scenario.family,
        "cluster_id": scenario.cluster_id,
        "dt_s": DT,
        "t0": T0,
        "n_steps": STEPS,
        **dict(zip(("origin_x", "origin_y", "origin_z"), map(float, origin), strict=True)),
        "n_objects": len(scenario.kind),
        "n_dropped": scenario.dropped,
        "retries": scenario.retries,
        "assumed": list(scenario.assumed),
    }


def _objects(scenario: Scenario, origin: Floats) -> list[Row]:
    places = np.concatenate([scenario.track[..., :2], scenario.z[..., None]], 2) - origin
    # What is not seen is stored as 0, so that no stray number is.
    places = np.where(scenario.valid[..., None], places, 0)
    yaw = np.where(scenario.valid, scenario.track[..., 2], 0)
    velocity = np.where(scenario.valid[..., None], scenario.velocity, 0)
    rows: list[Row] = []
    for n in range(len(scenario.kind)):
        path = scenario.path[n] - [*origin[:2], 0, 0]
        idm = [None if np.isnan(value) else float(value) for value in scenario.idm[n]]
        rows.append(
            {
                "object": n,
                "source_id": scenario.source_id[n],
                "type": scenario.kind[n],
                **dict(zip(("length", "width", "height"), scenario.size[n].tolist(), strict=True)),
                **_xyz(places[n]),
                "yaw": yaw[n].tolist(),
                "vx": velocity[n, :, 0].tolist(),
                "vy": velocity[n, :, 1].tolist(),
                "valid": scenario.valid[n].tolist(),
                **{f"path_{k}": path[:, i].tolist() for i, k in enumerate(("x", "y", "yaw", "v"))},
                "stop_m": float(scenario.stop[n]) if np.isfinite(scenario.stop[n]) else None,
                "light": scenario.light[n].tolist(),
                **dict(zip(("idm_t", "idm_a", "idm_b", "idm_s0"), idm, strict=True)),
            }
        )
    return rows


def _edges(scenario: Scenario, origin: Floats) -> list[Row]:
    return [{"part": n, **_xyz(line - origin)} for n, line in enumerate(scenario.edges)]


def _lanes(scenario: Scenario, origin: Floats) -> list[Row]:
    return [
        {
            "lane": n,
            "limit": lane.limit,
            "junction": lane.junction,
            "entry": list(lane.entry),
            "exit": list(lane.exit),
            **_xyz(np.concatenate([lane.line, lane.z[:, None]], 1) - origin),
        }
        for n, lane in enumerate(scenario.lanes)
    ]


def _paths(scenario: Scenario, origin: Floats) -> list[Row]:
    rows = []
    for n, way in enumerate(scenario.ways):
        poses = way.poses - [*origin[:2], 0, 0]
        columns = {k: poses[:, i].tolist() for i, k in enumerate(("x", "y", "yaw", "v"))}
        rows.append({"path": n, "lanes": list(way.lanes), "on_route": way.on_route, **columns})
    return rows


def _conflicts(scenario: Scenario) -> list[Row]:
    pairs = np.argwhere(np.isfinite(scenario.conflict[..., 0]))
    return [
        {
            "i": int(i),
            "j": int(j),
            "in_m": float(scenario.conflict[i, j, 0]),
            "out_m": float(scenario.conflict[i, j, 1]),
        }
        for i, j in pairs
    ]


def _xyz(points: Floats) -> Row:
    return {axis: points[:, i].tolist() for i, axis in enumerate(("x", "y", "z"))}


def from_tables(tables: Mapping[str, pa.Table]) -> list[Scenario]:
    """The scenarios of tables, in the order of their ids; places are from their origins.

    Args:
        tables: all tables of :data:`DATASET` by name.
    """
    parts: dict[str, dict[str, list[Row]]] = {}
    for spec in DATASET[1:]:
        grouped: dict[str, list[Row]] = defaultdict(list)
        for row in tables[spec.name].to_pylist():
            grouped[row["scenario_id"]].append(row)
        parts[spec.name] = grouped
    heads = sorted(tables[SCENARIOS.name].to_pylist(), key=lambda row: row["scenario_id"])
    return [
        _scenario(head, {n: g.get(head["scenario_id"], []) for n, g in parts.items()})
        for head in heads
    ]


def _scenario(head: Row, rows: Mapping[str, list[Row]]) -> Scenario:
    objects = rows[OBJECTS.name]
    yaw, vx, vy = (_stacked(objects, name) for name in ("yaw", "vx", "vy"))
    speed = vx * np.cos(yaw) + vy * np.sin(yaw)
    track = np.stack([_stacked(objects, "x"), _stacked(objects, "y"), yaw, speed], 2)
    conflict = np.full((len(objects), len(objects), 2), np.inf)
    for row in rows[CONFLICTS.name]:
        conflict[row["i"], row["j"]] = row["in_m"], row["out_m"]
    unknown = float("nan")
    idm = [
        [unknown if row[k] is None else row[k] for k in ("idm_t", "idm_a", "idm_b", "idm_s0")]
        for row in objects
    ]
    return Scenario(
        scenario_id=head["scenario_id"],
        family=head["family"],
        source_id=tuple(row["source_id"] for row in objects),
        kind=tuple(row["type"] for row in objects),
        size=np.array([[row["length"], row["width"], row["height"]] for row in objects]),
        track=track,
        velocity=np.stack([vx, vy], 2),
        z=_stacked(objects, "z"),
        valid=np.array([row["valid"] for row in objects], bool),
        path=np.stack([_stacked(objects, f"path_{k}") for k in ("x", "y", "yaw", "v")], 2),
        stop=np.array([np.inf if row["stop_m"] is None else row["stop_m"] for row in objects]),
        light=np.array([row["light"] for row in objects], np.int8),
        idm=np.array(idm, np.float64),
        conflict=conflict,
        edges=tuple(_points(row) for row in rows[EDGES.name]),
        lanes=tuple(
            Piece(
                _points(row)[:, :2],
                _points(row)[:, 2],
                row["limit"],
                row["junction"],
                tuple(row["entry"]),
                tuple(row["exit"]),
            )
            for row in rows[LANES.name]
        ),
        ways=tuple(
            Way(
                tuple(row["lanes"]),
                row["on_route"],
                np.array([row[k] for k in ("x", "y", "yaw", "v")], np.float64).T,
            )
            for row in rows[PATHS.name]
        ),
        retries=head["retries"],
        assumed=tuple(head["assumed"]),
        dropped=head["n_dropped"],
        segment=None if head["cluster_id"] == head["scenario_id"] else head["cluster_id"],
    )


def _stacked(rows: Sequence[Row], name: str) -> Floats:
    return np.array([row[name] for row in rows], np.float64)


def _points(row: Row) -> Floats:
    return np.array([row["x"], row["y"], row["z"]], np.float64).T
