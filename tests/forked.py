"""Processes that begin as copies of one that has imported what is heavy."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

HEAVY = (
    "torch._dynamo",  # which an optimiser of torch imports
    "transformers.models.llama.modeling_llama",
    "transformers.models.auto.modeling_auto",
    "polars",
    "scipy.stats",
    "apache_beam",
    "pydantic",
    "pytest",
)
"""What takes seconds to import. No module of tests: the server does not know where they lie."""


def begin(work: Callable[..., None], *words: Any, **named: Any) -> Any:
    """Call a function of a module in a process of its own; returns the process.

    Heavy modules are imported once for all such processes of a run of tests.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*HEAVY])
    process = context.Process(target=work, args=words, kwargs=named)
    process.start()
    return process
