from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from measurand import shards
from measurand.errors import VerifyError
from pipelines.driving_sim import dataset, reading
from schemas.driving_sim.params import Build
from schemas.driving_sim.tables import OBJECTS

BUILD = Build(families=("curve",), scenarios=9, n_shards=2, test_share=0.5)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reading") / "dataset"
    dataset.write(BUILD, folder, "FnApiRunner")
    return folder


@pytest.mark.integration
def test_splits_share_no_scenario_and_lose_none(built: Path) -> None:
    names = [[s.scenario_id for s in reading.scenarios_of(built, p)] for p in ("train", "test")]
    assert sorted([*names[0], *names[1]]) == [f"curve-{k}" for k in range(9)]
    for split, mine in zip(("train", "test"), names, strict=True):
        assert [dataset.split_of(n, 0.5) for n in mine] == [split] * len(mine)
        world, found = reading.worlds_of(built, split)
        assert world is not None
        assert len(world) == len(found) == len(mine)


def test_a_split_without_scenarios_is_no_world(tmp_path: Path) -> None:
    dataset.write(BUILD.model_copy(update={"test_share": 0.0}), tmp_path, "FnApiRunner")
    assert reading.worlds_of(tmp_path, "test") == (None, [])


def test_a_scenario_that_lost_an_object_is_refused(built: Path, tmp_path: Path) -> None:
    lost = shutil.copytree(built, tmp_path / "lost")
    table = shards.read_table(lost / "objects")
    shards.write_dataset(lost / "objects", OBJECTS, table.slice(1), n_shards=2)
    with pytest.raises(VerifyError, match="objects"):
        [reading.scenarios_of(lost, split) for split in ("train", "test")]
