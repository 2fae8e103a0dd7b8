"""A cell as a network that is trained on pictures of digits, and what it then reads rightly.

The pictures are the 1,797 of scikit-learn (Alpaydin & Kaynak 1998, UCI 80), 8 x 8 pixels. Each
convolution has eight channels, batch normalisation and a rectifier behind it; the mean over pixels
of the cell's last map goes through one linear layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from measurand.stats.resample import rng_for, seed_for
from measurand.training.device import device_of
from pipelines.guided_evolution.cells import ADD, STEM
from pipelines.guided_evolution.programs import Program

CHANNELS, BATCH, RATE = 8, 50, 1e-2
LEARNED, SEEN = 900, 450
"""Pictures that networks are trained on, and that a search sees accuracy on; 447 are left."""
_SIDES = {STEM: 3, "conv3": 3, "conv1": 1}


class Pictures(NamedTuple):
    """Pictures (n, 1, 8, 8) from 0 to 1, and which digit each is."""

    x: Tensor
    y: Tensor


@cache
def splits() -> tuple[Pictures, Pictures, Pictures]:
    """To train on, for a search to see, and that no search sees; the same in every task."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = rng_for("guided_evolution digits").permutation(len(found.target))
    x = torch.from_numpy(found.images[:, None] / 16).float()
    y = torch.from_numpy(found.target)
    parts = np.split(order, [LEARNED, LEARNED + SEEN])
    learned, seen, unseen = (Pictures(x[part], y[part]) for part in parts)
    return learned, seen, unseen


class Cell(nn.Module):  # type: ignore[misc]
    """The network of a cell.

    Args:
        program: the cell.
        names: names of the operations, by their numbers in the program.
    """

    def __init__(self, program: Program, names: Sequence[str]) -> None:
        super().__init__()
        self._names, self._args = [names[op] for op in program.ops], program.args
        self.steps = nn.ModuleDict(
            {str(at): _convolution(name) for at, name in enumerate(self._names) if name in _SIDES}
        )
        self.head = nn.Linear(CHANNELS, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 10) logits of pictures (n, 1, 8, 8)."""
        maps: list[Tensor] = []
        for at, (name, mine) in enumerate(zip(self._names, self._args, strict=True)):
            if name == ADD:
                maps.append(maps[mine[0]] + maps[mine[1]])
            elif name in _SIDES:
                maps.append(self.steps[str(at)](maps[mine[0]] if mine else x))
            else:
                maps.append(functional.max_pool2d(maps[mine[0]], 3, 1, 1))
        return self.head(maps[-1].mean((2, 3)))


def _convolution(name: str) -> nn.Sequential:
    side, read = _SIDES[name], 1 if name == STEM else CHANNELS
    made = nn.Conv2d(read, CHANNELS, side, padding=side // 2, bias=False)
    return nn.Sequential(made, nn.BatchNorm2d(CHANNELS), nn.ReLU())


def accuracies(
    program: Program, names: Sequence[str], epochs: int, trainings: int, seed: int
) -> tuple[float, float]:
    """Mean shares of pictures that trained networks read rightly: seen by a search, and unseen.

    Args:
        program: the cell.
        names: names of the operations.
        epochs: passes over the pictures of a training.
        trainings: networks, each from first weights and in an order of its own.
        seed: of these.
    """
    device_of("cpu")
    learned, *others = splits()
    rights = np.zeros((trainings, len(others)))
    for at in range(trainings):
        words = ("guided_evolution cell", program.key.hex(), seed, at)
        network = _trained(program, names, learned, epochs, words)
        with torch.inference_mode():
            rights[at] = [_right(network, some) for some in others]
    valid, test = rights.mean(0).tolist()
    return valid, test


def _trained(
    program: Program,
    names: Sequence[str],
    learned: Pictures,
    epochs: int,
    words: tuple[str | int, ...],
) -> Cell:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed_for(*words))
        network = Cell(program, names)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE, fused=True)
    rng = rng_for(*words)
    for _ in range(epochs):
        for rows in np.split(rng.permutation(LEARNED), range(BATCH, LEARNED, BATCH)):
            loss = functional.cross_entropy(network(learned.x[rows]), learned.y[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
    network.eval()
    return network


def _right(network: Cell, some: Pictures) -> float:
    return float((network(some.x).argmax(1) == some.y).double().mean())
