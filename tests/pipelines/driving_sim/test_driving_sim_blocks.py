from __future__ import annotations

import pytest
import torch

from pipelines.driving_sim import networks, reinforce
from pipelines.driving_sim.blocks import BLOCK, in_blocks
from pipelines.driving_sim.seeing import Seen

MANY = BLOCK + 9


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen(noise(MANY, 4), noise(MANY, 8, 8), noise(MANY, 64, 5), noise(MANY, 20, 2))


def some(given: Seen, rows: torch.Tensor) -> Seen:
    return Seen(*(part[rows] for part in given))


def test_a_row_is_the_same_bits_in_any_company(seen: Seen) -> None:
    network = networks.imitator(5, 0).eval()
    with torch.no_grad():
        whole = in_blocks(network, seen)
        assert torch.allclose(whole, network(seen), atol=1e-5)
        for rows in ([3], [70, 3], list(range(MANY))[::-1], [5] * 40):
            index = torch.tensor(rows)
            assert torch.equal(in_blocks(network, some(seen, index)), whole[index])


def test_one_tensor_and_several_answers() -> None:
    actor = reinforce.actor(reinforce.Task("idm", "free", 0.03))
    given = noise(MANY, reinforce.INPUTS)
    with torch.no_grad():
        logits, values = in_blocks(actor, given)
        one = in_blocks(actor, given[2:3])
    assert logits.shape[0] == values.shape[0] == MANY
    assert torch.equal(one[0][0], logits[2])
    assert torch.equal(one[1][0], values[2])
