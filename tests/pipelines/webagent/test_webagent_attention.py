from __future__ import annotations

from typing import Any

import pytest
import torch

from pipelines.webagent import attention
from pipelines.webagent.attention import Band, Far

SHAPES = [
    # batch, heads, length, width of a head, radius, block
    (2, 3, 100, 8, 15, 8),
    (1, 2, 257, 4, 7, 16),
    (3, 1, 64, 8, 31, 16),
    (2, 2, 515, 8, 20, 24),
    (2, 4, 13, 8, 127, 16),
]
"""Lengths that are no multiple of the block, shorter than the radius, shorter than a block."""


def drawn(shape: tuple[int, ...], seed: int) -> dict[str, Any]:
    batch, heads, n, width, radius, block = shape
    made = torch.Generator().manual_seed(seed)
    count = n // block

    def some(*sizes: int) -> Any:
        return torch.randn(*sizes, generator=made)

    far = Far(some(batch, heads, count, width), some(batch, heads, count, width),
              some(heads, 2 * count + 1)) if count else None  # fmt: skip
    lengths = torch.randint(1, n + 1, (batch,), generator=made)
    lengths[0] = n
    return {
        "q": some(batch, heads, n, width), "k": some(batch, heads, n, width),
        "v": some(batch, heads, n, width), "near": some(heads, 2 * radius + 1),
        "lengths": lengths, "band": Band(radius, block if count else 0, 64), "far": far,
    }  # fmt: skip


def reference(q: Any, k: Any, v: Any, near: Any, lengths: Any, band: Band, far: Far | None) -> Any:
    """The definition, token by token, with a mask of tokens by tokens and blocks."""
    out = torch.zeros_like(q)
    n, block = q.shape[2], band.block
    for b in range(len(q)):
        length = int(lengths[b])
        whole = length // block if block else 0
        for i in range(length):
            keys = [(k[b, :, j], v[b, :, j], near[:, j - i + band.radius])
                    for j in range(length) if abs(i - j) <= band.radius]  # fmt: skip
            for g in range(whole if far is not None else 0):
                own = min(i // block, whole - 1)
                keys.append((far.k[b, :, g], far.v[b, :, g], far.bias[:, g - own + n // block]))
            scores = torch.stack([(q[b, :, i] * key).sum(-1) + bias for key, _, bias in keys])
            values = torch.stack([value for _, value, _ in keys])
            out[b, :, i] = (scores.softmax(0)[..., None] * values).sum(0)
    return out


def inside(x: Any, lengths: Any) -> Any:
    """Rows that are no filling."""
    return torch.cat([x[b, :, : int(n)].flatten() for b, n in enumerate(lengths)])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_band_and_the_blocks_are_those_of_a_dense_mask(shape: tuple[int, ...]) -> None:
    given = drawn(shape, 1)
    expected = inside(reference(**given), given["lengths"])
    found = inside(attention.banded(**given), given["lengths"])
    assert float((found - expected).abs().max()) < 1e-5


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_kernel_of_a_gpu_gives_the_same_where_it_is_not_compiled(
    shape: tuple[int, ...],
) -> None:
    given = drawn(shape, 2)
    with torch.no_grad():
        mask = attention.flex_mask(given["lengths"], given["band"], shape[2])
        found = inside(attention.flex(**given, mask=mask, compiled=False), given["lengths"])
        expected = inside(attention.banded(**given), given["lengths"])
    assert float((found - expected).abs().max()) < 1e-5


def test_chunks_change_neither_values_nor_gradients() -> None:
    found = []
    for chunk in (64, 100_000):
        given = drawn((2, 2, 300, 8, 15, 16), 3)
        leaves = [given[name] for name in ("q", "k", "v", "near")] + list(given["far"])
        for leaf in leaves:
            leaf.requires_grad_()
        given["band"] = Band(15, 16, chunk)
        out = inside(attention.banded(**given), given["lengths"])
        (out * torch.arange(len(out))).sum().backward()
        found.append([out.detach(), *(leaf.grad for leaf in leaves)])
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-3)


def test_sums_of_blocks() -> None:
    x = torch.arange(22.0).view(1, 22, 1).repeat(3, 1, 1)
    found = attention.sums(x, torch.tensor([22, 13, 3]), 4)[..., 0]
    # What is left after the last whole block belongs to it; later blocks are not seen.
    assert found.tolist() == [[6, 22, 38, 54, 70 + 41], [6, 22, 50, 12, 0], [3, 0, 0, 0, 0]]
