from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from webagent_pages import rows

from measurand.errors import InputError
from measurand.manifest import file_sha256, read_manifest
from pipelines.webagent import net, pretraining
from pipelines.webagent.net import Size
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


def test_the_loss_falls_by_a_fifth_within_a_minute(built: Path, tmp_path: Path) -> None:
    start = time.process_time()
    pretraining.pretrain(Pretraining.model_validate(CI), built, tmp_path, journal=tmp_path / "j")
    assert time.process_time() - start < 60
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
    weights, size = pretraining.load(tmp_path)
    assert speed["parameters"] == sum(w.numel() for w in weights.values())
    assert size.net == Network.model_validate(CI["network"])


def test_a_training_goes_on_where_it_was_stopped_bit_by_bit(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    pretraining.pretrain(given(), built, whole, journal=tmp_path / "a")
    batch = pretraining.Examples.batch
    calls: list[int] = []

    def stops(self: pretraining.Examples, *words: Any) -> Any:
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return batch(self, *words)

    monkeypatch.setattr(pretraining.Examples, "batch", stops)
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


@pytest.mark.integration  # about 20 s
def test_a_killed_process_changes_nothing(built: Path, tmp_path: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from pipelines.webagent import pretraining;"
        "from schemas.webagent.pretraining import Pretraining; data, out, text = sys.argv[1:];"
        "pretraining.pretrain(Pretraining.model_validate_json(text), Path(data), Path(out),"
        " journal=Path(out) / 'journal')"
    )
    asked = given(steps=60, save_every=5)
    text = asked.model_dump_json()
    for folder, kills in (("whole", 0), ("killed", 2)):
        words = [sys.executable, "-c", code, str(built), str(tmp_path / folder), text]
        state = tmp_path / folder / "journal/pretraining/html_t5.safetensors"
        for _ in range(kills):
            before = state.stat().st_mtime_ns if state.exists() else 0
            with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
                while not state.exists() or state.stat().st_mtime_ns == before:
                    assert process.poll() is None
                    time.sleep(0.02)
                process.send_signal(signal.SIGKILL)
        subprocess.run(words, check=True, capture_output=True)
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


def test_lists_are_filled_and_cut() -> None:
    ragged = pretraining.Ragged(pa.chunked_array([[[5, 6, 7]], [[], [8]]]), 2)
    assert ragged.lengths.tolist() == [2, 0, 1]
    assert ragged.rows(np.array([2, 0]), 3).tolist() == [[8, 0, 0], [5, 6, 0]]


def test_the_rate_rises_and_falls_with_the_root() -> None:
    found = [pretraining.rates(step, peak=2.0, warmup=4)["lr"] for step in range(16)]
    assert found[:4] == [0.5, 1.0, 1.5, 2.0]
    assert found[15] == pytest.approx(1.0)
    assert sorted(found[3:], reverse=True) == found[3:]


def test_losses_are_those_of_probabilities() -> None:
    made = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 7, generator=made)
    target = torch.tensor([[3, 4, 0], [6, 2, 2]])
    found = pretraining.nll(logits, target)
    by_hand = -logits.log_softmax(-1).gather(-1, target[..., None])[..., 0]
    assert torch.allclose(found, torch.where(target == 0, 0.0, by_hand))


def test_operations_are_six_a_weight_and_token_and_what_attention_adds() -> None:
    size = Size(Network.model_validate(TINY["network"] | {"attention": "dense"}), 500)
    n, m = 40, 10
    w = net.init(size, 0)
    encoder = 4 * 32 * 32 + 3 * 32 * 64
    decoder = 4 * 32 * 32 + 2 * 32 * 32 + 3 * 32 * 64 + 32 * 500
    expected = 6 * (n * (encoder + 2 * 32 * 32) + m * decoder)
    expected += 12 * 32 * (n * n + m * (m + 1) / 2 + m * n)
    assert pretraining.flops(size, n, m) == expected
    assert sum(x.numel() for x in w.values()) > encoder + decoder


def test_a_split_without_examples_is_said(built: Path) -> None:
    with pytest.raises(InputError, match="no examples"):
        pretraining.read(built, given(), "nowhere")
