"""Finite scalar quantization: every number of a token is rounded to one of a few levels.

Mentzer et al. 2023 (arXiv 2309.15505), with the constants of ElasticTok (Yan et al. 2024): the
shift that centres even levels is ``tan(offset / half)``. Other implementations use atanh, which
moves the borders between levels by 4e-6 (8 levels) to 3e-4 (4 levels) and is undefined for 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

EPSILON = 1e-3
"""How far the outermost values stay within their level."""

Tensor = Any


def bound(z: Tensor, levels: Sequence[int]) -> Tensor:
    """Numbers that round to whole levels: ``tanh(z + shift) * half - offset``.

    Args:
        z: (..., d) any numbers.
        levels: d numbers of levels.

    Returns:
        (..., d): with l levels from -floor(l/2) to floor((l-1)/2) after rounding.
    """
    half = z.new_tensor([(n - 1) * (1 - EPSILON) / 2 for n in levels])
    offset = z.new_tensor([0.0 if n % 2 else 0.5 for n in levels])
    return (z + (offset / half).tan()).tanh() * half - offset


def quantize(z: Tensor, levels: Sequence[int]) -> Tensor:
    """Codes of ``z``, (..., d) in -1..1; the gradient passes the rounding unchanged."""
    bounded = bound(z, levels)
    rounded = bounded + (bounded.round() - bounded).detach()
    return rounded / rounded.new_tensor([n // 2 for n in levels])


def index(codes: Tensor, levels: Sequence[int]) -> Tensor:
    """(...,) int64 number of each code; the first dimension runs fastest."""
    halves = codes.new_tensor([n // 2 for n in levels])
    places = (codes * halves + halves).round().long()
    return (places * places.new_tensor(_bases(levels))).sum(-1)


def codes(indices: Tensor, levels: Sequence[int]) -> Tensor:
    """(..., d) float32 codes of numbers; inverse of :func:`index`."""
    sizes, bases = indices.new_tensor(list(levels)), indices.new_tensor(_bases(levels))
    places = indices[..., None].div(bases, rounding_mode="floor") % sizes
    halves = sizes.div(2, rounding_mode="floor")
    return (places - halves).float() / halves


def bits(levels: Sequence[int]) -> float:
    """Bits of one token whose codes are all as likely."""
    return math.log2(math.prod(levels))


def _bases(levels: Sequence[int]) -> list[int]:
    return [math.prod(levels[:i]) for i in range(len(levels))]
