"""How many tokens a block keeps, and which slots these are: always the first ones.

The released code of ElasticTok compares with ``<=`` and draws below an exclusive end, so that it
keeps n + 1 slots and never the minimum. Here n means n; ``official`` counts as that code does.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError

Counts = npt.NDArray[np.int64]
Convention = Literal["exact", "official"]

Tensor = Any


def draw(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    minimum: int,
    maximum: int,
    *,
    law: Literal["uniform", "log_uniform"] = "uniform",
    mask_convention: Convention = "exact",
) -> Counts:
    """Kept slots of every block, independently drawn.

    Args:
        rng: generator.
        shape: shape of the result.
        minimum: fewest tokens.
        maximum: most tokens, K.
        law: every number of tokens is as likely, or every ratio of them.
        mask_convention: ``exact`` draws from {minimum..maximum}; ``official`` keeps
            {minimum + 1..maximum}, as the released code does, and knows the uniform law only.

    Raises:
        InputError: the two ends are not 1 <= minimum <= maximum, or the official convention is
            asked for what it does not have.
    """
    if not 1 <= minimum <= maximum:
        raise InputError(f"tokens from {minimum} to {maximum}", hint="1 <= minimum <= maximum")
    if mask_convention == "official":
        if law != "uniform" or minimum == maximum:
            raise InputError(
                "the official convention draws uniformly between two different ends",
                hint='use mask_convention="exact"',
            )
        return kept(rng.integers(minimum, maximum, shape), maximum, mask_convention)
    if law == "uniform":
        return rng.integers(minimum, maximum + 1, shape)
    # Each n owns [n, n + 1), so that the ends are as likely as their neighbours.
    drawn = np.exp(rng.uniform(np.log(minimum), np.log(maximum + 1), shape))
    return np.clip(drawn.astype(np.int64), minimum, maximum)


def kept(asked: Counts, slots: int, mask_convention: Convention = "exact") -> Counts:
    """Slots that are kept where ``asked`` tokens are asked for."""
    more = 1 if mask_convention == "official" else 0
    return np.minimum(asked + more, slots)


def share(p: float, slots: int) -> int:
    """Tokens that are a share of K, rounded up; at least one."""
    # Half a millionth of a token: 0.07 * 100 must be 7, not 8.
    return max(1, int(np.ceil(p * slots - 5e-7)))


def mask(counts: Tensor, slots: int) -> Tensor:
    """Which slots are kept, (..., K) bool, of (...,) kept counts (a torch tensor)."""
    import torch

    return torch.arange(slots, device=counts.device) < counts[..., None]
