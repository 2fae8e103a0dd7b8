from __future__ import annotations

import pytest
import torch

from pipelines.driving_sim import planners, simulate
from pipelines.driving_sim.simulate import Rollout
from pipelines.driving_sim.world import World


@pytest.fixture(scope="module")
def drives(world: World, ids: list[str]) -> dict[tuple[str, str], Rollout]:
    return {
        (name, others): simulate.rollout(world, make(), others, scenario_ids=ids)
        for name, make in planners.RULES.items()
        for others in ("playback", "idm")
    }


def test_the_expert_is_the_log(drives: dict[tuple[str, str], Rollout]) -> None:
    for name in ("expert", "expert_feedback"):
        found = drives[name, "playback"]
        assert found.measures.error_m.max() < 0.15
        assert (found.measures.hit == -1).all()
        assert not found.infeasible.any()
        assert (found.measures.road_m < 0).all()


def test_no_rule_on_the_route_leaves_it(drives: dict[tuple[str, str], Rollout]) -> None:
    for name in ("constant_speed", "stop", "brake", "idm"):
        assert (drives[name, "playback"].measures.route_m < 1.5).all(), name


def test_who_brakes_is_hit_from_behind_by_a_replay_and_not_by_drivers(
    drives: dict[tuple[str, str], Rollout],
) -> None:
    replayed = (drives["brake", "playback"].measures.hit >= 0).any(1)
    driven = (drives["brake", "idm"].measures.hit >= 0).any(1)
    assert replayed.float().mean() > 0.3
    assert driven.sum() <= 1
    first = drives["brake", "playback"].measures
    kinds = first.kind[torch.arange(len(replayed)), (first.hit >= 0).int().argmax(1)][replayed]
    assert (kinds == 2).float().mean() > 0.8


def test_rules_go_as_fast_as_they_say(drives: dict[tuple[str, str], Rollout]) -> None:
    speed = {name: drives[name, "playback"].pose[:, :, 0, 3] for name in planners.RULES}
    kept = speed["constant_speed"]
    assert torch.allclose(kept[:, -1], kept[:, 0], atol=1e-3)
    assert (speed["brake"][:, -1] == 0).all()
    slowed = speed["stop"][:, 0] - speed["stop"][:, 10]
    assert torch.allclose(slowed, speed["stop"][:, 0].clamp(max=1.5), atol=1e-3)


def test_random_actions_are_seen_off_the_road(drives: dict[tuple[str, str], Rollout]) -> None:
    found = drives["random", "playback"]
    assert (found.measures.road_m > 0).any(1).float().mean() > 0.5
    assert found.action[..., 0].abs().max() > 5
