"""LoRA adapters in PEFT's format, merged into the model that they were trained on."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from measurand.errors import InputError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def merge(spec: str, model: Any, folder: Path) -> Any:
    """The model with the adapter's update added to its weights.

    Args:
        spec: model string, for messages.
        model: a transformers model, in the precision of the adapter's training.
        folder: what PEFT's ``save_pretrained`` writes.

    Raises:
        InputError: code ``bad_model``: no adapter there, or one of another model.
    """
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise InputError(
                f"{spec}: {folder} holds no adapter ({name} is missing)",
                hint="give a folder that `train` or PEFT wrote",
                code="bad_model",
            )
    import peft

    try:
        json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        with warnings.catch_warnings():
            # Weights that the file lacks would be drawn at random.
            warnings.filterwarnings("error", message="Found missing adapter keys")
            adapted = peft.PeftModel.from_pretrained(model, str(folder), local_files_only=True)
    except (ValueError, KeyError, RuntimeError, TypeError, UserWarning) as error:
        raise InputError(
            f"{spec}: the adapter in {folder} does not fit: {str(error).splitlines()[0]}",
            hint="use it with the model that it was trained on",
            code="bad_model",
        ) from error
    return adapted.merge_and_unload()
