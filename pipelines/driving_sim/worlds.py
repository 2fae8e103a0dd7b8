"""Scenarios put side by side, padded to one shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pipelines.driving_sim import edges as road_edges
from pipelines.driving_sim import levels
from pipelines.driving_sim.lines import Floats, even, headings, lengths
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.world import Idm, World, met
from schemas.driving_sim.params import KINDS, T0

LANE_SPACING = 2.0
"""Metres from one lane point to the next."""
USUAL = (1.5, 1.5, 2.0, 2.0)
"""Headway s, acceleration and braking m/s^2, gap m of a driver that is not known."""


def world(scenarios: Sequence[Scenario], *, dtype: torch.dtype = torch.float32) -> World:
    """The scenarios as a batch; places that are filled up are not valid."""
    objects = _fill([s.valid for s in scenarios])
    parts = [_segments(s) for s in scenarios]
    kinds = [np.array([KINDS.index(k) for k in s.kind]) for s in scenarios]
    on_route = [np.array([w.on_route for w in s.ways]) for s in scenarios]
    lanes = [_lane_points(s) for s in scenarios]
    idm = _fill([np.where(np.isnan(s.idm), USUAL, s.idm) for s in scenarios], USUAL)

    def floats(values: Sequence[Floats], fill: float = 0.0) -> torch.Tensor:
        return torch.from_numpy(_fill(values, fill)).to(dtype)

    made = World(
        log=floats([s.track for s in scenarios]),
        valid=torch.from_numpy(objects),
        size=floats([s.size[:, :2] for s in scenarios], 1.0),
        kind=torch.from_numpy(_fill(kinds)),
        rise=floats([levels.rise(s.track, s.z, s.valid) for s in scenarios]),
        height=floats([s.size[:, 2] for s in scenarios]),
        edges=road_edges.Segments(*(floats(p) for p in zip(*parts, strict=True))),
        edge_rise=floats([_edge_rise(s) for s in scenarios]),
        edge_valid=torch.from_numpy(_fill([np.ones(len(p.a), bool) for p in parts])),
        lanes=floats([points for points, _, _ in lanes]),
        lane_rise=floats([high for _, high, _ in lanes]),
        junction=torch.from_numpy(_fill([inside for _, _, inside in lanes])),
        lane_valid=torch.from_numpy(_fill([np.ones(len(high), bool) for _, high, _ in lanes])),
        path=floats([s.path for s in scenarios]),
        conflict=floats([s.conflict for s in scenarios], np.inf),
        stop=floats([s.stop for s in scenarios], np.inf),
        light=torch.from_numpy(_fill([s.light.astype(np.int64) for s in scenarios])),
        routes=floats([np.stack([w.poses[:, :2] for w in s.ways]) for s in scenarios]),
        route_valid=torch.from_numpy(
            _fill([np.ones((len(s.ways), len(s.ways[0].poses)), bool) for s in scenarios])
        ),
        on_route=torch.from_numpy(_fill(on_route)),
        idm=Idm(*(torch.from_numpy(idm[..., k].copy()).to(dtype) for k in range(4))),
        touching=torch.zeros(objects.shape[:2], dtype=torch.bool),
    )
    return replace(made, touching=met(made, made.log[:, :, T0], made.valid[:, :, T0]))


def _fill(values: Sequence[npt.NDArray[Any]], fill: object = 0) -> npt.NDArray[Any]:
    """Arrays of one rank stacked, each filled up behind to the longest of every dimension.

    No dimension is empty: there is no smallest of nothing.
    """
    shape = [max(1, *(v.shape[d] for v in values)) for d in range(values[0].ndim)]
    stacked = np.empty((len(values), *shape), values[0].dtype)
    stacked[...] = fill
    for row, value in zip(stacked, values, strict=True):
        row[tuple(slice(n) for n in value.shape)] = value
    return stacked


def _lane_points(scenario: Scenario) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Points along all lanes: (M, 4) x, y, cos, sin, (M,) rise, (M,) whether within a junction."""
    points, heights, inside = [np.zeros((0, 4))], [np.zeros(0)], [np.zeros(0, bool)]
    for lane in scenario.lanes:
        line = even(lane.line, LANE_SPACING)
        yaw = headings(line)
        points.append(np.concatenate([line, np.cos(yaw)[:, None], np.sin(yaw)[:, None]], 1))
        before, along = lengths(lane.line), lengths(line)
        heights.append(np.interp(along * before[-1] / along[-1], before, lane.z))
        inside.append(np.full(len(line), lane.junction))
    every = np.concatenate(points)
    return every, _over_sdc(scenario, every, np.concatenate(heights)), np.concatenate(inside)


def _segments(scenario: Scenario) -> road_edges.Segments:
    lines = [line[:, :2] for line in scenario.edges]
    return road_edges.segments(lines, [False] * len(lines))


def _edge_rise(scenario: Scenario) -> Floats:
    """(E,) rise of the beginning of every segment, as :func:`edges.segments` orders them."""
    begins = [np.zeros((0, 3))]
    for line in scenario.edges:
        moved = np.any(np.diff(line[:, :2], axis=0) != 0, axis=1)
        begins.append(line[:-1][moved])
    every = np.concatenate(begins)
    return _over_sdc(scenario, every, every[:, 2])


def _over_sdc(scenario: Scenario, points: Floats, heights: Floats) -> Floats:
    track, z, valid = scenario.track[0], scenario.z[0], scenario.valid[0]
    return levels.over(points[:, :2], heights, track, z, valid)
