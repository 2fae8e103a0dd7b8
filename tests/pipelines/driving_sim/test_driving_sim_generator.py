from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.driving_sim import generator
from pipelines.driving_sim.scenario import Scenario, fault
from schemas.driving_sim.params import DT, T0


def digest(scenario: Scenario) -> str:
    h = hashlib.sha256()
    for f in dataclasses.fields(scenario):
        value = getattr(scenario, f.name)
        h.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return h.hexdigest()


def test_limits_of_the_recipe_hold(scenarios: list[Scenario]) -> None:
    for s in scenarios:
        assert fault(s) is None
        v = s.track[..., 3]
        a = np.diff(v, axis=1) / DT
        both = s.valid[:, 1:] & s.valid[:, :-1]
        assert -4.001 <= a[both].min() <= a[both].max() <= 2.5
        turn = np.diff(np.unwrap(s.track[..., 2], axis=1), axis=1) / DT
        assert np.abs(turn * v[:, 1:])[both].max() < 3.1
        moved = np.hypot(*np.diff(s.track[0, T0:, :2], axis=0).T).sum()
        assert moved > generator.FARTHEST - 0.1
        assert s.valid[0].all()
        assert s.ways[0].on_route
        assert not any(w.on_route for w in s.ways[1:])
        assert (len(s.ways) > 1) == (s.family != "curve")


@pytest.fixture(scope="module")
def further() -> list[Scenario]:
    """One of each kind that the presets of minutes leave out."""
    return [generator.scenario(family, 1) for family in ("merge", "roundabout", "overpass")]


def test_what_joins_goes_round_or_above_keeps_the_rules_of_driving(further: list[Scenario]) -> None:
    from pipelines.driving_sim import agents, planners, worlds
    from pipelines.driving_sim.simulate import rollout

    world = worlds.world(further)
    assert agents.log_overlaps(world) == [0, 0, 0]
    found = rollout(world, planners.expert(), scenario_ids=[s.scenario_id for s in further])
    assert (found.measures.hit == -1).all()
    assert (found.measures.road_m < 0).all()
    assert (found.measures.route_m < 0.1).all()
    assert not found.measures.wrong_way.any()
    assert not found.infeasible.any()
    assert [len(s.ways) > 1 for s in further] == [False, True, False]
    for s in further:
        assert fault(s) is None
        assert np.isfinite(s.conflict).any() == (s.family != "overpass")


def test_a_bridge_is_another_road(further: list[Scenario]) -> None:
    """Under it or on it, nobody is hit, followed, waited for or seen on the other road."""
    from dataclasses import replace

    import torch

    from pipelines.driving_sim import seeing, traffic, world, worlds

    batch = worlds.world(further[2:])
    state = world.reset(batch)
    apart = batch.rise[0, 0].abs() > 4
    there = apart & state.valid[0]
    assert there.any()
    assert (state.valid[0] & ~apart).sum() > 1
    for who, level in ((int(there.nonzero()[0]), False), (0, True)):
        if level:
            who = int((state.valid[0] & ~apart).nonzero()[1])
        pose = state.pose.clone()
        pose[0, who] = batch.path[0, 0, 4 + 12]
        pose[0, who, 3] = 0
        only = torch.zeros_like(state.valid)
        only[0, [0, who]] = True
        placed = replace(state, pose=pose, valid=only)
        gap, _ = traffic.leader(batch, placed)
        assert bool(gap[0, 0] < 20) is level
        assert bool(seeing.sdc(batch, placed, None).objects[0, 0, -1]) is level
        pose[0, who] = pose[0, 0]
        assert bool(world.met(batch, pose, only)[0, who]) is level


def test_no_two_cars_ever_share_ground(scenarios: list[Scenario]) -> None:
    """Held against the simulator's own boxes, not against the shapes that the generator used."""
    import torch

    from pipelines.driving_sim import boxes

    for s in scenarios:
        pose, size = torch.from_numpy(s.track), torch.from_numpy(s.size[:, None, :2])
        for i in range(len(pose) - 1):
            rest = pose[i + 1 :]
            hit = boxes.overlap(
                pose[i].expand(rest.shape),
                size[i].expand(*rest.shape[:2], 2),
                rest,
                size[i + 1 :].expand(*rest.shape[:2], 2),
            ).numpy()
            assert not (hit & s.valid[i] & s.valid[i + 1 :]).any()


def test_the_same_name_is_the_same_scenario_in_another_process() -> None:
    code = (
        "import runpy, sys\n"
        "from pipelines.driving_sim import generator as g\n"
        "digest = runpy.run_path(sys.argv[1])['digest']\n"
        "[g.scenario('curve', k) for k in (5, 2)]\n"
        "print(digest(g.scenario('tee', 3)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, __file__],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77"},
    )
    assert done.stdout.strip() == digest(generator.scenario("tee", 3))


def test_other_names_are_other_scenarios() -> None:
    assert digest(generator.scenario("curve", 1)) != digest(generator.scenario("curve", 2))


@pytest.mark.integration
def test_scripted_scenarios_have_somebody_who_brakes_or_cuts_in() -> None:
    always = [generator.scenario("curve", k, scripted=1.0) for k in range(8)]
    never = [generator.scenario("curve", k, scripted=0.0) for k in range(8)]

    def odd(s: Scenario) -> bool:
        hard = (np.diff(s.track[..., 3], axis=1) / DT).min() < -3.5
        return bool(hard or _changes(s))

    assert sum(map(odd, always)) >= 4
    assert sum(map(odd, never)) == 0


def _changes(s: Scenario) -> bool:
    """Whether somebody keeps to no single lane."""
    for track, valid in zip(s.track, s.valid, strict=True):
        gaps = [lane.line[None] - track[valid][:, None, :2] for lane in s.lanes]
        if min(np.hypot(g[..., 0], g[..., 1]).min(1).max() for g in gaps) > 1.2:
            return True
    return False


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(InputError, match="roundabouts"):
        generator.scenario("roundabouts", 0)
