from __future__ import annotations

from pathlib import Path

import pytest
from value_functions_small import BREAKOUT, CHAIN, DIGITS, small, table

from pipelines.value_functions import dataset

RUN = [{"id": "chain", "source": "chain", "steps": 1}]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of a chain, digits, a game and a table, and ``mine.csv`` beside it."""
    folder = tmp_path_factory.mktemp("value_functions")
    digits = {**DIGITS, "pictures": 60}
    params = small([CHAIN, digits, BREAKOUT, table(folder / "mine.csv")], RUN)
    dataset.build(params, folder / "dataset", "FnApiRunner", journal=folder)
    return folder
