"""Is the first of two programs better? A network that learns while the search goes on.

Its logit for (a, b) is s(a) - s(b), so P(a better) + P(b better) = 1 whatever it has learned. A
label is the order of two fitnesses and nothing else: fitness on another scale gives the same
network, up to what counts as a tie.
``regression`` trains the same s on ranks instead, for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for, seed_for
from measurand.training.device import device_of
from pipelines.guided_evolution.features import WAYS, arrays, width
from pipelines.guided_evolution.programs import Program

FloatArray = npt.NDArray[np.float64]
NEAR = 1e-9
"""Fitnesses that are no further apart are a tie; a tie is no pair."""


@dataclass(frozen=True)
class Learning:
    """How it learns.

    Attributes:
        encoder: ``mlp``, ``gcn``, ``gin`` or ``gps``.
        hidden: width of the network.
        layers: of the network.
        every: evaluations between trainings.
        steps: steps of AdamW a training.
        pairs: pairs a step.
        rate: learning rate.
        decay: weight decay.
        memory: latest programs that pairs are drawn from.
        head: ``pairs`` learns which of two is better, ``regression`` the rank of each.
        shuffled: whether fitnesses are dealt to other programs before each training: a control.
    """

    encoder: str = "gin"
    hidden: int = 32
    layers: int = 2
    every: int = 10
    steps: int = 10
    pairs: int = 64
    rate: float = 2e-3
    decay: float = 1e-4
    memory: int = 5000
    head: Literal["pairs", "regression"] = "pairs"
    shuffled: bool = False


class Discriminator:
    """The network, and what it has seen.

    Args:
        learning: how it learns.
        n_ops: operations that there are.
        max_nodes: most nodes of a program.
        words: words that its seeds are made of.
    """

    def __init__(
        self, learning: Learning, n_ops: int, max_nodes: int, words: tuple[str | int, ...]
    ) -> None:
        import torch

        from pipelines.guided_evolution.encoders import encoder

        device_of("cpu")
        self._learning, self._n_ops, self._max_nodes = learning, n_ops, max_nodes
        with torch.random.fork_rng([]):
            torch.manual_seed(seed_for("guided_evolution weights", *words))
            self.network = encoder(
                learning.encoder, n_ops, max_nodes, learning.hidden, learning.layers
            )
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=learning.rate, weight_decay=learning.decay, fused=True
        )
        self._rng = rng_for("guided_evolution pairs", *words)
        # What reads all at once needs every program of one size; padding costs time elsewhere.
        self._padded = max_nodes if learning.encoder == "mlp" else None
        self._nodes = np.zeros((learning.memory, max_nodes, width(n_ops)), np.float32)
        self._edges = np.zeros((learning.memory, max_nodes, max_nodes, WAYS), np.uint8)
        self._sizes = np.zeros(learning.memory, np.int64)
        self._fitness = np.empty(learning.memory)
        self._parents = np.empty(learning.memory, np.int64)
        self._places: dict[bytes, int] = {}
        self.seen = 0

    def scores(self, programs: list[Program]) -> FloatArray:
        """(n,) s of each program; the higher is said to be better."""
        import torch

        found = arrays(programs, self._n_ops, self._max_nodes, self._padded)
        with torch.inference_mode():
            s = self.network(*map(torch.from_numpy, found))
        out: FloatArray = s.numpy().astype(float)
        return out

    def add(self, program: Program, fitness: float | None, parent: Program | None) -> None:
        """A program that was evaluated; without a fitness it is worse than all that have one."""
        slot = self.seen % self._learning.memory
        [self._nodes[slot]], [self._edges[slot]] = arrays(
            [program], self._n_ops, self._max_nodes, self._max_nodes
        )
        self._sizes[slot] = len(program.ops)
        self._fitness[slot] = -np.inf if fitness is None else fitness
        self._parents[slot] = -1 if parent is None else self._places.get(parent.key, -1)
        self._places[program.key] = self.seen
        self.seen += 1

    def train(self) -> tuple[float, int] | None:
        """Some steps on pairs of what was seen.

        Returns:
            The mean loss and the number of pairs, None where nothing can be learned yet.
        """
        import torch

        fitness = self._fitness[: min(self.seen, self._learning.memory)]
        if self._learning.shuffled:
            fitness = self._rng.permutation(fitness)
        if len(np.unique(fitness)) < 2:
            return None
        ranks = _ranks(fitness)
        losses, pairs = [], 0
        for _ in range(self._learning.steps):
            left, right = self._pairs(fitness)
            if not len(left):
                continue
            rows = np.concatenate([left, right])
            n = self._padded or int(self._sizes[rows].max())
            nodes, edges = self._nodes[rows, :n], self._edges[rows, :n, :n]
            s = self.network(torch.from_numpy(nodes), torch.from_numpy(edges).float())
            if self._learning.head == "regression":
                loss = (s - torch.from_numpy(ranks[rows])).square().mean()
            else:
                sign = torch.from_numpy(np.sign(fitness[left] - fitness[right]).astype(np.float32))
                margin = sign * (s[: len(left)] - s[len(left) :])
                loss = torch.nn.functional.softplus(-margin).mean()
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            losses.append(float(loss.detach()))
            pairs += len(left)
        return (float(np.mean(losses)), pairs) if losses else None

    def digest(self) -> str:
        """Hash of the weights and of the state of the draws: 16 hexadecimal digits."""
        made = blake2b(digest_size=8)
        for weight in self.network.parameters():
            made.update(weight.detach().numpy().tobytes())
        made.update(repr(self._rng.bit_generator.state).encode())
        return made.hexdigest()

    def _pairs(self, fitness: FloatArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Slots of the two sides: half drawn evenly, half a child and its parent; no ties."""
        n, half = len(fitness), self._learning.pairs // 2
        left = self._rng.integers(0, n, 2 * half)
        right = self._rng.integers(0, n, 2 * half)
        # A parent whose slot was written over since is gone.
        oldest = self.seen - n
        parents = self._parents[left[:half]]
        there = parents >= oldest
        right[:half][there] = parents[there] % self._learning.memory
        with np.errstate(invalid="ignore"):
            apart = np.abs(fitness[left] - fitness[right]) > NEAR
        return left[apart], right[apart]


def _ranks(fitness: FloatArray) -> npt.NDArray[np.float32]:
    """Mean ranks scaled to -1..1; equal fitnesses have equal ranks."""
    _, place, counts = np.unique(fitness, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts + 1) / 2
    return (2 * middle[place] / max(len(fitness) - 1, 1) - 1).astype(np.float32)
