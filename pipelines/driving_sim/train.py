"""Train the drivers."""

from __future__ import annotations

from pathlib import Path

from pipelines.driving_sim.learning import train_drivers
from schemas.driving_sim.params import Params


def train(params: Params, dataset: Path, out: Path, *, journal: Path) -> None:
    """Train every driver; see :func:`learning.train_drivers`.

    Args:
        params: parameters.
        dataset: folder of the scenarios.
        out: folder of the checkpoints.
        journal: folder of saved states, outside what DVC empties.
    """
    train_drivers(params.train, dataset, out, journal=journal)
