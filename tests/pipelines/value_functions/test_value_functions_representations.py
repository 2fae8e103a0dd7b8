from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.value_functions import networks
from pipelines.value_functions.losses import Head
from pipelines.value_functions.representations import described, effective_rank
from pipelines.value_functions.supports import Support


def test_effective_rank() -> None:
    rng = np.random.default_rng(1)
    low = rng.normal(size=(100, 3)) @ rng.normal(size=(3, 20))
    assert effective_rank(low) <= 3
    assert effective_rank(np.eye(20)) == 20
    assert effective_rank(np.diag([98.0, 1, 1])) == 2
    assert effective_rank(np.zeros((4, 4))) == 0


def test_dead_units_and_entropy() -> None:
    own = networks.beginning(4, 6, 5, 2, "a")
    with torch.no_grad():
        own["b1"][0, 0, :3] = -100
        own["w2"].zero_()
        own["b2"].zero_()
    x = np.random.default_rng(1).random((50, 4), np.float32)
    found = described(own, Head("hl_gauss", Support(0, 1, 5), 0, 1), x)
    assert found[0]["dead"] >= 0.5
    assert found[1]["entropy"] == pytest.approx(np.log(5), abs=1e-5)
    assert described(own, Head("mse", Support(0, 1, 5), 0, 1), x)[0]["entropy"] is None
