from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pipelines.driving_sim import planners, reinforce, simulate
from pipelines.driving_sim.reinforce import GAMMA, LAMBDA, Task
from pipelines.driving_sim.world import World, reset

TASK = Task("playback", "route", 0.1, scenarios=12)
FREE = replace(TASK, steering="free")


def test_advantages_are_the_sum_of_their_definition() -> None:
    """Schulman et al. 2016, eq. 16: the sum over l of (gamma lambda)^l delta_{t+l}."""
    generator = torch.Generator().manual_seed(0)
    reward, value = torch.randn(2, 9, 3, generator=generator, dtype=torch.float64)
    last = torch.randn(3, generator=generator, dtype=torch.float64)
    ended = torch.zeros(9, 3, dtype=torch.bool)
    ended[4, 1] = True
    found = reinforce.advantages(reward, value, last, ended)
    following = torch.cat((value[1:], last[None]))
    delta = reward + GAMMA * following * ~ended - value
    for b in range(3):
        for t in range(9):
            total, weight = 0.0, 1.0
            for k in range(t, 9):
                total += weight * float(delta[k, b])
                if ended[k, b]:
                    break
                weight *= GAMMA * LAMBDA
            assert float(found[t, b]) == pytest.approx(total)


def test_log_probabilities_of_all_actions_sum_to_one() -> None:
    parts = (torch.randn(1, 3), torch.randn(1, 4))
    every = torch.cartesian_prod(torch.arange(3), torch.arange(4))
    wide = tuple(p.expand(len(every), -1) for p in parts)
    assert reinforce.log_prob(wide, every).exp().sum() == pytest.approx(1)


def test_the_first_step_of_an_iteration_has_ratio_one(world: World) -> None:
    network = reinforce.actor(TASK, "one")
    given = reinforce.drive(network, world, TASK, 0)
    assert len(given.seen) == 12 * 80
    parts = network(given.seen)[0].split(list(TASK.sizes), 1)
    assert torch.allclose(reinforce.log_prob(parts, given.picked), given.logp, atol=1e-5)
    lived = given.advantage[given.alive]
    assert float(lived.mean()) == pytest.approx(0, abs=1e-4)
    assert float(lived.std()) == pytest.approx(1, abs=1e-3)


def test_an_episode_is_not_learned_from_after_its_end(world: World) -> None:
    network = reinforce.actor(FREE, "end")
    given = reinforce.drive(network, world, FREE, 0)
    alive = given.alive.reshape(80, 12)
    assert (alive[1:] <= alive[:-1]).all()
    assert given.failed == pytest.approx(float((~alive).any(0).float().mean()), abs=1 / 12 + 1e-6)
    spoiled = given._replace(advantage=torch.where(given.alive, given.advantage, 1e6))
    every = torch.arange(len(given.seen))
    one, two = (reinforce.loss(network, d, every, FREE)[0] for d in (given, spoiled))
    assert torch.equal(one, two)


def test_every_step_of_an_iteration_is_used_four_times() -> None:
    found = torch.cat(reinforce.batches(TASK, 3))
    assert len(reinforce.batches(TASK, 3)) == TASK.steps
    assert torch.equal(found.bincount(), torch.full((960,), 4))


@pytest.mark.integration
def test_a_policy_gets_better_at_its_reward(world: World) -> None:
    network = reinforce.actor(TASK, "better")
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.0)
    reached = []
    for iteration in range(8):
        given = reinforce.drive(network, world, TASK, iteration)
        reached.append(given.reward)
        for some in reinforce.batches(TASK, iteration):
            optimiser.zero_grad()
            reinforce.loss(network, given, some, TASK)[0].backward()
            optimiser.step()
    assert sum(reached[-2:]) / 2 > sum(reached[:2]) / 2 + 0.5


def test_beside_the_route(world: World) -> None:
    state = reset(world)
    left = torch.stack((-torch.sin(state.pose[:, 0, 2]), torch.cos(state.pose[:, 0, 2])), 1)
    pose = state.pose.clone()
    pose[:, 0, :2] += 1.5 * left
    pose[:, 0, 2] += 0.2
    found = reinforce.beside(world, replace(state, pose=pose))
    assert found.lateral.numpy() == pytest.approx(1.5, abs=0.05)
    assert found.turned.numpy() == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("steering", ["free", "route"])
def test_a_policy_is_a_planner(world: World, ids: list[str], steering: reinforce.Steering) -> None:
    task = replace(TASK, steering=steering)
    planner = reinforce.planner(reinforce.actor(task, "planner"), task)
    one, two = (simulate.rollout(world, planner, "idm", scenario_ids=ids) for _ in range(2))
    assert torch.equal(one.pose, two.pose)
    other = simulate.rollout(world, planner, "idm", scenario_ids=ids, seed=1)
    assert not torch.equal(one.pose, other.pose)
    values = torch.tensor(reinforce.ACCELERATIONS)
    assert torch.isin(one.action[..., 0], values).all()
    if steering == "route":
        route = planners.follow_route(world, reset(world), one.action[:, 0, 0])
        assert torch.allclose(one.action[:, 0], route)
