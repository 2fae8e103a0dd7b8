from __future__ import annotations

from pathlib import Path

import pytest
from harness_logs import inspect_log, lm_eval_logs


@pytest.fixture(scope="session")
def lm_eval_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of lm-evaluation-harness, written by it."""
    pytest.importorskip("lm_eval")
    return lm_eval_logs(tmp_path_factory.mktemp("lm_eval"))


@pytest.fixture(scope="session")
def inspect_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of Inspect, written by it: 24 samples, 3 epochs, one sample always fails."""
    pytest.importorskip("inspect_ai")
    return inspect_log(tmp_path_factory.mktemp("inspect"), fail=True)
