from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from value_functions_small import BREAKOUT, CHAIN, CHESS, DIGITS, WORDLE, small

from pipelines.value_functions import networks
from pipelines.value_functions.net import Net
from pipelines.value_functions.supports import Support
from pipelines.value_functions.trials import (
    forward_of,
    net_of,
    points_of,
    rows_of,
    support_of,
    totals,
)

PARAMS = small([CHAIN], [{"id": "a", "source": "chain", "steps": 1, "batch": 4}])


def test_batches_are_those_of_the_step_and_the_seed() -> None:
    run, rows = PARAMS.train.runs[0], np.arange(100, 200)
    found = rows_of(PARAMS, run, 3, rows)
    assert found.shape == (2, 4)
    assert ((found >= 100) & (found < 200)).all()
    np.testing.assert_array_equal(found, rows_of(PARAMS, run, 3, rows))
    assert (found[0] != found[1]).any()
    assert (found != rows_of(PARAMS, run, 4, rows)).any()
    other = run.model_copy(update={"id": "b", "noise": 1.0, "width": 3})
    np.testing.assert_array_equal(found, rows_of(PARAMS, other, 3, rows))


def test_a_support_is_the_runs_own_or_holds_the_range() -> None:
    run = PARAMS.train.runs[0]
    assert support_of(run, 0, 1).low < 0
    own = run.model_copy(update={"support": (-2.0, 3.0)})
    assert support_of(own, 0, 1) == Support(-2, 3, 51)


def test_points_of_a_curve_are_even_and_hold_every_end() -> None:
    assert points_of((500,), 5) == (100, 200, 300, 400, 500)
    assert points_of((10, 20), 3) == (4, 7, 10, 14, 17, 20)
    assert points_of((2, 4), 5) == (1, 2, 3, 4)
    assert points_of((300, 600), 1) == (300, 600)


def test_sums_over_seeds_and_shares_beyond_the_support() -> None:
    y = torch.tensor([[0.0, 5.0], [1.0, 1.0]])
    total, figures = totals(torch.tensor([[1.0, 3], [2, 2]]), y, Support(0, 2, 4))
    assert float(total) == 4
    assert float(figures["value"]) == 2
    assert float(figures["clipped"]) == pytest.approx(0.25)


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling for a processor needs g++")
def test_compiled_networks_put_out_the_same() -> None:
    train = PARAMS.train.model_copy(update={"compile": True})
    net = Net(12, 16, 3, "transformer", channels=4)
    own = networks.beginning(net, 2, "a")
    x = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(1))
    found = forward_of(PARAMS.model_copy(update={"train": train}))(net, own, x)
    torch.testing.assert_close(found, networks.outputs(net, own, x), rtol=1e-4, atol=1e-5)
    assert forward_of(PARAMS) is networks.outputs


def test_cells_of_every_kind_of_source() -> None:
    atari = {"kind": "atari", "id": "a", "game": "pong", "episodes": 3, "side": 21}
    sources = [CHAIN, DIGITS, CHESS, BREAKOUT, WORDLE, atari]
    runs = [{"id": str(one["id"]), "source": one["id"], "steps": 1} for one in sources]
    runs[1]["shifts"] = [0, 8]
    params = small(sources, runs)
    sizes = (5, 64, 768, 400, 162, 4 * 21 * 21)
    nets = [net_of(params, run, n, 1) for run, n in zip(params.train.runs, sizes, strict=True)]
    assert [(net.channels, net.side, net.cells) for net in nets] == [
        (1, 0, 5), (1, 8, 64), (12, 8, 64), (4, 10, 100), (26, 0, 7), (4, 21, 441),
    ]  # fmt: skip
    assert nets[-1].scale == pytest.approx(1 / 255)
