from __future__ import annotations

import pytest
import torch

from measurand.errors import ParamsError
from pipelines.value_functions import networks
from pipelines.value_functions.net import Net
from schemas.value_functions.params import Trunk


def test_stacked_networks_are_the_single_ones() -> None:
    own = networks.beginning(Net(5, 7, 3), 4, "a")
    x = torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(1))
    found = networks.outputs(Net(5, 7, 3), own, x)
    for seed in range(4):
        single = torch.nn.Sequential(
            torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 7), torch.nn.ReLU(),
            torch.nn.Linear(7, 3),
        )  # fmt: skip
        with torch.no_grad():
            for layer, at in enumerate((0, 2, 4)):
                module = single[at]
                assert isinstance(module, torch.nn.Linear)
                module.weight.copy_(own[f"w{layer}"][seed].T)
                module.bias.copy_(own[f"b{layer}"][seed, 0])
        torch.testing.assert_close(single(x[seed]), found[seed])


def test_gradients_of_a_sum_are_those_of_each_seed() -> None:
    own = networks.beginning(Net(5, 7, 3), 3, "a")
    x = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(1))
    networks.outputs(Net(5, 7, 3), own, x).square().mean((1, 2)).sum().backward()
    whole = own["w0"].grad
    alone = networks.beginning(Net(5, 7, 3), 3, "a")
    networks.outputs(Net(5, 7, 3), alone, x).square().mean((1, 2))[1].backward()
    assert whole is not None
    assert alone["w0"].grad is not None
    torch.testing.assert_close(whole[1], alone["w0"].grad[1])
    assert float(alone["w0"].grad[0].abs().max()) == 0


def test_trunks_begin_alike_whatever_the_head() -> None:
    one, other = networks.beginning(Net(5, 7, 1), 2, "a"), networks.beginning(Net(5, 7, 51), 2, "a")
    for name in ("w0", "b0", "w1", "b1"):
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0)
    more = networks.beginning(Net(5, 7, 1), 3, "a")
    torch.testing.assert_close(more["w1"][:2], one["w1"], rtol=0, atol=0)
    assert not torch.equal(one["w0"][0], one["w0"][1])


def test_words_share_letters() -> None:
    spelled = torch.tensor([[0, 2], [1, 2]])
    out = torch.arange(12.0).view(1, 2, 6).requires_grad_()
    found = networks.by_action(out, 3, spelled)
    assert found.shape == (1, 2, 2, 2)
    assert found[0, 0].tolist() == [[0 + 4, 1 + 5], [2 + 4, 3 + 5]]
    assert networks.by_action(out, 3).shape == (1, 2, 3, 2)
    # A letter that two words share learns from both.
    found.sum().backward()
    assert out.grad is not None
    assert out.grad[0, 0].tolist() == [1, 1, 1, 1, 2, 2]


BOARD = {"inputs": 3 * 25, "width": 16, "outputs": 4, "channels": 3, "side": 5}
ROW = {"inputs": 10, "width": 16, "outputs": 4, "channels": 4}


@pytest.mark.parametrize(
    ("trunk", "size"),
    [("moe", BOARD), ("moe", ROW), ("resnet", BOARD), ("transformer", BOARD), ("transformer", ROW)],
)
def test_every_trunk_has_a_network_a_seed(trunk: Trunk, size: dict[str, int]) -> None:
    net = Net(**size, trunk=trunk, experts=2 if trunk == "moe" else 1)
    own = networks.beginning(net, 3, "a")
    x = torch.randn(3, 6, net.inputs, generator=torch.Generator().manual_seed(1))
    found = networks.outputs(net, own, x)
    assert found.shape == (3, 6, 4)
    for seed in range(3):
        alone = {name: w[seed : seed + 1] for name, w in own.items()}
        torch.testing.assert_close(networks.outputs(net, alone, x[seed : seed + 1])[0], found[seed])
    found[1].square().sum().backward()
    for w in own.values():
        assert w.grad is not None
        assert float(w.grad[0].abs().max()) == 0
        assert float(w.grad[1].abs().max()) > 0


def test_inputs_are_scaled() -> None:
    net, wide = Net(5, 7, 3), Net(5, 7, 3, scale=1 / 255)
    own = networks.beginning(net, 1, "a")
    x = torch.arange(10, dtype=torch.uint8).view(2, 5)
    torch.testing.assert_close(
        networks.outputs(wide, own, x), networks.outputs(net, own, x.float() / 255)
    )


def test_a_resnet_needs_a_board() -> None:
    with pytest.raises(ParamsError, match="needs a board"):
        Net(5, 7, 3, "resnet")
