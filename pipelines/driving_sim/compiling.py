"""A function of tensors as machine code, where there is a compiler.

Compiled sums run in another order, so last bits differ from eager ones; everything else of the
system drives eagerly, to the same bits on any batch.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch

from measurand.errors import InputError

VARIANTS = 64
"""Shapes and settings that one function is compiled for at most; further ones run eagerly."""


def missing(device: str = "cpu") -> str:
    """Why nothing can be compiled for a device here; empty if it can."""
    if device != "cpu":
        return "" if importlib.util.find_spec("triton") else "no compiler for a GPU: triton"
    name = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    return "" if shutil.which(name) else f"no C++ compiler: {name} is not on the PATH"


def compiled(function: Callable[..., Any], device: str = "cpu") -> Callable[..., Any]:
    """The function compiled: a good half minute at its first call, and at every new shape.

    Whole numbers are numbers of the program: a function that reads a log at ``state.t`` is given
    :func:`moments.at`, or it is compiled for every step.

    Raises:
        InputError: there is no compiler.
    """
    if why := missing(device):
        raise InputError(why, hint="install one, or drive without compiling")
    return _made(function)


@lru_cache(maxsize=16)
def _made(function: Callable[..., Any]) -> Callable[..., Any]:
    # One thread: compilers that run side by side would stay behind as processes.
    made: Callable[..., Any] = torch.compile(
        function, dynamic=False, recompile_limit=VARIANTS, options={"compile_threads": 1}
    )
    return made
