"""Weights that are numbers only with their scales, and those that are numbers by themselves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from reweighed import Tensors, reweigh
from safetensors.torch import load_file

from measurand.errors import InputError
from measurand.models import load, quantised
from measurand.models.protocol import Request

REQUEST, DIGITS = Request("I like dogs. RATING: "), ("1", "2", "3", "4", "5")


@pytest.fixture
def folder(toy_model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(toy_model_folder, tmp_path / "model"))


def _packed(kind: torch.dtype) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {
        name: (x * 100).to(kind) if "q_proj.weight" in name else x for name, x in tensors.items()
    }


def _scaled(name: str) -> Callable[[Tensors], Tensors]:
    first = "model.layers.0.self_attn.q_proj"
    return lambda tensors: tensors | {f"{first}.{name}": torch.ones(1)}


PACKED: dict[str, tuple[Callable[[Tensors], Tensors], str]] = {
    "int8": (_packed(torch.int8), "as I8, and config.json names no quantization"),
    "bytes": (_packed(torch.uint8), "as U8, and"),
    "fp8": (_packed(torch.float8_e4m3fn), "as F8_E4M3, and"),
    **{
        name: (_scaled(name), "scales weights and would not be used")
        for name in ("weight_scale", "SCB", "weight.absmax", "scales", "weight_zero_point",
                     "weight_scale_inv", "input_scale", "weight.quant_state.bitsandbytes__nf4")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PACKED)
def test_packed_weights_are_never_read_as_the_numbers_themselves(name: str, folder: Path) -> None:
    change, wanted = PACKED[name]
    reweigh(folder, change)
    with pytest.raises(InputError, match=wanted):
        load(f"hf:{folder}")


def test_packed_weights_of_a_pickled_file_are_refused_too(folder: Path) -> None:
    file = folder / "model.safetensors"
    torch.save(_packed(torch.int8)(load_file(file)), folder / "pytorch_model.bin")
    file.unlink()
    with pytest.raises(InputError, match=r"as torch\.int8, and config.json names no quantization"):
        load(f"hf:{folder}")


def test_half_precision_is_no_packing(folder: Path) -> None:
    reweigh(folder, lambda tensors: {name: x.half() for name, x in tensors.items()})
    (score,) = load(f"hf:{folder}").score([REQUEST], DIGITS)
    assert score.status == "ok"


@pytest.mark.parametrize("name", ["quantization_config", "compression_config"])
def test_settings_that_name_a_packing_are_left_to_the_library(name: str) -> None:
    assert quantised.named({name: {"bits": 8}})
    assert not quantised.named({"quantization_config": None})
