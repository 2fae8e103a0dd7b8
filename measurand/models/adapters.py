"""Adapters in PEFT's format, merged into the model that they were trained on."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from measurand.models import folders
from measurand.models.strings import ModelSpec

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def merge(spec: ModelSpec, model: Any, folder: Path) -> Any:
    """The model with the adapter's update added to its weights.

    Args:
        spec: the model, for messages.
        model: a transformers model, in the precision of the adapter's training.
        folder: what PEFT's ``save_pretrained`` writes.

    Raises:
        InputError: code ``bad_model``: no adapter, one of another model, or one that is no change
            of weights.
    """
    import peft
    from safetensors import safe_open

    folders.inspect(spec, folder)
    hint = "use it with the model that it was trained on"
    with (
        folders.reading(spec, f"the adapter in {folder} does not fit", hint),
        folders.quiet(),
        warnings.catch_warnings(),
    ):
        settings = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if settings.get("megatron_config"):
            # PEFT would import a module that the file names.
            raise ValueError("megatron_config names code to run")
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            given = len(file.keys())
        warnings.simplefilter("ignore")
        # Weights that the file lacks would be drawn at random.
        warnings.filterwarnings("error", message="Found missing adapter keys")
        adapted = peft.PeftModel.from_pretrained(model, str(folder), local_files_only=True)
        if not hasattr(adapted.base_model, "merge_and_unload"):
            raise ValueError(f"{settings['peft_type']} changes prompts, not weights")
        used = len(peft.get_peft_model_state_dict(adapted, save_embedding_layers=False))
        if given > used:
            raise ValueError(f"{given - used} of its {given} weights belong to no layer here")
        return adapted.merge_and_unload()
