"""The small dataset and its models, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from elastictok_small import build_in, params_of, train_in

from schemas.elastictok.params import Params


@pytest.fixture(scope="session")
def small() -> Params:
    return params_of()


@pytest.fixture(scope="session")
def built(small: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``dataset/``."""
    return build_in(tmp_path_factory.mktemp("elastictok"), small)


@pytest.fixture(scope="session")
def trained(small: Params, built: Path) -> Path:
    """Folder with ``dataset/`` and ``checkpoint/``."""
    return train_in(built, small)
