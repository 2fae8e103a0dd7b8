"""Where examples come from: one module per kind of source, each with ``draw``."""

from __future__ import annotations

import importlib
from pathlib import Path

from pipelines.many_shot.example import Drawn
from schemas.many_shot.params import Task

_MODULES = {
    "linear": "linear",
    "parity": "parity",
    "arithmetic": "arithmetic",
    "planning": "planning",
    "sentiment": "sentiment",
    "tabular": "tabular",
    "reasoning_gym": "reasoning_gym_task",
    "file": "file_task",
}


def examples(task: Task, seed: int, sources: Path) -> Drawn:
    """Draw the examples of a task.

    Args:
        task: the task.
        seed: seed of the dataset; generated tasks depend on it and on the task's id.
        sources: folder where files fetched from a package index are kept.

    Raises:
        ParamsError: the source cannot give what the task asks for.
        InputError: a file is missing or cannot be read.
        CapabilityError: a package is not installed.
    """
    module = importlib.import_module(f"{__name__}.{_MODULES[task.source.kind]}")
    drawn: Drawn = module.draw(task, seed, sources)
    return drawn


def wanted(task: Task) -> int:
    """Examples that a task needs, with a tenth to spare for what is too close to a test."""
    needed = task.train + task.dev + task.test
    return needed + max(needed // 10, 8)
