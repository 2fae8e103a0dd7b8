"""Which extra brings a package that is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from measurand.errors import CapabilityError

#: Extra by the module that is missed; the light verbs need none of them.
EXTRAS = {
    "accelerate": "hf",
    "apache_beam": "build",
    "av": "video",
    "ale_py": "video",
    "chess": "games",
    "datasets": "build",
    "datasketch": "project",
    "defusedxml": "driving",
    "dvc": "project",
    "flask": "web",
    "gguf": "hf",
    "google": "driving",
    "google_crc32c": "driving",
    "grpc": "build",
    "gymnasium": "driving",
    "httpx": "openai",
    "httpx2": "publish",
    "huggingface_hub": "publish",
    "pandas": "build",
    "pathspec": "project",
    "peft": "hf",
    "lxml": "web",
    "minatar": "games",
    "mujoco": "control",
    "openpyxl": "excel",
    "PIL": "video",
    "pingouin": "project",
    "playwright": "web",
    "polars": "project",
    "reasoning_gym": "reasoning",
    "safetensors": "hf",
    "selenium": "web",
    "skimage": "video",
    "shapely": "driving",
    "sklearn": "project",
    "tokenizers": "hf",
    "torch": "hf",
    "transformers": "hf",
    "unified_planning": "project",
    "up_fast_downward": "project",
    "vllm": "vllm",
    "warcio": "web",
    "werkzeug": "web",
}


def missing(error: ModuleNotFoundError, verb: str) -> CapabilityError | None:
    """The named error for a package that an extra brings; None for any other module.

    Args:
        error: what the import raised.
        verb: what was asked for.
    """
    name = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(name)
    if extra is None:
        return None
    return CapabilityError(
        f"{verb} needs the package {name}, which is not installed",
        hint=f"pip install 'measurand[{extra}]'",
        code="missing_extra",
    )


@contextmanager
def named(verb: str) -> Iterator[None]:
    """Within this block a package that is missed is named with its extra.

    Raises:
        CapabilityError: code ``missing_extra``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing(error, verb) or error from error
