"""Models by name: a model string picks a backend module, which loads it."""

from __future__ import annotations

import importlib
from pathlib import Path

from measurand.errors import CapabilityError, InputError
from measurand.models.protocol import Model
from measurand.models.strings import ModelSpec

BACKENDS = {
    "smollm2": "smollm2",
    "hf": "hf:<folder>",
    "vllm": "vllm:<folder>",
    "openai": "openai:<base url>#<model>",
    "synthetic": "synthetic:<name>",
    "replay": "replay:<file>",
}
_EXTRAS = {"torch": "hf", "transformers": "hf", "safetensors": "hf", "vllm": "vllm"}


def load(spec: str, *, cache: Path = Path("models")) -> Model:
    """Load a model.

    Args:
        spec: ``backend:target`` with optional ``?name=value&name=value``; the backends are the
            keys of ``BACKENDS``.
        cache: folder for converted weights; made when needed.

    Raises:
        InputError: code ``bad_model``: an unknown backend, option or value.
        CapabilityError: code ``missing_extra``: the backend's packages are not installed.
    """
    parsed = ModelSpec.parse(spec, cache=cache)
    if parsed.backend not in BACKENDS:
        raise InputError(
            f"unknown model backend {parsed.backend!r} in {spec!r}",
            hint=f"write one of: {', '.join(BACKENDS.values())}",
            code="bad_model",
        )
    if not parsed.target and ":" in BACKENDS[parsed.backend]:
        raise InputError(
            f"model string {spec!r} does not say what to load",
            hint=f"write {BACKENDS[parsed.backend]}",
            code="bad_model",
        )
    try:
        module = importlib.import_module(f"measurand.models.{parsed.backend}")
        model: Model = module.load(parsed)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        raise CapabilityError(
            f"{spec} needs the package {error.name!r}, which is not installed",
            hint=f"pip install 'measurand[{extra}]'",
            code="missing_extra",
        ) from error
    return model
