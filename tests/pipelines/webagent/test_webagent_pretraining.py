from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forked import begin
from webagent_pages import rows

from measurand.errors import InputError
from measurand.manifest import file_sha256, read_manifest
from pipelines.webagent import fitting, pretraining
from schemas.webagent.pretraining import Network, Pretraining

TINY: dict[str, Any] = {
    "network": {
        "width": 32, "head": 8, "heads": 4, "mlp": 64, "encoder_layers": 1, "decoder_layers": 1,
        "radius": 15, "block": 8,
    },
    "input": 192, "target": 48, "steps": 14, "batch": 4, "lr": 3e-3, "warmup": 4, "save_every": 4,
    "device": "cpu",
}  # fmt: skip
CI: dict[str, Any] = {
    "network": {
        "width": 64, "head": 16, "heads": 4, "mlp": 128, "encoder_layers": 2, "decoder_layers": 2,
        "radius": 15, "block": 8,
    },
    "input": 256, "target": 96, "steps": 60, "batch": 8, "lr": 5e-3, "warmup": 10,
    "device": "cpu",
}  # fmt: skip


def given(**changes: Any) -> Pretraining:
    return Pretraining.model_validate(TINY | changes)


@pytest.mark.integration
def test_the_loss_falls_by_a_fifth(built: Path, tmp_path: Path) -> None:
    pretraining.pretrain(Pretraining.model_validate(CI), built, tmp_path, journal=tmp_path / "j")
    history = rows(tmp_path, "pretraining")
    first, last = (np.mean([r["loss"] for r in some]) for some in (history[:3], history[-3:]))
    assert last < 0.8 * first
    # It begins with an even guess, so nothing is won by a bad start.
    tokens = rows(built, "tokenizer")[0]["tokens"]
    assert abs(history[0]["loss"] - np.log(tokens)) < 1
    assert read_manifest(tmp_path / "pretraining").parents == {
        "examples": read_manifest(built / "examples").logical_hash
    }
    speed = rows(tmp_path, "speed")[0]
    weights, size = fitting.load(tmp_path / "html_t5.safetensors")
    assert speed["parameters"] == sum(w.numel() for w in weights.values())
    assert size.net == Network.model_validate(CI["network"])


def test_a_training_goes_on_where_it_was_stopped_bit_by_bit(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    pretraining.pretrain(given(), built, whole, journal=tmp_path / "a")
    batch = fitting.Pairs.batch
    calls: list[int] = []

    def stops(self: fitting.Pairs, *words: Any) -> Any:
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return batch(self, *words)

    monkeypatch.setattr(fitting.Pairs, "batch", stops)
    with pytest.raises(KeyboardInterrupt):
        pretraining.pretrain(given(), built, parts, journal=tmp_path / "b")
    assert not (parts / "html_t5.safetensors").exists()
    pretraining.pretrain(given(), built, parts, journal=tmp_path / "b")
    # Eight steps were kept, so six are left.
    assert len(calls) == 10 + 6
    name = "html_t5.safetensors"
    assert file_sha256(parts / name) == file_sha256(whole / name)
    assert rows(parts, "pretraining") == rows(whole, "pretraining")
    pretraining.pretrain(given(), built, parts, journal=tmp_path / "b")
    assert len(calls) == 10 + 6


@pytest.mark.integration
def test_a_killed_process_changes_nothing(built: Path, tmp_path: Path) -> None:
    asked = given(steps=60, save_every=5)
    for folder, kills in (("whole", 0), ("killed", 2)):
        out = tmp_path / folder
        state = out / "journal/training/html_t5.safetensors"
        for turn in range(kills + 1):
            before = state.stat().st_mtime_ns if state.exists() else 0
            process = begin(pretraining.pretrain, asked, built, out, journal=out / "journal")
            while turn < kills and (not state.exists() or state.stat().st_mtime_ns == before):
                assert process.is_alive()
                time.sleep(0.02)
            if turn < kills:
                process.kill()
            process.join()
            assert process.exitcode == (-signal.SIGKILL if turn < kills else 0)
    name = "html_t5.safetensors"
    assert file_sha256(tmp_path / "whole" / name) == file_sha256(tmp_path / "killed" / name)


def test_other_parameters_are_another_training() -> None:
    runs = {
        pretraining.run_of(given(**change), parent)
        for change in ({}, {"seed": 1}, {"steps": 15}, {"network": CI["network"]})
        for parent in ("a", "b")
    }
    assert len(runs) == 8
    assert pretraining.run_of(given(save_every=9), "a") == pretraining.run_of(given(), "a")


def test_a_split_without_examples_is_said(built: Path) -> None:
    with pytest.raises(InputError, match="no examples"):
        pretraining.read(built, given(), "nowhere")
