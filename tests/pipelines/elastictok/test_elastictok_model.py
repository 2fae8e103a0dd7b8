from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pipelines.elastictok import masks, model
from pipelines.elastictok.attention import block_causal
from pipelines.elastictok.model import Sizes
from schemas.elastictok.params import Fsq, Params, TokenizerSpec, Vae

SIZE = Sizes(
    slots=8, blocks=3, patch=12, width=32, mlp=48, encoder=2, decoder=2, heads=2, theta=1e4,
    bottleneck=Vae(kind="vae", channels=4),
)  # fmt: skip
L = SIZE.slots * SIZE.blocks


def weights(size: Sizes = SIZE) -> model.Weights:
    # Larger than at the start of training, so that every path carries something.
    return {k: v if "norm" in k else v * 12 for k, v in model.init(size, 7).items()}


def inputs(seed: int = 0) -> torch.Tensor:
    return torch.rand(2, L, SIZE.patch, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def run(w: model.Weights, x: torch.Tensor, counts: list[int], size: Sizes = SIZE) -> torch.Tensor:
    mask = masks.mask(torch.tensor([counts] * len(x)), size.slots).flatten(1)
    return model.reconstruct(w, size, x, mask, block_causal(size.slots, past=size.past))[0]


def test_blocks_see_only_themselves_and_the_past() -> None:
    w, x = weights(), inputs()
    before = run(w, x, [5, 8, 3])
    edited = x.clone()
    edited[:, 16:] += 0.5
    after = run(w, edited, [5, 8, 3])
    assert (after - before)[:, :16].abs().max() == 0.0
    assert (after - before)[:, 16:].abs().max() > 1e-3
    edited = x.clone()
    edited[:, 15] += 0.5  # last slot of block 1
    after = run(w, edited, [5, 8, 3])
    assert (after - before)[:, :8].abs().max() == 0.0
    assert (after - before)[:, 8].abs().max() > 1e-4


def test_without_past_blocks_are_alone() -> None:
    size = replace(SIZE, past=False)
    w, x = weights(size), inputs()
    edited = x.clone()
    edited[:, :8] += 0.5
    change = run(w, edited, [8, 8, 8], size) - run(w, x, [8, 8, 8], size)
    assert change[:, 8:].abs().max() == 0.0
    assert change[:, :8].abs().max() > 1e-3


@pytest.mark.parametrize("bottleneck", [SIZE.bottleneck, Fsq(kind="fsq", levels=(8, 5, 5))])
def test_block_by_block_with_a_cache_equals_the_whole(bottleneck: Fsq | Vae) -> None:
    size = replace(SIZE, bottleneck=bottleneck)
    w, x, counts = weights(size), inputs(), [5, 2, 8]
    whole = run(w, x, counts, size)
    attend = block_causal(size.slots)
    full = torch.nn.functional.scaled_dot_product_attention
    pasts: list[model.Past | None] = [None, None]
    for block, n in enumerate(counts):
        mask = masks.mask(torch.tensor([n, n]), size.slots)
        part, at = x[:, block * 8 : block * 8 + 8], block * 8
        seen = attend if block == 0 else full
        h, present = model.encode(w, size, part, mask, seen, start=at, past=pasts[0])
        z, _ = model.bottleneck(size, h, mask)
        out, shown = model.decode(w, size, z, seen, start=at, past=pasts[1])
        assert (out - whole[:, at : at + 8]).abs().max() < 1e-5
        for half, new in enumerate((present, shown)):
            old = pasts[half]
            pasts[half] = new if old is None else [
                (torch.cat((a, c), 2), torch.cat((b, d), 2))
                for (a, b), (c, d) in zip(old, new, strict=True)
            ]  # fmt: skip


def test_dropped_latents_are_zero_and_change_nothing_but_their_pixels_do() -> None:
    w, x = weights(), inputs()
    mask = masks.mask(torch.tensor([[3, 8, 5]] * 2), 8).flatten(1)
    attend = block_causal(8)
    h, _ = model.encode(w, SIZE, x, mask, attend)
    z, _ = model.bottleneck(SIZE, h, mask)
    assert (z[~mask] == 0).all()
    assert (z[mask] != 0).all()
    changed = torch.where(mask[..., None], h, h + 3)
    assert torch.equal(model.bottleneck(SIZE, changed, mask)[0], z)
    edited = x.clone()
    edited[:, 7] += 1  # a dropped slot of block 0
    assert (run(w, edited, [3, 8, 5]) - run(w, x, [3, 8, 5]))[:, :7].abs().max() > 1e-4


def test_codes_depend_on_the_mask_unless_it_is_not_shown() -> None:
    x, attend = inputs(), block_causal(8)
    few, many = (masks.mask(torch.tensor([[n] * 3] * 2), 8).flatten(1) for n in (3, 8))
    for shown in (True, False):
        size = replace(SIZE, mask_shown=shown)
        a, b = (model.encode(weights(size), size, x, m, attend)[0] for m in (few, many))
        assert torch.equal(a, b) is not shown


def test_patches_hold_every_pixel_once_in_time_row_column_order() -> None:
    frames = torch.randint(0, 256, (2, 4, 8, 8, 3), dtype=torch.uint8)
    x = model.patchify(frames, (2, 4, 4))
    assert x.shape == (2, 8, 96)
    back = model.unpatchify(x, (2, 4, 4), 8)
    assert torch.equal(((back + 1) * 127.5).round().to(torch.uint8), frames)
    second = (frames[0, :2, :4, 4:].float() / 127.5 - 1).flatten()
    assert torch.equal(x[0, 1], second)


def test_rotation_turns_pairs_and_keeps_relative_products() -> None:
    q, k = torch.randn(16, generator=torch.Generator().manual_seed(1)).chunk(2)

    def product(i: int, j: int) -> float:
        size = replace(SIZE, width=16)
        a, b = (
            model.rotate(v[None], model.rotation(size, at, 1, "cpu"))
            for v, at in ((q, i), (k, j))
        )  # fmt: skip
        return float((a * b).sum())

    assert product(0, 0) == pytest.approx(float(q @ k), rel=1e-6)
    assert product(7, 3) == pytest.approx(product(104, 100), rel=1e-4)
    assert product(7, 3) != pytest.approx(product(7, 4), rel=1e-3)


def test_attention_equals_that_of_a_written_out_mask() -> None:
    q, k, v = (torch.randn(2, 2, L, 16, generator=torch.Generator().manual_seed(i)) for i in
               range(3))  # fmt: skip
    block = torch.arange(L) // SIZE.slots
    mask = block[None, :] <= block[:, None]
    scores = (q @ k.transpose(-1, -2) / 4).masked_fill(~mask, float("-inf"))
    expected = scores.softmax(-1) @ v
    assert (block_causal(SIZE.slots)(q, k, v) - expected).abs().max() < 1e-6


def test_sizes_follow_the_parameters(small: Params) -> None:
    size = model.sizes(small, TokenizerSpec(name="x", mask_shown=False))
    assert (size.slots, size.patch, size.latent) == (16, 96, 3)
    assert size.bits == pytest.approx(7.64, abs=0.01)
    assert not size.mask_shown
    w = model.init(size, 1)
    assert all(torch.equal(a, b) for a, b in zip(w.values(), model.init(size, 1).values(),
                                                 strict=True))  # fmt: skip
    assert float(w["encoder.0.qkv"].std()) == pytest.approx(0.02, rel=0.05)
