"""Weights that are numbers only with their scales: refused where those would be ignored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from measurand.models.strings import ModelSpec

_SETTINGS = ("quantization_config", "compression_config")
_SCALES = re.compile(
    r"(^|[._])(\w*scales?(_\w+)?|scb|\w*zero_?points?|zeros|qzeros|absmax|quant_map|quant_state\S*|"
    r"nested_absmax|nested_quant_map|g_idx|qweight|weight_format)$",
    re.I,
)
_HINT = (
    "give the folder whose config.json says how its weights are packed, or one in full precision"
)


def named(config: Any) -> bool:
    """Whether ``config.json`` says that the weights are quantised."""
    return isinstance(config, dict) and any(config.get(name) for name in _SETTINGS)


def refuse_bare(spec: ModelSpec, folder: Path) -> None:
    """Refuse weights stored as integers or eight-bit floats where no setting says what they mean.

    They would be read as the numbers themselves. Whole tensors of a model's own counters and masks
    (at most one dimension, or true and false) are no weights.

    Raises:
        InputError: code ``bad_model``, naming a weight and its type.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if named(config):
        return
    for name, dtype in _stored(folder):
        if not re.fullmatch(r"(torch\.)?(BF16|F16|F32|F64|bfloat16|float(16|32|64))", dtype):
            raise spec.refused(
                f"{folder} holds {name} as {dtype}, and config.json names no quantization", _HINT
            )


def refuse_scales(spec: ModelSpec, folder: Path, unused: Iterable[str]) -> None:
    """Refuse a folder of whose tensors the scales of its weights would not be used.

    Raises:
        InputError: code ``bad_model``, naming one.
    """
    found = next((name for name in sorted(unused) if _SCALES.search(name)), None)
    if found is not None:
        raise spec.refused(
            f"{folder} holds {found}, which scales weights and would not be used", _HINT
        )


def _stored(folder: Path) -> Iterable[tuple[str, str]]:
    """Names and types of the matrices in the files."""
    for path in sorted(folder.glob("*.safetensors")):
        from safetensors import safe_open

        with safe_open(path, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - it is no mapping
                part = tensors.get_slice(name)
                if len(part.get_shape()) > 1 and part.get_dtype() != "BOOL":
                    yield name, part.get_dtype()
    if not any(folder.glob("*.safetensors")):
        for path in sorted(folder.glob("*.bin")):
            yield from _pickled(path)


def _pickled(path: Path) -> Iterable[tuple[str, str]]:
    import torch

    held = torch.load(path, map_location="meta", weights_only=True)
    for name, tensor in held.items() if isinstance(held, dict) else ():
        if isinstance(tensor, torch.Tensor) and tensor.dim() > 1 and tensor.dtype != torch.bool:
            yield str(name), str(tensor.dtype)
