from __future__ import annotations

import numpy as np
import torch

from pipelines.driving_sim import worlds
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.world import World


def test_every_scenario_is_in_its_row(scenarios: list[Scenario], world: World) -> None:
    assert len(world) == len(scenarios)
    for k, s in enumerate(scenarios):
        n = len(s.kind)
        assert np.allclose(world.log[k, :n], s.track, atol=1e-3)
        assert np.array_equal(world.valid[k, :n], s.valid)
        assert not world.valid[k, n:].any()
        assert int(world.edge_valid[k].sum()) == sum(len(e) - 1 for e in s.edges)
        assert world.on_route[k].sum() == 1
        assert torch.isinf(world.stop[k, n:]).all()


def test_a_batch_of_one_is_the_row_of_a_larger_one(scenarios: list[Scenario], world: World) -> None:
    alone = worlds.world(scenarios[4:5])
    n, e = alone.log.shape[1], alone.edges.a.shape[1]
    assert torch.equal(alone.log[0], world.log[4, :n])
    assert torch.equal(alone.edges.n[0], world.edges.n[4, :e])
    assert torch.equal(alone.conflict[0], world.conflict[4, :n, :n])


def test_picking_rows(world: World) -> None:
    picked = world.pick([5, 2])
    assert torch.equal(picked.log, world.log[[5, 2]])
    assert torch.equal(picked.edges.nb, world.edges.nb[[5, 2]])
    assert torch.equal(picked.idm.gap, world.idm.gap[[5, 2]])
