from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from pipelines.driving_sim import moments, planners, simulate
from pipelines.driving_sim.world import World, reset


@pytest.mark.parametrize("others", ["playback", "idm"])
def test_a_step_reads_no_more_than_three_moments(world: World, others: str) -> None:
    """To the bit, at every step, and what the log's driver reads too."""
    planner, start = planners.expert(), reset(world)
    for t in (10, 47, 89):
        logged = torch.where(world.valid[:, :, t, None], world.log[:, :, t], start.pose)
        state = replace(start, pose=logged, t=t)
        brief, now = moments.at(world, t), replace(state, t=moments.NOW)
        assert brief.log.shape[2] == moments.NOW + 2
        action = planner(world, state, None)
        assert torch.equal(planner(brief, now, None), action)
        one = simulate.transition(world, state, action, others, "bicycle")
        two = simulate.transition(brief, now, action, others, "bicycle")
        for a, b in ((one[0].pose, two[0].pose), (one[0].s, two[0].s), (one[2], two[2])):
            assert torch.equal(a, b)
        for name, a, b in zip(one[1]._fields, one[1], two[1], strict=True):
            assert torch.equal(a.nan_to_num(9e9), b.nan_to_num(9e9)), name


def test_every_scenario_is_looked_at_in_its_own_time(world: World) -> None:
    rows, times = torch.tensor([3, 0, 3]), torch.tensor([10, 40, 90])
    found = moments.looking(world.pick(rows), world, rows, times)
    for k, (row, t) in enumerate(zip(rows.tolist(), times.tolist(), strict=True)):
        for name in ("log", "valid", "light"):
            mine, whole = getattr(found, name)[k], getattr(world, name)[row]
            assert torch.equal(mine[:, moments.NOW - 1], whole[:, 10])
            assert torch.equal(mine[:, moments.NOW], whole[:, t])
            assert torch.equal(mine[:, moments.NOW + 1], whole[:, min(t + 1, 90)])
    rest = {f.name for f in fields(World)} - {"log", "valid", "light", "edges", "idm"}
    assert all(torch.equal(getattr(found, name), getattr(world, name)[rows]) for name in rest)
