"""A real dataset of every kind of curve, small enough for a unit test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from measurand import shards
from pipelines.many_shot.dataset import build
from schemas.many_shot.params import Params

CONTEXT = 700
TASKS: list[dict[str, Any]] = [
    {
        "id": "line",
        "source": {"kind": "linear", "features": 4, "seed": 0},
        "train": 60,
        "dev": 4,
        "test": 8,
        "layout": {"question": "In", "answer": "Out", "preface": "Classify."},
        "answer_tokens": 2,
        "curves": [
            {"shots": [0, 4, 9, 40], "seeds": 3, "orders": 2},
            {"label_map": "flipped", "shots": [0, 4], "seeds": 2},
            {"distinct": 2, "shots": [2, 7], "seeds": 2},
            {"regime": "unsupervised", "shots": [0, 4], "seeds": 2, "demonstrations": 2},
        ],
    },
    {
        "id": "bits",
        "source": {"kind": "parity", "bits": 6},
        "train": 12,
        "dev": 0,
        "test": 6,
        "answer_tokens": 8,
        "curves": [{"shots": [0, 2, 12, 13, 20], "seeds": 2}],
    },
    {
        "id": "sums",
        "source": {"kind": "arithmetic", "terms": 2, "digits": 1},
        "train": 20,
        "dev": 2,
        "test": 5,
        "answer_tokens": 6,
        "curves": [
            {"shots": [1, 4], "seeds": 2},
            {"rationale": "program", "shots": [1, 4], "seeds": 2},
            {"regime": "reinforced", "rationale": "model", "shots": [1, 4, 50, 60], "seeds": 2},
        ],
    },
]
WRITER = {
    "model": "oracle:solver",
    "tasks": ["sums"],
    "problems": 6,
    "samples": 1,
    "examples": 1,
    "temperature": 1.0,
    "max_tokens": 8,
    "seed": 0,
    "batch_size": 8,
}


@pytest.fixture(scope="session")
def recipe(toy_model_folder: Path) -> Callable[..., Params]:
    """Parameters; keyword arguments change ``build``."""

    def made(**changes: Any) -> Params:
        settings = {
            "tokenizer": f"hf:{toy_model_folder}?template=none",
            "context_limit": CONTEXT,
            "tasks": TASKS,
            "rationales": WRITER,
            "n_shards": 3,
        }
        return Params.model_validate({"build": settings | changes})

    return made


@pytest.fixture(scope="session")
def built(recipe: Callable[..., Params], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dataset folder."""
    out = tmp_path_factory.mktemp("many_shot_recipe")
    build(recipe(), out / "dataset", "FnApiRunner", journal=out / "journal")
    return out / "dataset"


@pytest.fixture(scope="session")
def tables(built: Path) -> dict[str, pl.DataFrame]:
    """Pool, prompts, leakage and rationales."""
    names = ("pool", "prompts", "leakage", "rationales")
    return {n: pl.DataFrame(pl.from_arrow(shards.read_table(built / n))) for n in names}
