"""A network's answers that do not depend on how many ask at once.

A matrix product of another shape ends in other last bits. On a processor every product is therefore
of one shape; an accelerator computes all rows at once and promises nothing.
"""

from __future__ import annotations

from typing import Any

import torch

BLOCK = 64
"""Rows of a product."""


def in_blocks(network: Any, given: Any) -> Any:
    """``network(given)``, in blocks of :data:`BLOCK` rows, the last one filled up.

    Args:
        network: gives a tensor of (S, ...), or several.
        given: a tensor of (S, ...), or a named tuple of them.
    """
    rows = _parts(given)[0].shape[0]
    if _parts(given)[0].device.type != "cpu":
        return network(given)
    found = [network(_rows(given, start, rows)) for start in range(0, rows, BLOCK)]
    if isinstance(found[0], tuple):
        return tuple(torch.cat(part)[:rows] for part in zip(*found, strict=True))
    return torch.cat(found)[:rows]


def _parts(given: Any) -> tuple[torch.Tensor, ...]:
    return tuple(given) if isinstance(given, tuple) else (given,)


def _rows(given: Any, start: int, rows: int) -> Any:
    """A block of rows; after the last one it is repeated."""
    index = torch.arange(start, start + BLOCK).clamp(max=rows - 1)
    if isinstance(given, tuple):
        return type(given)(*(part[index] for part in given))
    return given[index]
