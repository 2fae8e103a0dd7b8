from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from elastictok_small import params_of

from measurand import shards
from measurand.errors import InputError
from measurand.manifest import file_sha256
from measurand.training import tensors
from measurand.verification import verify
from pipelines.elastictok import train as module
from pipelines.elastictok.train import run_of, train
from schemas.elastictok.params import Params


def files(folder: Path) -> dict[str, str]:
    found = {p.name: file_sha256(p) for p in folder.glob("*.safetensors")}
    return {k: v for k, v in found.items() if "optimizer" not in k}  # which holds the speed


def test_every_model_leaves_weights_moments_and_history(trained: Path) -> None:
    assert {p.name for p in (trained / "checkpoint").glob("*.safetensors")} == {
        "elastic.safetensors", "elastic.optimizer.safetensors", "elastic.head.safetensors",
        "fixed4.safetensors", "fixed4.optimizer.safetensors",
    }  # fmt: skip
    moments, about = tensors.load(trained / "checkpoint" / "elastic.optimizer.safetensors")
    weights, _ = tensors.load(trained / "checkpoint" / "elastic.safetensors")
    assert set(moments) == {f"{k}.{n}" for k in ("exp_avg", "exp_avg_sq") for n in weights}
    assert about["step"] == 12
    history = shards.read_table(trained / "checkpoint" / "history").to_pylist()
    assert [r["step"] for r in history if r["model"] == "fixed4"] == list(range(1, 13))
    assert shards.read_table(trained / "checkpoint" / "speed")["model"].to_pylist() == [
        "elastic",
        "fixed4",
    ]
    assert verify(trained / "checkpoint") == []


def test_what_is_finished_is_not_trained_again(
    trained: Path, small: Params, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {p.name: p.stat().st_mtime_ns for p in (trained / "checkpoint").glob("*.safetensors")}
    monkeypatch.chdir(trained)
    train(small, built / "dataset", trained / "checkpoint", journal=trained / "journal")
    assert {
        p.name: p.stat().st_mtime_ns for p in (trained / "checkpoint").glob("*.safetensors")
    } == before


@pytest.mark.integration
@pytest.mark.usefixtures("warm_processes")
def test_two_processes_give_the_same_weights(
    trained: Path, small: Params, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = small.model_dump(mode="json")
    raw["train"]["processes"] = 2
    train(
        Params.model_validate(raw),
        built / "dataset",
        tmp_path / "out",
        journal=tmp_path / "journal",
    )
    assert files(tmp_path / "out") == files(trained / "checkpoint")


def test_a_run_is_known_by_data_and_settings(small: Params) -> None:
    first, second = small.train.models
    raw = small.model_dump(mode="json")
    raw["train"] |= {"processes": 4, "save_every": 3}
    same = Params.model_validate(raw)
    raw["train"]["seed"] = 5
    other = Params.model_validate(raw)
    assert run_of(same, first, "x") == run_of(small, first, "x")
    runs = {run_of(small, first, "x"), run_of(small, second, "x"), run_of(small, first, "y"),
            run_of(other, first, "x")}  # fmt: skip
    assert len(runs) == 4


def test_a_run_is_known_by_its_code(
    small: Params, other_code: Callable[[ModuleType], None]
) -> None:
    before = run_of(small, small.elastic, "x")
    other_code(module)
    assert run_of(small, small.elastic, "x") != before


def test_blocks_of_another_shape_are_refused(
    small: Params, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = small.model_dump(mode="json")
    raw["build"]["size"] = 32
    with pytest.raises(InputError, match="another shape"):
        train(
            Params.model_validate(raw),
            built / "dataset",
            tmp_path / "out",
            journal=tmp_path / "journal",
        )
    with pytest.raises(InputError, match="does not exist"):
        train(small, tmp_path / "none", tmp_path / "out", journal=tmp_path)


@pytest.mark.integration
def test_a_kill_in_the_third_of_five_trainings_changes_no_byte(
    trained: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = params_of(train={"repeats": 5})
    monkeypatch.chdir(tmp_path)
    train(params, built / "dataset", tmp_path / "whole", journal=tmp_path / "one")
    step, calls = torch.optim.AdamW.step, []

    def dies(self: torch.optim.AdamW, *args: object) -> object:
        calls.append(1)
        if len(calls) == 80:  # 12 steps a model, 10 more of a regression: two models a training
            raise KeyboardInterrupt
        return step(self, *args)

    monkeypatch.setattr(torch.optim.AdamW, "step", dies)
    with pytest.raises(KeyboardInterrupt):
        train(params, built / "dataset", tmp_path / "again", journal=tmp_path / "two")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert not (tmp_path / "again" / "training-2" / "fixed4.safetensors").exists()
    assert (tmp_path / "again" / "training-1" / "fixed4.safetensors").exists()
    train(params, built / "dataset", tmp_path / "again", journal=tmp_path / "two")
    places = (".", *(f"training-{at}" for at in range(1, 5)))
    first, second = (
        {at: files(tmp_path / side / at) for at in places} for side in ("whole", "again")
    )
    assert first == second
    assert first["."] == files(trained / "checkpoint")
    assert len({one["elastic.safetensors"] for one in first.values()}) == 5
