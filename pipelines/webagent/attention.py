"""Attention of long inputs: a band around every token, and one token for every block of others.

Guo et al. 2022, LongT5 (arXiv 2112.07916, section 3.1): each token attends to ``radius`` tokens on
both sides and, with transient global attention, to the sum of each block of ``block`` tokens. The
tokens left after the last whole block belong to it. No matrix of tokens by tokens exists: queries
go through in chunks, each against its own window and the blocks, so that memory grows with the
length (what blocks cost in a chunk grows with their number).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

Tensor = Any
MASKED = -1e9
"""Added to scores of what is not seen: weights of exactly zero, and no NaN where all is masked."""
STEP = 64
"""Queries that share a window, about."""


class Band(NamedTuple):
    """What a token sees.

    Attributes:
        radius: tokens on both sides.
        block: tokens of a block; 0 for no global tokens.
        chunk: queries that are held at a time, about; when gradients are needed, scores of an
            input that is longer are computed again on the way back.
    """

    radius: int
    block: int
    chunk: int = 1024


class Far(NamedTuple):
    """Blocks as keys.

    Attributes:
        k: (B, heads, G, d) keys.
        v: values alike.
        bias: (heads, 2 G + 1) by the block's number less the query's, from -G on.
    """

    k: Tensor
    v: Tensor
    bias: Tensor


def buckets(relative: Tensor, count: int, most: int, *, both: bool) -> Tensor:
    """Bucket of relative positions: half of them exact, the rest by the logarithm of the distance.

    Raffel et al. 2020 (arXiv 1910.10683), section 2.1.

    Args:
        relative: key's place less the query's, any shape.
        count: buckets in all.
        most: distance from which all are in one bucket.
        both: whether keys may lie on either side; otherwise those ahead are in bucket 0.
    """
    import torch

    found = torch.zeros_like(relative)
    if both:
        count //= 2
        found = (relative > 0).long() * count
        distance = relative.abs()
    else:
        distance = (-relative).clamp(min=0)
    exact = count // 2
    ratio = torch.log(distance.clamp(min=1).float() / exact) / math.log(most / exact)
    large = (exact + (ratio * (count - exact)).long()).clamp(max=count - 1)
    return found + torch.where(distance < exact, distance, large)


def near_bias(table: Tensor, radius: int, most: int) -> Tensor:
    """Bias (heads, 2 radius + 1) by the key's place less the query's.

    Args:
        table: (buckets, heads).
        radius: largest distance.
        most: see :func:`buckets`.
    """
    import torch

    relative = torch.arange(-radius, radius + 1, device=table.device)
    return table[buckets(relative, len(table), most, both=True)].T


def sums(x: Tensor, lengths: Tensor, block: int) -> Tensor:
    """Sum of every block's tokens: (B, n // block, width).

    Args:
        x: (B, n, width) states.
        lengths: (B,) tokens of each row that are no filling.
        block: tokens of a block.
    """
    import torch
    from torch.nn.functional import pad

    n = x.shape[1]
    count = n // block
    inside = torch.arange(n, device=x.device) < lengths[:, None]
    x = pad(x * inside[..., None], (0, 0, 0, (count + 1) * block - n))
    every = x.unflatten(1, (count + 1, block)).sum(2)
    last = torch.arange(count, device=x.device) == (lengths // block - 1)[:, None]
    return every[:, :-1] + every[:, 1:] * last[..., None]


def banded(
    q: Tensor, k: Tensor, v: Tensor, near: Tensor, lengths: Tensor, band: Band, far: Far | None
) -> Tensor:
    """Attention within the band and to the blocks; scores are not scaled, as in T5.

    Args:
        q: (B, heads, n, d) queries.
        k: keys alike.
        v: values alike.
        near: (heads, 2 radius + 1) bias; see :func:`near_bias`.
        lengths: (B,) tokens of each row that are no filling.
        band: what is seen.
        far: the blocks; None for none.

    Returns:
        (B, heads, n, d); rows of filling hold numbers without a meaning.
    """
    import torch
    from torch.nn.functional import pad
    from torch.utils.checkpoint import checkpoint

    n, radius = q.shape[2], band.radius
    # Whole blocks share a window, so that the bias of blocks is one row for all of their tokens.
    step = (band.block or STEP) * max(1, STEP // (band.block or STEP))
    windows = -(-n // step)
    q = pad(q, (0, 0, 0, windows * step - n)).unflatten(2, (windows, step))
    k, v = (
        pad(x, (0, 0, radius, radius + windows * step - n)).unfold(2, step + 2 * radius, step)
        for x in (k, v)
    )
    places = torch.arange(-radius, windows * step + radius, device=q.device)
    seen = (places >= 0) & (places < lengths[:, None])
    hidden = torch.where(seen, 0.0, MASKED).to(q.dtype).unfold(1, step + 2 * radius, step)
    local = _diagonals(near, step)
    held = max(1, band.chunk // step)
    again = windows > held and torch.is_grad_enabled()
    done = []
    for at in range(0, windows, held):
        some = slice(at, at + held)
        parts = (q[:, :, some], k[:, :, some], v[:, :, some], hidden[:, some], local)
        given = (*parts, lengths, band, at * step, far)
        done.append(checkpoint(_chunk, *given, use_reentrant=False) if again else _chunk(*given))
    return torch.cat(done, 2).flatten(2, 3)[:, :, :n]


def _diagonals(near: Tensor, step: int) -> Tensor:
    """Bias (heads, step, step + 2 radius) of a window, masked outside of the band."""
    import torch

    width = near.shape[1]
    query = torch.arange(step, device=near.device)[:, None]
    place = torch.arange(step + width - 1, device=near.device) - query
    seen = (place >= 0) & (place < width)
    return torch.where(seen, near[:, place.clamp(0, width - 1)], MASKED)


def _chunk(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    hidden: Tensor,
    local: Tensor,
    lengths: Tensor,
    band: Band,
    first: int,
    far: Far | None,
) -> Tensor:
    """Some windows: q (B, heads, w, step, d), k and v (B, heads, w, d, step + 2 radius)."""
    import torch

    scores = q @ k
    scores = scores + local[:, None].to(scores.dtype) + hidden[:, None, :, None].to(scores.dtype)
    if far is None:
        return scores.float().softmax(-1).to(v.dtype) @ v.transpose(-1, -2)
    windows, step = q.shape[2:4]
    count = far.k.shape[2]
    flat = q.flatten(2, 3) @ far.k.transpose(-1, -2)
    groups = torch.arange(windows * step // band.block, device=q.device) + first // band.block
    whole = (lengths // band.block)[:, None]
    own = torch.minimum(groups, (whole - 1).clamp(min=0))
    number = torch.arange(count, device=q.device)
    # (heads, B, groups, G): one row for all tokens of a block.
    bias = far.bias[:, number - own[..., None] + count].transpose(0, 1)
    bias = bias + torch.where(number < whole, 0.0, MASKED)[:, None, None]
    flat = flat.unflatten(2, (len(groups), band.block)) + bias[:, :, :, None].to(flat.dtype)
    both = torch.cat([scores, flat.reshape(*scores.shape[:4], count)], -1)
    weights = both.float().softmax(-1).to(v.dtype)
    inner, outer = weights.split([scores.shape[-1], count], -1)
    near_part = inner @ v.transpose(-1, -2)
    far_part = outer.flatten(2, 3) @ far.v
    return near_part + far_part.unflatten(2, (windows, step))


def flex_mask(lengths: Tensor, band: Band, n: int) -> Tensor:
    """What :func:`flex` may skip: one mask for all layers, never of tokens by tokens.

    Args:
        lengths: (B,) tokens of each row that are no filling.
        band: what is seen.
        n: tokens of a row, filling included.
    """
    from torch.nn.attention.flex_attention import create_block_mask

    whole = lengths // (band.block or n + 1)

    def seen(b: Tensor, h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        inside = (j < n) & ((i - j).abs() <= band.radius) & (j < lengths[b])
        return inside | ((j >= n) & (j - n < whole[b]))

    keys = n + (n // band.block if band.block else 0)
    return create_block_mask(seen, len(lengths), None, n, keys, device=lengths.device)


def flex(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    near: Tensor,
    lengths: Tensor,
    band: Band,
    far: Far | None,
    mask: Tensor,
    *,
    compiled: bool,
) -> Tensor:
    """What :func:`banded` gives, by one kernel of a GPU that skips what is not seen.

    Args:
        q: see :func:`banded`, as the next six.
        k: keys.
        v: values.
        near: bias.
        lengths: tokens of each row.
        band: what is seen.
        far: the blocks.
        mask: from :func:`flex_mask`.
        compiled: whether the kernel is compiled by itself; false inside of what is compiled.
    """
    import torch

    n, radius, block = q.shape[2], band.radius, band.block or 1
    count, beyond = 0, near
    if far is not None:
        count, beyond = far.k.shape[2], far.bias
        k, v = torch.cat([k, far.k], 2), torch.cat([v, far.v], 2)
    last = (lengths // block - 1).clamp(min=0)

    def biased(score: Tensor, b: Tensor, h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        own = torch.minimum(i // block, last[b])
        local = near[h, (j - i + radius).clamp(0, 2 * radius)]
        other = beyond[h, (j - n - own + count).clamp(0, beyond.shape[1] - 1)]
        return score + torch.where(j < n, local, other)

    return _kernel(compiled)(q, k, v, score_mod=biased, block_mask=mask, scale=1.0)


@cache
def _kernel(compiled: bool) -> Any:
    import torch
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention) if compiled else flex_attention


def dense(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, lengths: Tensor) -> Tensor:
    """Every token sees every other: the attention of T5, for inputs that are short.

    Args:
        q: (B, heads, n, d) queries.
        k: (B, heads, m, d) keys.
        v: values alike.
        bias: added to scores; broadcast to (heads, n, m).
        lengths: (B,) keys of each row that are no filling.
    """
    import torch

    scores = q @ k.transpose(-1, -2)
    seen = torch.arange(k.shape[2], device=q.device) < lengths[:, None]
    scores = scores + bias + torch.where(seen, 0.0, MASKED)[:, None, None]
    return scores.float().softmax(-1).to(v.dtype) @ v
