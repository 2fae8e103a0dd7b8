from __future__ import annotations

from pathlib import Path

import pytest
import torch

from measurand import shards
from measurand.errors import InputError
from measurand.manifest import file_sha256, read_manifest
from measurand.training import tensors
from pipelines.driving_sim import dataset, learning
from schemas.driving_sim.params import (
    Build,
    Imitation,
    ImitatorSpec,
    PolicySpec,
    Reinforcement,
    Train,
)

GIVEN = Train(
    imitation=Imitation(
        models=(ImitatorSpec(name="bc_route"), ImitatorSpec(name="bc_none", route=False)),
        steps=50,
        batch=64,
    ),
    reinforcement=Reinforcement(
        models=(PolicySpec(name="ppo_playback", others="playback"),), iterations=3, scenarios=3
    ),
    save_every=1,
    device="cpu",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("driving") / "dataset"
    dataset.write(Build(families=("fork",), scenarios=4, n_shards=1), out, "FnApiRunner")
    return out


@pytest.fixture(scope="module")
def trained(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained")
    learning.train_drivers(GIVEN, built, out / "checkpoint", journal=out / "journal")
    return out / "checkpoint"


def weights(folder: Path) -> dict[str, str]:
    return {p.name: file_sha256(p) for p in sorted(folder.glob("*.safetensors"))}


@pytest.mark.integration
def test_every_driver_has_weights_rows_and_can_be_loaded(built: Path, trained: Path) -> None:
    parent = read_manifest(built / "scenarios").logical_hash
    rows = shards.read_table(trained / "training").to_pylist()
    assert {row["model"] for row in rows} == set(GIVEN.names)
    assert sum(row["model"] == "ppo_playback" for row in rows) == 3
    assert all((row["reward"] is None) == row["model"].startswith("bc") for row in rows)
    for name in GIVEN.names:
        network = learning.load(GIVEN, name, trained, parent)
        assert all(torch.isfinite(p).all() for p in network.parameters())
    other = GIVEN.model_copy(update={"seed": 1})
    with pytest.raises(InputError, match="other code, data or parameters"):
        learning.load(other, "bc_route", trained, parent)
    with pytest.raises(InputError, match="no driver"):
        learning.load(GIVEN, "bc_other", trained, parent)


@pytest.mark.integration
def test_what_is_there_is_not_trained_again(built: Path, trained: Path, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in trained.glob("*.safetensors")}
    learning.train_drivers(GIVEN, built, trained, journal=tmp_path)
    assert before == {p: p.stat().st_mtime_ns for p in trained.glob("*.safetensors")}


@pytest.mark.integration
@pytest.mark.parametrize("calls", [40, 60, 104])
def test_a_training_that_was_killed_ends_in_the_same_bytes(
    built: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """Killed while the first imitates, the second does, and within the second drive."""
    real, left = torch.optim.AdamW.step, [calls]

    def dying(self: torch.optim.AdamW, *args: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            learning.train_drivers(GIVEN, built, tmp_path / "c", journal=tmp_path / "j")
    learning.train_drivers(GIVEN, built, tmp_path / "c", journal=tmp_path / "j")
    assert weights(tmp_path / "c") == weights(trained)


@pytest.mark.integration
def test_repeats_differ(built: Path, trained: Path, tmp_path: Path) -> None:
    twice = GIVEN.model_copy(update={"repeats": 2})
    learning.train_drivers(twice, built, tmp_path / "c", journal=tmp_path / "j")
    first = tensors.load(tmp_path / "c" / "bc_route.safetensors")[0]
    second = tensors.load(tmp_path / "c" / "training-1" / "bc_route.safetensors")[0]
    alone = tensors.load(trained / "bc_route.safetensors")[0]
    assert all(torch.equal(first[k], alone[k]) for k in alone)
    assert not torch.equal(first["head.weight"], second["head.weight"])


def test_nothing_to_train_on_is_said(tmp_path: Path) -> None:
    only = Build(families=("curve",), scenarios=1, n_shards=1, test_share=1.0)
    dataset.write(only, tmp_path / "d", "FnApiRunner")
    with pytest.raises(InputError, match="no scenario to train on"):
        learning.train_drivers(GIVEN, tmp_path / "d", tmp_path / "c", journal=tmp_path / "j")
