"""Repeated trainings: which seed each has, and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from measurand.stats.resample import seed_for

Params = TypeVar("Params", bound=Any)


def repeat_of(params: Params, at: int) -> Params:
    """Parameters of one training of several: its own seed, which decides start and order.

    Args:
        params: parameters with ``train.seed``.
        at: 0-based training; the first has the seed that is given.
    """
    seed = params.train.seed
    update: dict[str, Any] = {"seed": seed if at == 0 else seed_for(seed, "training", at) >> 32}
    if hasattr(params.train, "repeats"):
        update["repeats"] = 1
    changed: Params = params.model_copy(update={"train": params.train.model_copy(update=update)})
    return changed


def folder_of(folder: Path, at: int) -> Path:
    """Where a training lies: the first in the folder itself, others in ``training-N`` below."""
    return folder if at == 0 else folder / f"training-{at}"
