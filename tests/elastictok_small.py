"""A small ElasticTok from dataset to results in seconds: sixteen pixels, K = 16, two blocks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.elastictok.params import Params

SMALL: dict[str, Any] = {
    "build": {
        "sources": [
            {"kind": "moving", "clips": 30, "frames": 40, "cuts": 1.0, "objects": [0, 4]},
            {"kind": "pictures", "package": "scikit-learn", "crops": 6},
        ],
        "size": 16,
        "fps": 15,
        "block_frames": 2,
        "blocks": 2,
        "hop": 4,
        "test_share": 0.4,
        "n_shards": 2,
    },
    "train": {
        "patch": [2, 4, 4],
        "min_tokens": 2,
        "network": {
            "width": 32, "mlp": 48, "encoder_layers": 1, "decoder_layers": 1, "heads": 2,
        },
        "bottleneck": {"kind": "fsq", "levels": [8, 5, 5]},
        "models": [{"name": "elastic"}, {"name": "fixed4", "tokens": 4}],
        "optimiser": {"steps": 12, "batch": 4, "lr": 2e-3, "warmup": 2},
        "head": {"sequences": 8, "budgets": 4, "steps": 10},
        "save_every": 5,
    },
    "evaluate": {
        "sequences": 12, "bins": 5, "noise_blocks": 4, "strips": 1,
        # What such a short training reaches is known by no one.
        "thresholds": [
            {"name": "strict", "tokens": 1.0, "quantile": 0.7},
            {"name": "middle", "tokens": 0.25, "quantile": 0.3},
            {"name": "loose", "tokens": 0.25, "quantile": 0.7},
        ],
    },
    "report": {"resamples": 100},
}  # fmt: skip
"""Parameters; training is so short that figures mean nothing."""


def params_of(**changes: Any) -> Params:
    """The small parameters with some sections' keys changed: ``params_of(train={...})``."""
    raw = {name: {**SMALL[name], **changes.get(name, {})} for name in SMALL}
    return Params.model_validate(raw)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder: caches and journals of what runs outside a project lie there."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


def build_in(folder: Path, params: Params, runner: str = "FnApiRunner") -> Path:
    """Build ``folder/dataset``; returns the folder."""
    from pipelines.elastictok.dataset import build

    with inside(folder):
        build(params, folder / "dataset", runner, journal=folder / "journal")
    return folder


def train_in(folder: Path, params: Params) -> Path:
    """Train into ``folder/checkpoint``; returns the folder."""
    from pipelines.elastictok.train import train

    with inside(folder):
        train(params, folder / "dataset", folder / "checkpoint", journal=folder / "journal")
    return folder
