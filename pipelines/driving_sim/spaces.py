"""Action spaces of learned drivers: numbers, or one of a few values of each number."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from pipelines.driving_sim.simulate import Space

_CURVATURES = (0.01, 0.025, 0.045, 0.07, 0.1, 0.14, 0.2)


@dataclass(frozen=True)
class ActionSpace:
    """How a network's outputs are an action.

    Attributes:
        space: bicycle or delta.
        values: of every number of the action, the values that it may take; None for any.
        scale: of every number, about its spread: numbers are learned in these units.
    """

    space: Space
    values: tuple[tuple[float, ...], ...] | None
    scale: tuple[float, ...]

    @property
    def outputs(self) -> int:
        """Numbers that a network gives."""
        return len(self.scale) if self.values is None else sum(map(len, self.values))

    def loss(self, given: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Mean loss: Huber of scaled numbers, or cross-entropy of each number's nearest value.

        Args:
            given: (S, outputs).
            target: (S, numbers) the action to imitate.
        """
        if self.values is None:
            scale = target.new_tensor(self.scale)
            return torch.nn.functional.huber_loss(given, target / scale)
        total = given.new_zeros(())
        for part, logits in zip(range(len(self.values)), self._parts(given), strict=True):
            values = target.new_tensor(self.values[part])
            nearest = (target[:, part, None] - values).abs().argmin(1)
            total = total + torch.nn.functional.cross_entropy(logits, nearest)
        return total

    def act(self, given: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        """(S, numbers) actions; values are drawn by (S, K) uniforms."""
        if self.values is None:
            return given * given.new_tensor(self.scale)
        parts = []
        for part, logits in enumerate(self._parts(given)):
            parts.append(given.new_tensor(self.values[part])[drawn(logits, u[:, part])])
        return torch.stack(parts, -1)

    def _parts(self, given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        parts: tuple[torch.Tensor, ...] = given.split([len(v) for v in self.values or ()], 1)
        return parts


def drawn(logits: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    """(S,) numbers drawn from (S, V) logits by (S,) uniforms: the inverse of the distribution."""
    sums = logits.softmax(-1).cumsum(-1)
    return (u[:, None] >= sums[:, :-1]).sum(-1)


def _even(first: float, last: float, count: int) -> tuple[float, ...]:
    return tuple(first + (last - first) * k / (count - 1) for k in range(count))


SPACES: dict[str, ActionSpace] = {
    "bicycle": ActionSpace("bicycle", None, (2.0, 0.05)),
    "bicycle_discrete": ActionSpace(
        "bicycle",
        (_even(-4.0, 2.5, 14), (*(-k for k in _CURVATURES[::-1]), 0.0, *_CURVATURES)),
        (2.0, 0.05),
    ),
    "delta": ActionSpace("delta", None, (1.0, 0.05, 0.05)),
    "delta_discrete": ActionSpace(
        "delta",
        (_even(-0.1, 2.0, 22), _even(-0.12, 0.12, 13), _even(-0.12, 0.12, 25)),
        (1.0, 0.05, 0.05),
    ),
}
"""By name; a discrete one names the values of each number."""
