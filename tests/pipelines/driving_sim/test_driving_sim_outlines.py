from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.driving_sim import edges, outlines, roads
from pipelines.driving_sim.families import FAMILIES
from schemas.driving_sim.params import Family


@pytest.mark.parametrize("family", FAMILIES)
def test_lanes_lie_on_the_road_and_what_is_beside_does_not(family: Family) -> None:
    for seed in range(4):
        plan = FAMILIES[family](np.random.default_rng(seed))
        for z in {lane.z for lane in plan.lanes}:
            _look(plan, z, np.random.default_rng(seed))


def _look(plan: roads.RoadMap, z: float, rng: np.random.Generator) -> None:
    """At one height: how far lanes are from its edges, and places beside them."""
    lines = [line[:, :2] for line in outlines.outline(plan) if line[0, 2] == z]
    parts = edges.segments(lines, [False] * len(lines))
    batch = edges.Segments(*(torch.from_numpy(p)[None] for p in parts))
    valid = torch.ones(1, len(parts.a), dtype=torch.bool)

    def far(points: np.ndarray) -> np.ndarray:
        return edges.signed_distance(torch.from_numpy(points)[None], batch, valid)[0].numpy()

    lanes = [lane.line for lane in plan.lanes if lane.z == z]
    middles = np.concatenate([line[10:-10] for line in lanes if len(line) > 20])
    assert far(middles).max() < -roads.WIDTH / 2 - outlines.MARGIN + 0.06
    anywhere = rng.uniform(-150, 150, (400, 2)) + middles.mean(0)
    every = np.concatenate(lanes)
    gap = np.sqrt(((anywhere[:, None] - every[None]) ** 2).sum(-1)).min(1)
    beside = (gap > 2.6) & (gap < 15)
    assert beside.any()
    assert (far(anywhere[beside]) > 0).mean() > 0.97


def test_there_is_no_edge_where_the_map_ends() -> None:
    plan = FAMILIES["curve"](np.random.default_rng(0))
    lines = outlines.outline(plan)
    assert len(lines) == 2
    end = plan.lanes[0].line[-1]
    assert min(float(np.hypot(*(line[:, :2] - end).T).min()) for line in lines) > 1.5
