"""Folders of other people's models: looked at before they are loaded, tried before they are used.

Whatever a library raises on a damaged or unusual folder leaves here as one line. Weights that the
files do not hold are never drawn at random: such a folder is refused.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measurand.errors import MeasurandError
from measurand.models import quantised
from measurand.models.strings import ModelSpec

CONFIG = "config.json"
WEIGHTS = (".safetensors", ".bin")
FILES = (*WEIGHTS, ".json", ".jinja", ".model", ".txt")
"""Endings of the files that decide a model's answers."""

_OTHER_HEAD = re.compile(
    r"For((Sequence|Token|Image|Audio\w*)Classification|QuestionAnswering|MultipleChoice|MaskedLM|"
    r"NextSentencePrediction|RewardModel\w*|PreTraining)$|RewardModel$|ForProcessReward\w*$"
)
_SETS = tuple((name, f"{name}.index.json") for name in ("model.safetensors", "pytorch_model.bin"))
_LFS = b"version https://git-lfs.github.com/spec/"
_LONGEST = 300
_log = logging.getLogger(__name__)


@contextmanager
def reading(spec: ModelSpec, what: str, hint: str) -> Iterator[None]:
    """Whatever a library raises inside is a named error, in one line.

    Args:
        spec: the model.
        what: what cannot be done, before the library's own words.
        hint: what to do.

    Raises:
        InputError: code ``bad_model``.
    """
    try:
        yield
    except (MeasurandError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    # A panic of a library in Rust is no Exception.
    except BaseException as error:
        raise spec.refused(f"{what}: {one_line(error)}", hint) from error


def one_line(error: BaseException) -> str:
    """The error's kind and words without line breaks, shortened."""
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def runs_code(spec: ModelSpec) -> bool:
    """Whether the model string allows Python files of the folder to be run: ``code=run``."""
    return spec.option("code", "none", ("none", "run")) == "run"


def hashed(folder: Path, *, code: bool = False, weights: bool = True) -> list[Path]:
    """The files that decide the answers, by name; without weights those that decide the tokens."""
    endings = {*FILES, *([".py"] if code else [])} - set(() if weights else WEIGHTS)
    found = [p for p in folder.iterdir() if p.suffix in endings and p.is_file()]
    templates = folder / "additional_chat_templates"
    found += [p for p in templates.glob("*.jinja") if p.is_file()] if templates.is_dir() else []
    return sorted(found)


def inspect(spec: ModelSpec, folder: Path) -> None:
    """Refuse files that are not what their names say: pointers, cut weights, no JSON.

    Raises:
        InputError: code ``bad_model``, naming the file.
    """
    for path in hashed(folder):
        with reading(spec, f"{path} cannot be read", "look at the file"), path.open("rb") as file:
            head = file.read(len(_LFS))
        if head == _LFS:
            raise spec.refused(
                f"{path} is a Git LFS pointer, not the file itself", "fetch it with `git lfs pull`"
            )
        if path.suffix == ".json":
            with reading(spec, f"{path} is no JSON", "download the file again"):
                json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".safetensors":
            from safetensors import safe_open

            with (
                reading(spec, f"{path} is cut or damaged", "download the file again"),
                safe_open(path, framework="pt") as tensors,
            ):
                tensors.keys()
    _refuse_two_sets(spec, folder)


def _refuse_two_sets(spec: ModelSpec, folder: Path) -> None:
    """Refuse one file of all weights beside an index that names other files: which are meant?"""
    for single, index in _SETS:
        if not ((folder / single).is_file() and (folder / index).is_file()):
            continue
        with reading(spec, f"{folder / index} is no index of weights", "download it again"):
            named = set(
                json.loads((folder / index).read_text(encoding="utf-8"))["weight_map"].values()
            )
        if single not in named:
            raise spec.refused(
                f"{folder} holds two sets of weights, {single} and the files of {index}",
                "leave one of them",
            )


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and tables that transformers prints while it loads."""
    from transformers.utils import logging as library

    shown, level = library.is_progress_bar_enabled(), library.get_verbosity()
    library.disable_progress_bar()
    library.set_verbosity(library.CRITICAL)
    try:
        yield
    finally:
        library.set_verbosity(level)
        if shown:
            library.enable_progress_bar()


def complete(spec: ModelSpec, folder: Path) -> None:
    """Refuse a folder that lacks weights, or has them in another shape; nothing is computed.

    Weights that are tied to others may be missing.

    Raises:
        InputError: code ``bad_model``, with the number of weights and one of their names.
    """
    from transformers import AutoModelForCausalLM

    _refuse_other_heads(spec, folder)
    with _loading(spec, folder):
        quantised.refuse_bare(spec, folder)
    with quiet(), _loading(spec, folder):
        _, found = AutoModelForCausalLM.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=runs_code(spec),
            device_map="meta",
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    _refuse_holes(spec, folder, found)


def weights(spec: ModelSpec, folder: Path, dtype: str) -> Any:
    """The transformers model of a folder, every weight of it read from there.

    Raises:
        InputError: code ``bad_model``: it cannot be loaded, weights are missing, of another shape,
            or no numbers.
    """
    import torch
    from transformers import AutoModelForCausalLM

    complete(spec, folder)
    with quiet(), _loading(spec, folder):
        model, found = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=runs_code(spec),
            output_loading_info=True,
        )
    _refuse_holes(spec, folder, found)
    return model


def _loading(spec: ModelSpec, folder: Path) -> Any:
    return reading(
        spec,
        f"transformers cannot load {folder}",
        "the folder needs config.json, weights and tokenizer files of a causal language model; "
        "code of its own is run with code=run, if you trust it",
    )


def _refuse_holes(spec: ModelSpec, folder: Path, found: dict[str, Any]) -> None:
    missing = sorted(found["missing_keys"])
    if missing:
        raise spec.refused(
            f"{folder} lacks {len(missing)} weights of the model, {missing[0]} among them",
            "they would be drawn at random; the names in the files and config.json must agree "
            "(a missing head: tie_word_embeddings)",
        )
    other = sorted(found["mismatched_keys"])
    if other:
        name, here, wanted = other[0]
        raise spec.refused(
            f"{folder}: {len(other)} weights are of another shape than config.json says, "
            f"{name} among them ({tuple(here)}, not {tuple(wanted)})",
            "give weights and config.json of one model",
        )
    if found.get("error_msgs"):
        raise spec.refused(f"{folder}: {found['error_msgs'][0]}", "look at the weights")
    unused = sorted(found["unexpected_keys"])
    quantised.refuse_scales(spec, folder, unused)
    if unused and (layer := _more_layers(unused)) is not None:
        raise spec.refused(
            f"{folder} holds {len(unused)} weights that config.json leaves out, {layer} among them",
            "give weights and config.json of one model",
        )
    if unused:
        _log.warning(
            "%s: %s weights of the folder are not used, %s among them",
            *(spec.shown, len(unused), unused[0]),
        )


def _refuse_other_heads(spec: ModelSpec, folder: Path) -> None:
    """Refuse a classifier: with tied embeddings it loads as a language model that it never was."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    kinds = config.get("architectures") if isinstance(config, dict) else None
    names = [k for k in kinds if isinstance(k, str)] if isinstance(kinds, list) else []
    other = next(filter(_OTHER_HEAD.search, names), None)
    if other is not None:
        raise spec.refused(
            f"{folder} holds a {other}, whose head predicts no next word",
            "give a causal language model",
        )


def _more_layers(unused: list[str]) -> str | None:
    """A weight of a layer that the model does not have, None where there is none."""
    return next((name for name in unused if ".layers." in name or ".h." in name), None)


def settings(spec: ModelSpec, folder: Path) -> Any:
    """The text settings of ``config.json``, as transformers reads them.

    Raises:
        InputError: code ``bad_model``.
    """
    from transformers import AutoConfig

    with reading(spec, f"{folder / CONFIG} cannot be used", "give the folder of a language model"):
        return AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=runs_code(spec)
        ).get_text_config()


def context(spec: ModelSpec, folder: Path) -> int | None:
    """Tokens that the model can hold, None where its settings do not say."""
    length = getattr(settings(spec, folder), "max_position_embeddings", None)
    return length if isinstance(length, int) else None
