"""Named tensors with a description as safetensors, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.manifest import temporary

Tensor = Any
_KEY = "measurand"


def save(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Replace a file in one step; equal tensors and descriptions give equal bytes.

    Args:
        path: the file; its folder is made.
        tensors: tensors of any device, by name.
        about: JSON values.
    """
    from safetensors.torch import save_file

    # One key: the format keeps several in no certain order.
    text = json.dumps(dict(about), sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        flat = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        save_file(flat, part, metadata={_KEY: text})
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
            about: dict[str, Any] = json.loads((file.metadata() or {})[_KEY])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except FileNotFoundError:
        raise InputError(f"{path} is not there", hint="run `measurand train SYSTEM`") from None
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise InputError(f"{path} is no checkpoint: {error}", hint="train again") from error


def about(path: Path) -> dict[str, Any] | None:
    """The description alone; None where there is no readable file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            found: dict[str, Any] = json.loads((file.metadata() or {})[_KEY])
            return found
    except (SafetensorError, KeyError, ValueError, OSError):
        return None
