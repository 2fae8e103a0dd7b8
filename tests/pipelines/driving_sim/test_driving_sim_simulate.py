from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from pipelines.driving_sim import networks, planners, simulate, worlds
from pipelines.driving_sim.edges import Segments
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.simulate import Rollout
from pipelines.driving_sim.spaces import SPACES
from pipelines.driving_sim.world import World, reset

OTHERS = ("playback", "idm")


def equal(one: Rollout, two: Rollout, rows: list[int] | slice = slice(None)) -> bool:
    """Whether a drive is bit for bit some rows of another, in what belongs to both."""
    there = one.valid
    n = there.shape[2]
    pairs = [
        (there, two.valid[rows][:, :, :n]),
        (one.pose[there], two.pose[rows][:, :, :n][there]),
        (one.action, two.action[rows]),
        (one.infeasible, two.infeasible[rows]),
        *((a, b[rows]) for a, b in zip(one.measures, two.measures, strict=True)),
    ]
    return all(torch.equal(a.nan_to_num(9e9), b.nan_to_num(9e9)) for a, b in pairs)


@pytest.mark.integration
@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("rule", ["idm", "random"])
def test_a_scenario_drives_the_same_in_any_batch(
    scenarios: list[Scenario], world: World, ids: list[str], others: str, rule: str
) -> None:
    planner = planners.RULES[rule]()
    whole = simulate.rollout(world, planner, others, scenario_ids=ids)
    order = [7, 3, 0, 11]
    some = simulate.rollout(
        worlds.world([scenarios[k] for k in order]),
        planner,
        others,
        scenario_ids=[ids[k] for k in order],
    )
    assert equal(some, whole, order)
    alone = simulate.rollout(worlds.world(scenarios[5:6]), planner, others, scenario_ids=ids[5:6])
    assert equal(alone, whole, [5])


@pytest.mark.integration
@pytest.mark.parametrize("driver", ["idm", "random", "network"])
def test_the_same_bits_alone_and_in_any_order_of_64(
    scenarios: list[Scenario], ids: list[str], driver: str
) -> None:
    """Each place comes with several names, so that whoever draws drives it in several ways."""
    space = SPACES["bicycle_discrete"]
    if driver == "network":
        network = networks.imitator(space.outputs, "sixty-four").eval()
        planner = networks.planner(network, space, "own")
    else:
        planner = planners.RULES[driver]()

    def drive(rows: list[int]) -> Rollout:
        return simulate.rollout(
            worlds.world([scenarios[k % len(scenarios)] for k in rows]),
            planner,
            "idm",
            scenario_ids=[f"{ids[k % len(ids)]}-{k}" for k in rows],
        )

    with torch.no_grad():
        whole = drive(list(range(64)))
        order = np.random.default_rng(0).permutation(64).tolist()
        assert equal(drive(order), whole, order)
        for k in (0, 5, 31, 63):
            assert equal(drive([k]), whole, [k])


@pytest.mark.integration
@pytest.mark.parametrize("others", OTHERS)
def test_what_is_not_valid_is_never_read(world: World, ids: list[str], others: str) -> None:
    generator = torch.Generator().manual_seed(1)

    def noise(part: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        noisy = 1e3 * torch.randn(part.shape, generator=generator)
        mask = valid.reshape(*valid.shape, *([1] * (part.dim() - valid.dim())))
        return torch.where(mask, part, noisy)

    ever = world.valid.any(2)
    spoiled = replace(
        world,
        log=noise(world.log, world.valid),
        edges=Segments(*(noise(p, world.edge_valid) for p in world.edges)),
        edge_rise=noise(world.edge_rise, world.edge_valid),
        lanes=noise(world.lanes, world.lane_valid),
        lane_rise=noise(world.lane_rise, world.lane_valid),
        path=noise(world.path, ever),
        size=noise(world.size, ever),
        rise=noise(world.rise, ever[:, :, None] & ever[:, None]),
        routes=noise(world.routes, world.route_valid),
    )
    planner = planners.RULES["idm"]()
    assert equal(
        simulate.rollout(world, planner, others, scenario_ids=ids),
        simulate.rollout(spoiled, planner, others, scenario_ids=ids),
    )


def test_a_step_is_differentiable_in_action_and_start(world: World) -> None:
    wide = _double(world.pick(slice(0, 4)))
    start = reset(wide)
    pose = start.pose[:, 0].clone().requires_grad_()
    action = torch.tensor([[0.5, 0.01]] * 4, dtype=torch.float64, requires_grad=True)

    def end(pose: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        state = replace(start, pose=torch.cat((pose[:, None], start.pose[:, 1:]), 1))
        for _ in range(3):
            state = simulate.step(wide, state, action)
        return state.pose[:, 0]

    assert torch.autograd.gradcheck(end, (pose, action), atol=1e-4)


def _double(world: World) -> World:
    def wider(value: object) -> object:
        if isinstance(value, torch.Tensor):
            return value.double() if value.is_floating_point() else value
        if isinstance(value, Segments):
            return Segments(*(wider(p) for p in value))
        return replace(value, **{f.name: wider(getattr(value, f.name)) for f in fields(value)})

    made = wider(world)
    assert isinstance(made, World)
    return made


@pytest.mark.parametrize("others", ["playback", "idm"])
def test_a_start_lies_in_memory_as_what_follows(world: World, others: str) -> None:
    """Otherwise a compiled step is compiled once for the first one and once for the rest."""
    start = reset(world)
    after = simulate.step(world, start, torch.zeros(len(world), 2), others)
    for part in ("pose", "valid", "s"):
        assert getattr(start, part).stride() == getattr(after, part).stride(), part


def test_an_action_space_by_name(world: World, ids: list[str]) -> None:
    """The log's own displacements bring the car along the log, to the last centimetre."""
    drive = simulate.rollout(world, planners.expert(space="delta"), scenario_ids=ids, space="delta")
    assert drive.action.shape[-1] == 3
    assert drive.measures.error_m.max() < 0.01


def test_an_unknown_world_is_an_error(world: World, ids: list[str]) -> None:
    with pytest.raises(KeyError, match="chaos"):
        simulate.rollout(world, planners.RULES["stop"](), "chaos", scenario_ids=ids)
