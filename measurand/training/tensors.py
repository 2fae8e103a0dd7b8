"""Named tensors with a description as safetensors, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from measurand.errors import InputError
from measurand.manifest import temporary
from measurand.training import ranks

Tensor = Any
_KEY = "measurand"


def save(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Replace a file in one step; equal tensors and descriptions give equal bytes.

    Of ranks that train together the first writes, and all wait until it is there.

    Args:
        path: the file; its folder is made.
        tensors: tensors of any device, by name.
        about: JSON values.
    """
    ranks.from_first(partial(_save, path, tensors, about))


def _save(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
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


def match(path: Path, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are not those of a model.

    Args:
        path: where they were read, for the message.
        found: tensors by name.
        wanted: tensors of the model, for their names and shapes.

    Raises:
        InputError: one is missing, too many, or of another shape.
    """
    shapes = [{name: tuple(x.shape) for name, x in some.items()} for some in (found, wanted)]
    wrong = sorted(name for name in {*found, *wanted} if shapes[0].get(name) != shapes[1].get(name))
    if wrong:
        raise InputError(
            f"{path} holds weights of another model: {len(wrong)} differ, {wrong[0]} among them",
            hint="use it with the parameters that it was trained with, or train again",
        )


def about(path: Path) -> dict[str, Any] | None:
    """The description alone; None where there is no readable file.

    Ranks that train together all get what the first reads.
    """
    return ranks.from_first(partial(_about, path))


def _about(path: Path) -> dict[str, Any] | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            found: dict[str, Any] = json.loads((file.metadata() or {})[_KEY])
            return found
    except (SafetensorError, KeyError, ValueError, OSError):
        return None
