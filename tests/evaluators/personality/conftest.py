"""A small dataset, really built, and synthetic models, really administered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluators.personality.evaluate import evaluate
from measurand import params as parameters
from pipelines.personality.dataset import build
from schemas.personality.params import Params

ROOT = Path(__file__).parents[3]


def changed(base: Params, **sections: dict[str, object]) -> Params:
    raw = base.model_dump(mode="json")
    for name, changes in sections.items():
        raw[name] = {**raw[name], **changes}
    return Params.model_validate(raw)


def tiny() -> Params:
    return parameters.read(ROOT / "params/presets/personality/tiny.yaml", Params)


@pytest.fixture(scope="session")
def small() -> Params:
    """Ten biographies, three short forms, both shaping experiments."""
    base = tiny()
    validity = base.build.validity.model_dump(mode="json") | {
        "instruments": ["ipip_50", "mini_ipip", "spi_27", "bfi_44"],
        "first_form": "ipip_50",
        "instructions": ["ev2", "rg6"],
    }
    reversal = {"instrument": "ipip_50", "n_items": 10, "n_bios": 5, "instruction": "ev2",
                "postamble": 0}  # fmt: skip
    model = {"model": "synthetic:shaped", "experiments": ["validity", "single", "concurrent"]}
    return changed(
        base,
        build={
            "validity": validity,
            "single": base.build.single.model_dump(mode="json") | {"levels": [1, 5, 9]},
            "reversed_options": reversal,
            "n_shards": 2,
        },
        evaluate={"models": [model]},
        report={"resamples": 200},
    )


@pytest.fixture(scope="session")
def data(small: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    build(small, folder / "dataset", "FnApiRunner")
    return folder


@pytest.fixture(scope="session")
def administer(
    small: Params, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Results folder of a model, asked once a session."""
    done: dict[str, Path] = {}

    def results(model: str) -> Path:
        if model not in done:
            folder = tmp_path_factory.mktemp("results")
            evaluate(small, data, model, folder / "results", journal=folder / "journal")
            done[model] = folder / "results"
        return done[model]

    return results
