from __future__ import annotations

import torch

from pipelines.value_functions import moe, networks
from pipelines.value_functions.net import Net

NET = Net(12, 6, 3, "moe", channels=3, experts=2)


def seen() -> torch.Tensor:
    return torch.randn(2, 5, 4, 6, generator=torch.Generator().manual_seed(1))


def test_a_cell_is_a_mean_of_what_experts_make_of_means() -> None:
    own, x = networks.beginning(NET, 2, "a"), seen()
    found = moe.mix(own, NET, x)
    for seed in range(2):
        w = {name: one[seed].detach() for name, one in own.items()}
        for at in range(5):
            cells = x[seed, at]
            lengths = cells / cells.norm(dim=1, keepdim=True)
            ways = w["w_slots"] / w["w_slots"].norm(dim=0, keepdim=True)
            likes = w["scale"][0, 0] * lengths @ ways
            read = torch.stack([(likes[:, j].softmax(0)[:, None] * cells).sum(0)
                                for j in range(4)])  # fmt: skip
            done = torch.stack([
                (read[j] @ w[f"w_expert{j // 2}"] + w[f"b_expert{j // 2}"][0]).relu()
                for j in range(4)
            ])  # fmt: skip
            for i in range(4):
                wanted = (likes[i].softmax(0)[:, None] * done).sum(0)
                torch.testing.assert_close(found[seed, at, i], wanted, rtol=1e-4, atol=1e-5)


def test_cells_that_change_places_change_places_after_it() -> None:
    own, x = networks.beginning(NET, 2, "a"), seen()
    order = [2, 0, 3, 1]
    torch.testing.assert_close(moe.mix(own, NET, x[:, :, order]), moe.mix(own, NET, x)[:, :, order])


def test_slots_are_shared_among_experts() -> None:
    for experts in (1, 2, 4):
        assert moe.slots(Net(12, 6, 3, "moe", channels=3, experts=experts)) * experts == 4
