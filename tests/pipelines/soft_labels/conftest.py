from __future__ import annotations

from pathlib import Path

import pytest
import soft_labels_small as small

from pipelines.soft_labels.dataset import build
from pipelines.soft_labels.train import train
from schemas.soft_labels.params import Params


@pytest.fixture(scope="session")
def small_params(tmp_path_factory: pytest.TempPathFactory, toy_model_folder: Path) -> Params:
    folder = tmp_path_factory.mktemp("soft_labels")
    return small.params(small.write_pairs(folder / "pairs.csv"), toy_model_folder)


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory, small_params: Params) -> Path:
    folder = tmp_path_factory.mktemp("soft_labels_data")
    build(small_params, folder / "dataset", "FnApiRunner", journal=folder / "journal")
    return folder / "dataset"


@pytest.fixture(scope="session")
def small_checkpoint(
    tmp_path_factory: pytest.TempPathFactory, small_params: Params, small_dataset: Path
) -> Path:
    folder = tmp_path_factory.mktemp("soft_labels_checkpoint")
    train(small_params, small_dataset, folder / "checkpoint", journal=folder / "journal")
    return folder / "checkpoint"
