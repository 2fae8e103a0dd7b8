"""A real dataset of small tasks, and real answers of a toy model and of readers to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluators.many_shot.context import Subject, subjects
from evaluators.many_shot.evaluate import evaluate
from pipelines.many_shot.dataset import build
from schemas.many_shot.params import Params

TASKS: list[dict[str, Any]] = [
    {
        "id": "line",
        "source": {"kind": "linear", "features": 3, "seed": 0},
        "train": 40,
        "dev": 2,
        "test": 8,
        "layout": {"question": "In", "answer": "Out"},
        "answer_tokens": 2,
        "curves": [
            {"shots": [0, 6, 12, 24], "seeds": 3},
            {"label_map": "flipped", "shots": [0, 6], "seeds": 3},
            {"regime": "unsupervised", "shots": [0, 6], "seeds": 2, "demonstrations": 2},
        ],
    },
    {
        "id": "sums",
        "source": {"kind": "arithmetic", "terms": 2, "digits": 1},
        "train": 20,
        "dev": 2,
        "test": 5,
        "answer_tokens": 6,
        "stop": ["\n"],
        "curves": [
            {"shots": [0, 1, 2], "seeds": 2, "orders": 2},
            {"regime": "reinforced", "rationale": "model", "shots": [1, 50], "seeds": 2},
        ],
    },
]
WRITER = {
    "model": "oracle:solver",
    "tasks": ["sums"],
    "problems": 6,
    "samples": 2,
    "examples": 1,
    "temperature": 1.0,
    "max_tokens": 8,
    "seed": 0,
    "batch_size": 8,
}


@pytest.fixture(scope="session")
def small(toy_model_folder: Path) -> Params:
    """Parameters of two small tasks."""
    toy = f"hf:{toy_model_folder}?template=none&device=cpu"
    return Params.model_validate(
        {
            "build": {
                "tokenizer": toy,
                "context_limit": 4000,
                "tasks": TASKS,
                "rationales": WRITER,
                "n_shards": 2,
            },
            "evaluate": {
                "models": [
                    {"model": toy},
                    {"model": "oracle:solver"},
                    {"model": "oracle:majority", "tasks": ["line"]},
                    {"model": "oracle:knn5", "tasks": ["line"], "curves": ["supervised"]},
                ],
                "retest": 4,
            },
            "report": {"resamples": 100},
        }
    )


@pytest.fixture(scope="session")
def built(small: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder with a dataset as ``build`` writes it."""
    folder = tmp_path_factory.mktemp("many_shot_built")
    build(small, folder / "dataset", "FnApiRunner", journal=folder / "journal")
    return folder


@pytest.fixture(scope="session")
def results(small: Params, built: Path) -> Path:
    """Results folder of every model."""
    evaluate(small, built, None, built / "results", journal=built / "journal")
    return built / "results"


@pytest.fixture(scope="session")
def everyone(small: Params, built: Path, results: Path) -> list[Subject]:
    """What statistics are made from, by model."""
    return subjects(built, results, small)
