from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np
import pytest

from pipelines.guided_evolution.unpickle import read


def test_numbers_are_read() -> None:
    rows = {7: {"valid_perf": np.float64(0.5), "perf": 0.25, "latency": 1.0}}
    assert read(pickle.dumps(rows)) == {"7": [0.5, 0.25]}


def test_a_pickle_that_names_anything_else_is_refused() -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.system, ("true",)

    with pytest.raises(pickle.UnpicklingError, match=r"system is refused"):
        read(pickle.dumps({1: Evil()}))
