"""The small system from dataset to results, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from elastictok_small import build_in, inside, params_of, train_in

from evaluators.elastictok.context import Findings, findings
from evaluators.elastictok.evaluate import evaluate
from schemas.elastictok.params import Params


@pytest.fixture(scope="session")
def small() -> Params:
    models = [
        {"name": "elastic"}, {"name": "fixed4", "tokens": 4}, {"name": "fixed16", "tokens": 16},
        {"name": "blind", "mask_shown": False},
    ]  # fmt: skip
    optimiser = {"steps": 40, "batch": 8, "lr": 3e-3, "warmup": 5}
    return params_of(train={"models": models, "optimiser": optimiser, "save_every": 1000})


@pytest.fixture(scope="session")
def data(small: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``dataset/`` and ``checkpoint/``."""
    return train_in(build_in(tmp_path_factory.mktemp("elastictok"), small), small)


@pytest.fixture(scope="session")
def results(small: Params, data: Path) -> Path:
    """Folder that ``evaluate`` wrote."""
    out = data / "results"
    with inside(data):
        evaluate(small, data, None, out, journal=data / "journal")
    return out


@pytest.fixture(scope="session")
def found(small: Params, results: Path) -> Findings:
    return findings(results, small)
