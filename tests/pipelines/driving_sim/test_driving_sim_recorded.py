from __future__ import annotations

from dataclasses import replace

import driving_sim_files as made
import numpy as np
import pytest
import torch

from pipelines.driving_sim import planners, recorded, womd, worlds
from pipelines.driving_sim.drives import rows_of
from pipelines.driving_sim.recording import RecordError, Recording
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.simulate import rollout


@pytest.fixture(scope="module")
def read(scenarios: list[Scenario]) -> Recording:
    return womd.recording(made.womd(next(s for s in scenarios if s.family == "cross")))


def drive(scenario: Scenario, planner: str, others: str) -> dict[str, object]:
    batch = worlds.world([scenario])
    found = rollout(batch, planners.RULES[planner](), others, scenario_ids=[scenario.scenario_id])
    return rows_of(found, batch, [scenario])[0]


def test_the_paths_hold_the_logs(read: Recording) -> None:
    found = recorded.scenario_of(read)
    for i in range(len(found.kind)):
        later = np.flatnonzero(found.valid[i] & (np.arange(91) >= 10))
        if not found.valid[i, 10] or found.path[i, :, 3].max() == 0:
            continue
        places = found.track[i, later, :2]
        away = np.hypot(*(places[:, None] - found.path[i, None, :, :2]).T).T.min(1)
        assert away.max() < 0.75  # half a metre between points, and what thinning takes
        assert np.hypot(*(found.path[i, 4, :2] - found.track[i, 10, :2])) < 0.2


def test_a_recorded_scenario_is_driven(read: Recording) -> None:
    found = recorded.scenario_of(read)
    expert = drive(found, "expert", "playback")
    assert expert["collision_step"] is None
    assert expert["off_road_step"] is None
    assert expert["off_route_step"] is None
    assert expert["ade_m"] < 0.05  # type: ignore[operator]
    assert expert["progress_ratio"] == pytest.approx(1, abs=0.02)
    assert drive(found, "idm", "idm")["off_road_step"] is None
    assert sum(way.on_route for way in found.ways) < len(found.ways)  # it could turn elsewhere


def test_too_many_objects_are_left_out_and_counted(read: Recording) -> None:
    n = len(read.ids)
    copies = 10_000
    far = np.repeat(read.track[1:2], copies, 0)
    far[..., 0] += 50 + np.arange(copies)[:, None]
    crowd = replace(
        read,
        ids=(*read.ids, *map(str, range(copies))),
        kinds=(*read.kinds, *["pedestrian"] * copies),
        size=np.concatenate([read.size, np.ones((copies, 3))]),
        track=np.concatenate([read.track, far]),
        velocity=np.concatenate([read.velocity, np.repeat(read.velocity[1:2], copies, 0)]),
        z=np.concatenate([read.z, np.repeat(read.z[1:2], copies, 0)]),
        valid=np.concatenate([read.valid, np.ones((copies, 91), bool)]),
        wanted=(n + copies - 1,),
    )
    found = recorded.scenario_of(crowd, most=12)
    assert len(found.kind) == 12
    assert found.dropped == n + copies - 12
    assert found.source_id[0] == read.ids[0]
    assert found.source_id[1] == str(copies - 1)  # what the source names is kept, however far


def test_one_object_without_a_map_is_driven(read: Recording) -> None:
    alone = replace(
        read, ids=read.ids[:1], kinds=read.kinds[:1], size=read.size[:1], track=read.track[:1],
        velocity=read.velocity[:1], z=read.z[:1], valid=read.valid[:1], wanted=(), lanes={},
        edges=(), signals=(),
    )  # fmt: skip
    found = recorded.scenario_of(alone)
    assert "no road edges: leaving the road cannot be seen" in found.assumed
    row = drive(found, "expert", "idm")
    assert (row["has_edges"], row["off_road_step"], row["collision_step"]) == (False, None, None)
    assert row["ade_m"] < 0.05  # type: ignore[operator]


def test_who_stands_for_good_has_no_speed_and_gets_no_crossing(read: Recording) -> None:
    track = read.track.copy()
    track[1] = track[1, 10]
    track[1, :, 3] = 0
    parked = recorded.scenario_of(replace(read, track=track, wanted=(1,)))
    assert parked.path[1, :, 3].max() == 0
    assert np.isinf(parked.conflict[1]).all()
    world = worlds.world([parked])
    found = rollout(world, planners.RULES["stop"](), "idm", scenario_ids=["a"])
    moved = (found.pose[0, -1, 1, :2] - found.pose[0, 0, 1, :2]).norm()
    if bool(parked.valid[1].all()):
        assert float(moved) < 1
    assert bool(torch.isfinite(found.pose).all())


@pytest.mark.parametrize(
    ("where", "code"),
    [("sdc", "no_sdc"), ("nan", "not_finite"), ("size", "invalid"), ("jump", "invalid")],
)
def test_what_cannot_be_driven_is_named(read: Recording, where: str, code: str) -> None:
    track, valid, size = read.track.copy(), read.valid.copy(), read.size.copy()
    if where == "sdc":
        valid[0, 10] = False
    if where == "nan":
        track[0, 30, 1] = np.nan
    if where == "size":
        size[0, 0] = -1
    if where == "jump":
        track[0, 40:, 0] += 100
    with pytest.raises(RecordError) as error:
        recorded.scenario_of(replace(read, track=track, valid=valid, size=size))
    assert error.value.code == code


def test_a_log_that_ends_early_is_driven_to_its_end(read: Recording) -> None:
    valid = read.valid.copy()
    valid[0, 40:] = False
    track = read.track.copy()
    track[0, 40:] = 1e6  # may hold anything
    row = drive(recorded.scenario_of(replace(read, track=track, valid=valid)), "expert", "playback")
    assert row["ade_m"] < 0.05  # type: ignore[operator]
    assert row["infeasible_steps"] == 0
