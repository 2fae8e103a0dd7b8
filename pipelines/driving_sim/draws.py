"""Random numbers of a planner: of a scenario, a seed and a step, never of a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def uniforms(
    scenario_ids: Sequence[str], seed: int, steps: int, each: int
) -> npt.NDArray[np.float64]:
    """(B, steps, each) in [0, 1), every scenario from a generator of its own."""
    if not scenario_ids:
        return np.zeros((0, steps, each))
    return np.stack([_of(name, seed).random((steps, each)) for name in scenario_ids])


def _of(name: str, seed: int) -> np.random.Generator:
    digest = hashlib.sha256(f"driving_sim\0{seed}\0{name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
