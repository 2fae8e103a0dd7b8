from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.driving_sim import edges, outlines, roads


@pytest.mark.parametrize("family", roads.FAMILIES)
def test_lanes_lie_on_the_road_and_what_is_beside_does_not(family: str) -> None:
    for seed in range(4):
        plan = roads.FAMILIES[family](np.random.default_rng(seed))
        lines = outlines.outline(plan)
        parts = edges.segments(lines, [False] * len(lines))
        batch = edges.Segments(*(torch.from_numpy(p)[None] for p in parts))
        valid = torch.ones(1, len(parts.a), dtype=torch.bool)

        def far(
            points: np.ndarray, batch: edges.Segments = batch, valid: torch.Tensor = valid
        ) -> np.ndarray:
            return edges.signed_distance(torch.from_numpy(points)[None], batch, valid)[0].numpy()

        middles = np.concatenate([lane.line[10:-10] for lane in plan.lanes if len(lane.line) > 20])
        assert far(middles).max() < -roads.WIDTH / 2 - outlines.MARGIN + 0.06
        rng = np.random.default_rng(seed)
        anywhere = rng.uniform(-150, 150, (400, 2)) + middles.mean(0)
        every = np.concatenate([lane.line for lane in plan.lanes])
        gap = np.sqrt(((anywhere[:, None] - every[None]) ** 2).sum(-1)).min(1)
        beside = (gap > 2.6) & (gap < 15)
        assert beside.any()
        assert (far(anywhere[beside]) > 0).mean() > 0.97


def test_there_is_no_edge_where_the_map_ends() -> None:
    plan = roads.FAMILIES["curve"](np.random.default_rng(0))
    lines = outlines.outline(plan)
    assert len(lines) == 2
    end = plan.lanes[0].line[-1]
    assert min(float(np.hypot(*(line - end).T).min()) for line in lines) > 1.5
