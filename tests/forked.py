"""Processes that begin as copies of one that has imported what is heavy."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

HEAVY = (
    "torch._dynamo",  # which an optimiser of torch imports
    "transformers.models.llama.modeling_llama",
    "transformers.models.auto.modeling_auto",
    "scipy.stats",
    "apache_beam",
    "dvc.cli",
    "dvc.repo",
    "pydantic",
    "pytest",
)
"""What takes seconds to import, and begins no threads. No module of tests: the server does not know
where they lie."""


def warm() -> Any:
    """A context of ``multiprocessing`` whose processes are such copies."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*HEAVY])
    return context


def begin(work: Callable[..., None], *words: Any, **named: Any) -> Any:
    """Call a function of a module in a process of its own; returns the process.

    Heavy modules are imported once for all such processes of a run of tests. Its folder and its
    environment are the caller's. It is not the caller's child: once it has ended nothing answers
    to its id, and a signal to it or its group is a ``ProcessLookupError``.
    """
    given = os.getcwd(), dict(os.environ), work, words, named
    process = warm().Process(target=_as_here, args=given)
    process.start()
    return process


def _as_here(
    folder: str,
    environment: dict[str, str],
    work: Callable[..., None],
    words: tuple[Any, ...],
    named: dict[str, Any],
) -> None:
    # The server has those of the test that needed it first.
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    work(*words, **named)


def _program(
    module: str, root: Path, words: tuple[str, ...], environment: dict[str, str], said: Path
) -> None:
    os.chdir(root)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT), stream)
    sys.exit(importlib.import_module(module).main([*words]))


def _said(
    module: str, root: Path, words: tuple[str, ...], environment: Mapping[str, str], seconds: float
) -> CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder)
        process = begin(_program, module, root, words, dict(environment), said)
        process.join(seconds)
        process.kill()  # where it has not ended
        process.join()
        out, err = ((said / name).read_text() for name in ("out", "err"))
    return CompletedProcess([module, *words], process.exitcode, out, err)


def dvc(
    root: Path, *words: str, environment: Mapping[str, str] = os.environ, seconds: float = 240
) -> CompletedProcess[str]:
    """What ``dvc`` says in a folder, started warm."""
    return _said("dvc.cli", root, words, {**environment, "DVC_NO_ANALYTICS": "1"}, seconds)


def measurand(
    root: Path, *words: str, environment: Mapping[str, str] = os.environ, seconds: float = 240
) -> CompletedProcess[str]:
    """What ``measurand`` says in a folder, started warm; it is that of ``PYTHONPATH``."""
    return _said("measurand.cli", root, words, environment, seconds)
