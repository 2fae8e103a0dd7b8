from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.driving_sim import dynamics, imitation
from pipelines.driving_sim.imitation import Examples
from pipelines.driving_sim.spaces import SPACES
from pipelines.driving_sim.world import World


@pytest.fixture(scope="module")
def made(world: World) -> Examples:
    return imitation.examples(world, 0)


def test_examples_are_moving_objects_each_once(world: World, made: Examples) -> None:
    rows = imitation._moving(world)
    assert len(rows) == len(rows.unique(dim=0)) == len(made.action)
    b, n, t = rows.unbind(1)
    assert world.valid[b, n, t].all()
    assert (world.log[b, n, t, 3] > imitation.MOVING).all()
    assert not ((t - 10) % imitation.EVERY).any()


def test_most_start_beside_their_log(world: World, made: Examples) -> None:
    b, n, t = imitation._moving(world).unbind(1)
    away = made.pose - world.log[b, n, t]
    beside = (away != 0).any(1)
    assert float(beside.float().mean()) == pytest.approx(imitation.DISPLACED, abs=0.03)
    assert away[beside][:, :3].std(0).numpy() == pytest.approx(imitation.SPREAD[:3], rel=0.1)


def test_an_action_leads_back_to_the_log(made: Examples) -> None:
    """Where a car stands beside its log, its curvature points to the log's side."""
    left = made.seen.route[:, 4, 1]
    clear = left.abs() > 0.4
    assert clear.sum() > 50
    assert (torch.sign(made.action[clear, 1]) == torch.sign(left[clear])).float().mean() > 0.9
    assert made.action[:, 0].abs().max() <= dynamics.MOST_ACCELERATION
    assert made.action[:, 1].abs().max() <= dynamics.MOST_CURVATURE


def test_a_displacement_is_that_of_the_bicycle(made: Examples) -> None:
    action = imitation.wanted(made, SPACES["delta"])
    one = dynamics.delta(made.pose, action)
    two = dynamics.bicycle(made.pose, made.action)
    assert torch.allclose(one[:, :3], two[:, :3], atol=1e-4)
    assert torch.equal(imitation.wanted(made, SPACES["bicycle"]), made.action)


def test_the_same_seed_gives_the_same_examples(world: World, made: Examples) -> None:
    again = imitation.examples(world, 0)
    assert torch.equal(again.pose, made.pose)
    assert torch.equal(again.seen.lanes, made.seen.lanes)
    assert not torch.equal(imitation.examples(world, 1).pose, made.pose)


def test_every_example_comes_before_one_comes_twice() -> None:
    steps = list(imitation.batches(100, 30, 10, "a"))
    assert all(len(s) == 30 for s in steps)
    order = np.concatenate([s.numpy() for s in steps])
    assert sorted(order[:100]) == list(range(100))
    assert sorted(order[100:200]) == list(range(100))
