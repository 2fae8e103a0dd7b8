from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch

from measurand import models
from measurand.errors import InputError, ParamsError
from measurand.models.protocol import Request
from pipelines.soft_labels.policy import Policy, load_policy
from pipelines.soft_labels.weights import Moving, model_string
from schemas.soft_labels.params import Layers, Lora, Trainable

PAIRS = [("Statement:", "I like dogs.", "I worry about things.")]


def _policy(folder: Path) -> tuple[Policy, str]:
    spec = f"hf:{folder}?template=none"
    return load_policy(spec, Path(), micro_tokens=4096, device="cpu"), spec


def _moved(folder: Path, trainable: Trainable, out: Path) -> tuple[Policy, Moving]:
    policy, spec = _policy(folder)
    moving = Moving(policy, trainable, spec)
    moving.reset("seed", 0)
    rng = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in moving.weights.values():
            weight.add_(torch.randn(weight.shape, generator=rng) * 0.1)
    moving.save(out)
    return policy, moving


@pytest.mark.parametrize(
    ("trainable", "layers"),
    [
        (Lora(rank=2, layers=1), {2}),
        (Lora(rank=2), {0, 1, 2}),
        (Layers(kind="layers", layers=2), {1, 2}),
    ],
    ids=str,
)
def test_only_the_last_layers_move(
    toy_model_folder: Path, trainable: Trainable, layers: set[int]
) -> None:
    policy, spec = _policy(toy_model_folder)
    moving = Moving(policy, trainable, spec)
    found = {int(name.split("layers.")[1].split(".")[0]) for name in moving.weights}
    assert found == layers
    assert policy.frozen == min(layers)


def test_all_weights_move(toy_model_folder: Path) -> None:
    policy, spec = _policy(toy_model_folder)
    moving = Moving(policy, Layers(kind="layers"), spec)
    assert any("embed_tokens" in name for name in moving.weights)
    assert sum(w.numel() for w in moving.weights.values()) == sum(
        w.numel() for w in policy.model.parameters()
    )


def test_adapters_start_as_the_policy_before_training(toy_model_folder: Path) -> None:
    plain, _ = _policy(toy_model_folder)
    policy, spec = _policy(toy_model_folder)
    pairs = plain.encode(PAIRS)
    moving = Moving(policy, Lora(rank=2, layers=2), spec)
    for seed in (0, 1):
        moving.reset("adapter", seed)
        torch.testing.assert_close(policy.measure(pairs), plain.measure(pairs))


def test_the_words_decide_the_adapters(toy_model_folder: Path) -> None:
    policy, spec = _policy(toy_model_folder)
    moving = Moving(policy, Lora(rank=2, layers=1), spec)
    drawn = []
    for words in (("a", 0), ("a", 1), ("a", 0)):
        moving.reset(*words)
        drawn.append(torch.cat([w.detach().flatten().clone() for w in moving.weights.values()]))
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])


def test_whole_layers_are_set_back(toy_model_folder: Path) -> None:
    policy, spec = _policy(toy_model_folder)
    pairs = policy.encode(PAIRS)
    before = policy.measure(pairs)
    moving = Moving(policy, Layers(kind="layers", layers=1), spec)
    with torch.no_grad():
        for weight in moving.weights.values():
            weight.mul_(1.5)
    assert not torch.allclose(policy.measure(pairs), before)
    moving.reset("seed")
    torch.testing.assert_close(policy.measure(pairs), before)


@pytest.mark.parametrize(
    "trainable", [Lora(rank=2, layers=2), Layers(kind="layers", layers=1)], ids=str
)
def test_a_saved_policy_is_a_model_string(
    toy_model_folder: Path, tmp_path: Path, trainable: Trainable
) -> None:
    policy, _ = _moved(toy_model_folder, trainable, tmp_path / "run")
    spec = f"hf:{toy_model_folder}?template=none"
    loaded = models.load(model_string(spec, trainable, tmp_path / "run"))
    [(first, _)] = policy.encode(PAIRS)
    text = policy.prompts.tokenizer.decode(first.tokens[first.start : -1])
    [score] = loaded.score([Request("Statement:", choices=(text,))], ())
    without_end = policy.logps([type(first)(first.tokens[:-1], first.start)])[0].item()
    assert score.logprobs == pytest.approx([without_end], abs=1e-3)
    assert loaded.fingerprint != policy.fingerprint


def test_a_saved_adapter_holds_no_path_and_repeats_its_bytes(
    toy_model_folder: Path, tmp_path: Path
) -> None:
    digests = []
    for name in ("a", "b"):
        _moved(toy_model_folder, Lora(rank=2, layers=1), tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        assert [f.name for f in files] == ["adapter_config.json", "adapter_model.safetensors"]
        digests.append([hashlib.sha256(f.read_bytes()).hexdigest() for f in files])
    assert digests[0] == digests[1]
    config = json.loads((tmp_path / "a" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == f"hf:{toy_model_folder}?template=none"
    assert (config["r"], config["layers_to_transform"]) == (2, [2])


def test_more_layers_than_there_are_is_named(toy_model_folder: Path) -> None:
    policy, spec = _policy(toy_model_folder)
    with pytest.raises(ParamsError, match="the policy has 3 layers"):
        Moving(policy, Lora(layers=4), spec)


@pytest.mark.parametrize(
    "trainable", [Lora(rank=2, layers=2), Layers(kind="layers", layers=1)], ids=str
)
def test_saved_weights_come_back(
    toy_model_folder: Path, tmp_path: Path, trainable: Trainable
) -> None:
    policy, moving = _moved(toy_model_folder, trainable, tmp_path / "run")
    pairs = policy.encode(PAIRS)
    trained = policy.measure(pairs)
    moving.reset("seed", 0)
    assert not torch.allclose(policy.measure(pairs), trained)
    moving.load(tmp_path / "run")
    torch.testing.assert_close(policy.measure(pairs), trained)


@pytest.mark.parametrize("damage", ["missing", "garbage", "other"])
def test_weights_that_cannot_be_used_are_named(
    toy_model_folder: Path, tmp_path: Path, damage: str
) -> None:
    _moved(toy_model_folder, Lora(rank=2, layers=1), tmp_path / "run")
    file = tmp_path / "run" / "adapter_model.safetensors"
    if damage == "missing":
        file.unlink()
    elif damage == "garbage":
        file.write_bytes(b"\xff" * 64)
    policy, spec = _policy(toy_model_folder)
    moving = Moving(policy, Lora(rank=2, layers=2 if damage == "other" else 1), spec)
    with pytest.raises(InputError, match="run `measurand train"):
        moving.load(tmp_path / "run")


@pytest.mark.parametrize("lost", ["embed_tokens", "lm_head", "layers.2.mlp.up", "model.norm"])
def test_whole_models_that_lack_weights_are_refused(
    toy_model_folder: Path, tmp_path: Path, lost: str
) -> None:
    from safetensors.torch import load_file, save_file

    _, moving = _moved(toy_model_folder, Layers(kind="layers"), tmp_path / "run")
    moving.load(tmp_path / "run")
    file = tmp_path / "run" / "model.safetensors"
    save_file({n: x for n, x in load_file(file).items() if lost not in n}, file)
    with pytest.raises(InputError, match=lost.split(".")[0]):
        moving.load(tmp_path / "run")


@pytest.mark.parametrize("name", ["a+b", "50%", "a&b", "what?x=1"])
def test_names_of_trained_policies_are_paths_as_they_are(
    name: str, toy_model_folder: Path, tmp_path: Path
) -> None:
    _moved(toy_model_folder, Lora(rank=2, layers=1), tmp_path / name)
    spec = model_string(f"hf:{toy_model_folder}?template=none", Lora(), tmp_path / name)
    assert models.load(spec).fingerprint != models.load(f"hf:{toy_model_folder}").fingerprint
