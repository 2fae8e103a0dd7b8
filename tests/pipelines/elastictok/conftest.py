from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.elastictok import Params

SMALL: dict[str, Any] = {
    "build": {
        "sources": [
            {"kind": "moving", "clips": 12, "frames": 40, "cuts": 1.0, "objects": [1, 4]},
            {"kind": "pictures", "package": "scikit-learn", "crops": 6},
        ],
        "size": 16,
        "fps": 15,
        "block_frames": 2,
        "blocks": 2,
        "hop": 2,
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
    "evaluate": {"sequences": 4, "bins": 5, "noise_blocks": 4},
    "report": {"resamples": 100, "strips": 1},
}  # fmt: skip
"""Sixteen pixels, K = 16, two blocks: seconds from dataset to report."""


@pytest.fixture(scope="session")
def small() -> Params:
    return Params.model_validate(SMALL)


@pytest.fixture(scope="session")
def built(small: Params, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder with ``dataset/`` of the small parameters, built once a session."""
    from pipelines.elastictok.dataset import build

    here, folder = Path.cwd(), tmp_path_factory.mktemp("elastictok")
    os.chdir(folder)
    try:
        build(small, folder / "dataset", "FnApiRunner", journal=folder / "journal")
        yield folder
    finally:
        os.chdir(here)
