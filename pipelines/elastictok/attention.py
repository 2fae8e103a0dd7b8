"""Block-causal attention: a slot sees every slot of its block and of the blocks before it.

Within a segment only: the blocks of another segment are as if they were not there. On a processor
each block attends in turn to what it sees, so that no mask of slots by slots exists; on a GPU flex
attention skips what is masked, in one kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

Tensor = Any
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(B, heads, L, d) queries, keys and values to (B, heads, L, d)."""


def block_causal(slots: int, segments: Tensor | None = None, *, past: bool = True) -> Attend:
    """Exact attention without a mask of slots by slots.

    Args:
        slots: slots K of a block.
        segments: (B, blocks) segment of each block, ascending; None where all blocks are one.
        past: whether a block sees the blocks before it at all.
    """
    import torch
    from torch.nn.functional import scaled_dot_product_attention as attention

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out = []
        for block, end in enumerate(range(slots, q.shape[2] + 1, slots)):
            start = 0 if past else end - slots
            seen = None
            if past and segments is not None:
                same = segments[:, : block + 1] == segments[:, block : block + 1]
                seen = same.repeat_interleave(slots, 1)[:, None, None, :]
            mine = q[:, :, end - slots : end]
            out.append(attention(mine, k[:, :, start:end], v[:, :, start:end], attn_mask=seen))
        return torch.cat(out, 2)

    return attend


def flex_mask(
    slots: int, segments: Tensor | None, length: int, device: str, *, past: bool = True
) -> Tensor:
    """What flex attention may skip: a mask of blocks of slots, never of slots by slots.

    Args:
        slots: slots K of a block.
        segments: (B, blocks), or None.
        length: slots of a sequence.
        device: where it is used.
        past: whether a block sees the blocks before it.
    """
    from torch.nn.attention.flex_attention import create_block_mask

    def visible(b: Tensor, h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        mine, other = i // slots, j // slots
        seen = other <= mine if past else other == mine
        return seen if segments is None else seen & (segments[b, mine] == segments[b, other])

    rows = None if segments is None else segments.shape[0]
    return create_block_mask(visible, rows, None, length, length, device=device)


def flex(mask: Tensor, *, compiled: bool) -> Attend:
    """The same attention through ``torch.nn.attention.flex_attention``.

    Args:
        mask: from :func:`flex_mask`.
        compiled: whether the kernel is compiled by itself; false inside of what is compiled.
    """
    kernel = _kernel(compiled)

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return kernel(q, k, v, block_mask=mask)

    return attend


@cache
def _kernel(compiled: bool) -> Any:
    import torch
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention) if compiled else flex_attention
