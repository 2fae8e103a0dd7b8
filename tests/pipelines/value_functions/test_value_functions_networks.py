from __future__ import annotations

import torch

from pipelines.value_functions import networks


def test_stacked_networks_are_the_single_ones() -> None:
    own = networks.beginning(5, 7, 3, 4, "a")
    x = torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(1))
    found = networks.outputs(own, x)
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
    own = networks.beginning(5, 7, 3, 3, "a")
    x = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(1))
    networks.outputs(own, x).square().mean((1, 2)).sum().backward()
    whole = own["w0"].grad
    alone = networks.beginning(5, 7, 3, 3, "a")
    networks.outputs(alone, x).square().mean((1, 2))[1].backward()
    assert whole is not None
    assert alone["w0"].grad is not None
    torch.testing.assert_close(whole[1], alone["w0"].grad[1])
    assert float(alone["w0"].grad[0].abs().max()) == 0


def test_trunks_begin_alike_whatever_the_head() -> None:
    one, other = networks.beginning(5, 7, 1, 2, "a"), networks.beginning(5, 7, 51, 2, "a")
    for name in ("w0", "b0", "w1", "b1"):
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0)
    more = networks.beginning(5, 7, 1, 3, "a")
    torch.testing.assert_close(more["w1"][:2], one["w1"], rtol=0, atol=0)
    assert not torch.equal(one["w0"][0], one["w0"][1])


def test_words_share_letters() -> None:
    spelled = torch.tensor([[1.0, 0, 1], [0, 1, 1]])
    out = torch.arange(12.0).view(1, 2, 6)
    found = networks.by_action(out, spelled, 2)
    assert found.shape == (1, 2, 2, 2)
    assert found[0, 0].tolist() == [[0 + 4, 1 + 5], [2 + 4, 3 + 5]]
    assert networks.by_action(out, None, 3).shape == (1, 2, 3, 2)
