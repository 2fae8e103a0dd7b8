"""A small dataset, really built from the corpora, and rated by respondents that read no prompt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agi_levels_small import changed

from evaluators.agi_levels.evaluate import evaluate
from measurand import params as parameters
from measurand.errors import InfraError
from pipelines.agi_levels.dataset import build
from schemas.agi_levels.params import Params

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def small() -> Params:
    """Forty texts of each of two corpora."""
    base = parameters.read(ROOT / "params/presets/agi_levels/tiny.yaml", Params)
    rated = [{**part.model_dump(mode="json"), "texts": 40} for part in base.build.rated]
    return changed(
        base,
        build={"rated": rated},
        evaluate={"models": ["synthetic:uniform"]},
        report={"resamples": 200},
    )


@pytest.fixture(scope="session")
def data(small: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    try:
        build(small, folder / "dataset", "FnApiRunner")
    except InfraError as error:
        pytest.skip(f"no package index can be reached: {error}")
    return folder


@pytest.fixture(scope="session")
def results(small: Params, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    out = folder / "agi_levels" / "results"
    evaluate(small, data, None, out, journal=folder / "journal")
    return out


@pytest.fixture(scope="session")
def norms_file() -> Callable[..., dict[str, Any]]:
    """A norm in a few words; what differs is given."""

    def norm(**given: Any) -> dict[str, Any]:
        group = {"name": "adults", "definition": "adults who read", "reference": "skilled"}
        return {
            "id": "n",
            "task": "t",
            "kind": "raw",
            "group": group,
            "source": "made for a test",
            "licence": "CC0-1.0",
            **given,
        }

    return norm
