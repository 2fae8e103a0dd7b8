from __future__ import annotations

import torch
from torch.nn.functional import conv2d, max_pool2d

from pipelines.value_functions import networks, resnet
from pipelines.value_functions.net import Net


def test_blocks_are_convolutions_of_each_seed() -> None:
    net = Net(2 * 14 * 14, 8, 3, "resnet", channels=2, side=14, blocks=1)
    own = networks.beginning(net, 2, "a")
    x = torch.randn(2, 3, net.inputs, generator=torch.Generator().manual_seed(1))
    found = networks.features(net, own, x)
    for seed in range(2):
        w = {name: one[seed].detach() for name, one in own.items()}

        def conv(name: str, planes: torch.Tensor, w: dict[str, torch.Tensor] = w) -> torch.Tensor:
            kernel = w[f"w{name}"].T.reshape(-1, planes.shape[1], 3, 3)
            return conv2d(planes, kernel, w[f"b{name}"][0], padding=1)

        planes = max_pool2d(conv("_0", x[seed].view(3, 2, 14, 14)), 3, 2, 1)
        planes = planes + conv("_0_0b", conv("_0_0a", planes.relu()).relu())
        last = (planes.relu().flatten(1) @ w["w_last"] + w["b_last"]).relu()
        torch.testing.assert_close(found[seed], last, rtol=1e-4, atol=1e-5)


def test_pictures_are_halved_and_boards_are_not() -> None:
    assert resnet.sides(Net(64, 8, 1, "resnet", channels=1, side=8)) == [8]
    assert resnet.sides(Net(84 * 84, 8, 1, "resnet", channels=1, side=84)) == [42, 21, 11]
