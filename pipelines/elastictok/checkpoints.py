"""Weights and optimizer state as safetensors, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.manifest import temporary

FORMAT = "measurand.elastictok/1"

Tensor = Any


def save(path: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write tensors with a description (JSON values); equal ones give equal bytes."""
    from safetensors.torch import save_file

    # One key: the format keeps several in no certain order.
    text = json.dumps({"format": FORMAT, **about}, sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        flat = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        save_file(flat, part, metadata={"measurand": text})
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors on the CPU, and the description.

    Raises:
        InputError: there is no such file, or it is none of ours.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            about: dict[str, Any] = json.loads((file.metadata() or {})["measurand"])
            if about["format"] != FORMAT:
                raise KeyError("format")
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except FileNotFoundError:
        raise InputError(f"{path} is not there", hint="run `measurand train elastictok`") from None
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} is no checkpoint: {error}", hint="train again") from error


def about(path: Path) -> dict[str, Any] | None:
    """The description alone; None where there is no readable checkpoint."""
    try:
        return load(path)[1]
    except InputError:
        return None
