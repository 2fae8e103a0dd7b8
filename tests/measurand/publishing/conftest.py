from __future__ import annotations

from pathlib import Path

import pytest
from toy_dataset import write


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """The toy dataset, built."""
    return write(tmp_path / "dataset")
