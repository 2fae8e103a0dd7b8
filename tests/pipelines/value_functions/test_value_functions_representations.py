from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.value_functions import networks
from pipelines.value_functions.losses import Head
from pipelines.value_functions.net import Net
from pipelines.value_functions.representations import (
    Probed,
    covered,
    described,
    effective_rank,
    probe,
)
from pipelines.value_functions.supports import Support


def test_effective_rank() -> None:
    rng = np.random.default_rng(1)
    low = rng.normal(size=(100, 3)) @ rng.normal(size=(3, 20))
    assert effective_rank(low) <= 3
    assert effective_rank(np.eye(20)) == 20
    assert effective_rank(np.diag([98.0, 1, 1])) == 2
    assert effective_rank(np.zeros((4, 4))) == 0


def test_dead_units_and_entropy() -> None:
    net = Net(4, 6, 5)
    own = networks.beginning(net, 2, "a")
    with torch.no_grad():
        own["b1"][0, 0, :3] = -100
        own["w2"].zero_()
        own["b2"].zero_()
    x = np.random.default_rng(1).random((50, 4), np.float32)
    found = described(net, own, Head("hl_gauss", Support(0, 1, 5), 0, 1), x)
    assert found[0]["dead"] >= 0.5
    assert found[1]["entropy"] == pytest.approx(np.log(5), abs=1e-5)
    assert (
        described(Net(4, 6, 5), own, Head("mse", Support(0, 1, 5), 0, 1), x)[0]["entropy"] is None
    )


def test_a_linear_read_out_is_ridge_regression() -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(2)
    x, other = rng.normal(size=(80, 5)), rng.normal(size=(40, 5))
    way = rng.normal(size=5)
    y, wanted = x @ way + rng.normal(size=80), other @ way + rng.normal(size=40)
    mean, spread = x.mean(0), x.std(0)
    theirs = Ridge(alpha=0.08).fit((x - mean) / spread, y)
    found = probe(x, y, other, wanted)
    assert found == pytest.approx(theirs.score((other - mean) / spread, wanted), abs=1e-8)
    assert probe(x, y, other, np.ones(40)) is None


def test_read_outs_are_the_seeds_own() -> None:
    net = Net(4, 6, 5)
    own = networks.beginning(net, 2, "a")
    x = np.random.default_rng(1).random((60, 4), np.float32)
    with torch.no_grad():
        seen = networks.features(net, own, torch.from_numpy(x)).double().numpy()
    y = np.stack([seen[0].sum(1), -seen[0].sum(1)])
    rows = described(net, own, Head("mse", Support(0, 1, 5), 0, 1), x,
                     Probed(x[:40], y[:, :40], x[40:], y[:, 40:]))  # fmt: skip
    assert rows[0]["probe"] > 0.99


def test_what_a_head_holds_in_its_middle() -> None:
    with np.errstate(divide="ignore"):
        logs = np.log(np.array([[0.04, 0.9, 0.04, 0.02], [0.0, 0.0, 1.0, 0.0]]))
    edges = np.array([0.0, 1, 2, 3, 4])
    # The first's 5% and 95% lie in its second and third place.
    assert covered(logs, edges, np.array([2.5, 2.5])) == 1
    assert covered(logs, edges, np.array([0.5, 2.5])) == 0.5
    assert covered(logs, edges, np.array([3.5, 3.5])) == 0
