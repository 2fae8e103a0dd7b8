from __future__ import annotations

import pytest
import torch

from pipelines.driving_sim import imitation, networks, seeing, simulate, worlds
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.spaces import SPACES
from pipelines.driving_sim.world import World, reset


def test_weights_depend_on_names_alone() -> None:
    torch.manual_seed(5)
    one, two = networks.imitator(2, "a", 0), networks.imitator(2, "a", 0)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    other = networks.imitator(2, "a", 1)
    assert not torch.equal(one.head.weight, other.head.weight)


def test_lane_points_are_a_set_and_none_is_no_number(world: World) -> None:
    network = networks.imitator(2, "set").double()
    seen = seeing.sdc(world, reset(world), None)
    seen = type(seen)(*(part.double() for part in seen))
    shuffled = seen._replace(lanes=seen.lanes[:, torch.randperm(seeing.LANES)])
    assert torch.allclose(network(seen), network(shuffled))
    bare = seen._replace(lanes=torch.zeros_like(seen.lanes))
    assert torch.isfinite(network(bare)).all()


@pytest.mark.integration
def test_a_network_learns_and_drives_better_than_an_untrained_one(
    scenarios: list[Scenario], world: World, ids: list[str]
) -> None:
    space = SPACES["bicycle"]
    made = imitation.examples(world, 0)
    target = imitation.wanted(made, space)
    network = networks.imitator(space.outputs, "learns")
    drives = {}
    for name in ("untrained", "trained"):
        if name == "trained":
            optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
            for some in imitation.batches(len(target), 128, 250, "learns"):
                optimiser.zero_grad()
                seen = type(made.seen)(*(part[some] for part in made.seen))
                space.loss(network(seen), target[some]).backward()
                optimiser.step()
        planner = networks.planner(network, space, "own")
        drives[name] = simulate.rollout(world, planner, scenario_ids=ids).measures
    assert drives["trained"].error_m.mean() < 0.5 * drives["untrained"].error_m.mean()
    off = {name: (m.route_m > 3.6).any(1).float().mean() for name, m in drives.items()}
    assert off["trained"] < off["untrained"]


@pytest.mark.integration
@pytest.mark.parametrize("given", ["own", "other", "none"])
@pytest.mark.parametrize("name", SPACES)
def test_every_space_and_route_drives(
    world: World, ids: list[str], name: str, given: networks.Given
) -> None:
    space = SPACES[name]
    network = networks.imitator(space.outputs, "drives")
    some = world.pick(slice(0, 4))
    planner = networks.planner(network, space, given)
    drive = simulate.rollout(some, planner, "idm", scenario_ids=ids[:4], space=space.space)
    assert torch.isfinite(drive.pose).all()


def test_a_drive_does_not_depend_on_its_batch(
    scenarios: list[Scenario], world: World, ids: list[str]
) -> None:
    """Matrix products of other shapes differ in their last bits; the events are the same."""
    space = SPACES["bicycle"]
    planner = networks.planner(networks.imitator(2, "batch"), space, "own")
    whole = simulate.rollout(world, planner, scenario_ids=ids).measures
    alone = simulate.rollout(worlds.world(scenarios[3:4]), planner, scenario_ids=ids[3:4]).measures
    assert torch.allclose(alone.error_m[0], whole.error_m[3], atol=0.05)
    assert torch.equal(alone.hit[0] >= 0, whole.hit[3] >= 0)


@pytest.mark.integration
def test_a_learned_driver_drives_the_same_bits_in_any_batch(
    scenarios: list[Scenario], world: World, ids: list[str]
) -> None:
    space = SPACES["bicycle_discrete"]
    planner = networks.planner(networks.imitator(space.outputs, "bits").eval(), space, "own")
    whole = simulate.rollout(world, planner, "idm", scenario_ids=ids)
    order = [7, 2]
    some = simulate.rollout(
        worlds.world([scenarios[k] for k in order]),
        planner,
        "idm",
        scenario_ids=[ids[k] for k in order],
    )
    assert torch.equal(some.action, whole.action[order])
    n = some.pose.shape[2]
    assert torch.equal(some.pose[some.valid], whole.pose[order][:, :, :n][some.valid])
