"""Changes to the weights of a folder on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]


def reweigh(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    file = folder / "model.safetensors"
    changed = {name: x.contiguous().clone() for name, x in change(load_file(file)).items()}
    save_file(changed, file, metadata={"format": "pt"})
