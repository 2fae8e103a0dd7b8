from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from measurand import runs
from measurand.errors import InputError
from measurand.manifest import read_manifest
from pipelines.driving_sim import dataset, drives, learning, planners
from pipelines.driving_sim.reading import scenarios_of
from pipelines.driving_sim.scenario import Scenario
from schemas.driving_sim.params import (
    RULES,
    Build,
    Imitation,
    ImitatorSpec,
    PolicySpec,
    Reinforcement,
    Train,
)
from schemas.driving_sim.tables import ROLLOUTS

GIVEN = Train(
    imitation=Imitation(
        models=(ImitatorSpec(name="bc_route"), ImitatorSpec(name="bc_none", route=False)),
        steps=4,
        batch=8,
    ),
    reinforcement=Reinforcement(
        models=(PolicySpec(name="ppo_idm", others="idm"),), iterations=1, scenarios=2
    ),
    device="cpu",
)


def rule(name: str) -> drives.Driver:
    return drives.Driver(name, planners.RULES[name](), "bicycle", name == "random")


def test_the_expert_goes_as_far_as_its_log(scenarios: list[Scenario]) -> None:
    rows = drives.drive(rule("expert"), "playback", scenarios)
    assert ROLLOUTS.violations(runs.table(ROLLOUTS, rows)) == []
    for row in rows:
        assert row["progress_ratio"] == pytest.approx(1, abs=0.01)
        assert row["ade_m"] < 0.05
        assert row["infeasible_steps"] == 0
        assert row["has_edges"]
        for name in ("collision", "off_road", "off_route", "wrong_way"):
            assert row[f"{name}_step"] is None
        assert len(row["x"]) == 81


def test_a_crash_is_said_with_its_step_kind_and_object(scenarios: list[Scenario]) -> None:
    rows = drives.drive(rule("brake"), "playback", scenarios)
    crashed = [row for row in rows if row["collision_step"] is not None]
    assert crashed
    kinds = Counter(row["collision_kind"] for row in crashed)
    assert kinds.most_common(1)[0][0] == "rear"
    for row in crashed:
        assert 11 <= row["collision_step"] <= 90
        assert row["collision_object"] > 0
    calm = [row for row in rows if row["collision_step"] is None]
    assert all(row["collision_kind"] is row["collision_object"] is None for row in calm)
    assert all(row["progress_m"] < row["log_progress_m"] for row in rows)


@pytest.mark.integration
def test_a_drive_does_not_depend_on_how_many_there_are(
    scenarios: list[Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drives, "BATCH", 13)
    many = (scenarios * 2)[: drives.BATCH + 3]
    rows = drives.drive(rule("idm"), "idm", many)
    assert len(rows) == drives.BATCH + 3
    alone = drives.drive(rule("idm"), "idm", scenarios)
    for k, row in enumerate(rows):
        assert row == alone[k % len(scenarios)]


@pytest.mark.integration
def test_batches_of_one_shape_are_the_same_drives(
    scenarios: list[Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drives, "BATCH", 5)
    own, alike = (drives.batched(scenarios, alike=yes) for yes in (False, True))
    assert [b.count for b in own] == [b.count for b in alike] == [5, 5, 2]
    shapes = [[part.shape for part in (b.world.log, b.world.edges.a, b.world.lanes)] for b in alike]
    assert shapes[0] == shapes[1] == shapes[2]
    assert any(b.world.edges.a.shape[1] < shapes[0][1][1] for b in own)
    for one, two in zip(own, alike, strict=True):
        assert one.scenarios == two.scenarios
        made = [drives.drive_batch(rule("idm"), "idm", b)[0] for b in (one, two)]
        assert made[0] == made[1]


def test_another_seed_is_another_drive_only_for_who_draws(scenarios: list[Scenario]) -> None:
    some = scenarios[:2]
    for name in ("random", "stop"):
        one, two = (drives.drive(rule(name), "playback", some, seed)[0]["x"] for seed in (0, 1))
        assert (one != two) is rule(name).draws


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[Scenario]]:
    out = tmp_path_factory.mktemp("drives")
    dataset.write(Build(families=("fork",), scenarios=4, n_shards=1), out / "d", "FnApiRunner")
    learning.train_drivers(GIVEN, out / "d", out / "c", journal=out / "j")
    parent = read_manifest(out / "d" / "scenarios").logical_hash
    return out / "c", parent, scenarios_of(out / "d", "train")


def test_every_driver_is_found_by_name(place: tuple[Path, str, list[Scenario]]) -> None:
    checkpoint, parent, some = place
    for name in (*RULES, *GIVEN.names, "bc_route:swap"):
        who = drives.driver(name, GIVEN, checkpoint, parent)
        assert who.name == name
        assert who.draws == (name in ("random", "ppo_idm"))
        rows = drives.drive(who, "playback", some[:1])
        assert rows[0]["planner"] == name


@pytest.mark.parametrize(
    ("name", "why"),
    [("bc_none:swap", "no route"), ("ppo_idm:swap", "own route"), ("nobody", "no driver")],
)
def test_who_cannot_drive_is_named(
    place: tuple[Path, str, list[Scenario]], name: str, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        drives.driver(name, GIVEN, place[0], place[1])
