from __future__ import annotations

import pytest
import torch

from pipelines.elastictok.attention import block_causal, flex, flex_mask

SLOTS, BLOCKS = 4, 3
L = SLOTS * BLOCKS
SEGMENTS = torch.tensor([[0, 0, 0], [0, 1, 1], [0, 1, 2]])


def written_out(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, seg: torch.Tensor | None, past: bool
) -> torch.Tensor:
    """Softmax over a mask of every pair, from its definition."""
    out = torch.zeros_like(q)
    for b in range(len(q)):
        for i in range(L):
            seen = [
                j for j in range(L)
                if (j // SLOTS <= i // SLOTS if past else j // SLOTS == i // SLOTS)
                and (seg is None or seg[b, j // SLOTS] == seg[b, i // SLOTS])
            ]  # fmt: skip
            scores = (k[b, :, seen] @ q[b, :, i, :, None])[..., 0] / q.shape[-1] ** 0.5
            out[b, :, i] = (scores.softmax(-1)[..., None] * v[b, :, seen]).sum(1)
    return out


PARTS = pytest.mark.parametrize("segments", [None, SEGMENTS])
PAST = pytest.mark.parametrize("past", [True, False])


def made() -> list[torch.Tensor]:
    return [torch.randn(3, 2, L, 8, generator=torch.Generator().manual_seed(i)) for i in range(3)]


@PARTS
@PAST
def test_block_by_block_equals_the_definition(segments: torch.Tensor | None, past: bool) -> None:
    expected = written_out(*made(), segments, past)
    assert (block_causal(SLOTS, segments, past=past)(*made()) - expected).abs().max() < 1e-6


# Without a compiler flex attention is slow and says so; its results are what counts here.
@pytest.mark.filterwarnings("ignore:flex_attention called without")
@pytest.mark.integration
@PARTS
@PAST
def test_flex_equals_the_definition(segments: torch.Tensor | None, past: bool) -> None:
    with torch.no_grad():
        mask = flex_mask(SLOTS, segments, L, "cpu", past=past)
        found = flex(mask, compiled=False)(*made())
    assert (found - written_out(*made(), segments, past)).abs().max() < 1e-5
