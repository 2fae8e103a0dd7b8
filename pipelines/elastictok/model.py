"""The tokenizer: two block-causal transformers with a bottleneck between them.

Yan et al. 2024 (arXiv 2410.08368): pre-norm layers with RMSNorm, rotary embeddings, SwiGLU, no
biases. The encoder is told by an added vector which slots are kept; their pixels it sees in any
case, so a code of n tokens is not the beginning of a code of more. Dropped latents enter the
decoder as exact zeros. Weights are a dictionary of tensors, as safetensors keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.elastictok import fsq, vae
from pipelines.elastictok.attention import Attend
from schemas.elastictok.params import Fsq, Params, TokenizerSpec, Vae

RMS_EPSILON = 1e-5
INIT = 0.02
"""Standard deviation of the initial weights."""

Tensor = Any
Weights = dict[str, Tensor]
Past = list[tuple[Tensor, Tensor]]
"""Keys and values of the earlier blocks, one pair a layer: (B, heads, slots, d) each."""


@dataclass(frozen=True)
class Sizes:
    """Everything that decides the shape of the network.

    Attributes:
        slots: slots K of a block.
        blocks: blocks of a sequence.
        patch: numbers of a patch.
        width: of the residual stream.
        mlp: of the gated layer.
        encoder: layers.
        decoder: layers.
        heads: attention heads.
        theta: base of the rotary embedding.
        bottleneck: what a token is.
        mask_shown: whether the encoder is told which slots are kept.
        past: whether a block sees earlier blocks.
    """

    slots: int
    blocks: int
    patch: int
    width: int
    mlp: int
    encoder: int
    decoder: int
    heads: int
    theta: float
    bottleneck: Fsq | Vae
    mask_shown: bool = True
    past: bool = True

    @property
    def latent(self) -> int:
        """Numbers of a token."""
        b = self.bottleneck
        return len(b.levels) if isinstance(b, Fsq) else b.channels

    @property
    def bits(self) -> float | None:
        """Bits of a token; None where it is made of floats."""
        return fsq.bits(self.bottleneck.levels) if isinstance(self.bottleneck, Fsq) else None


def sizes(params: Params, spec: TokenizerSpec) -> Sizes:
    """Sizes of a model of the parameters."""
    network, (pt, ph, pw) = params.train.network, params.train.patch
    return Sizes(
        slots=params.slots,
        blocks=params.build.blocks,
        patch=pt * ph * pw * 3,
        width=network.width,
        mlp=network.mlp,
        encoder=network.encoder_layers,
        decoder=network.decoder_layers,
        heads=network.heads,
        theta=network.rope_theta,
        bottleneck=params.train.bottleneck,
        mask_shown=spec.mask_shown,
        past=spec.past,
    )


def init(size: Sizes, seed: int) -> Weights:
    """Weights before training, float32 on the CPU: normal with deviation 0.02, norms one."""
    import torch

    generator = torch.Generator().manual_seed(seed % 2**63)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator) * INIT

    inner = size.latent if isinstance(size.bottleneck, Fsq) else 2 * size.latent
    weights = {
        "in": normal(size.patch, size.width),
        "kept": normal(size.width),
        "masked": normal(size.width),
        "latent": normal(size.width, inner),
        "post": normal(size.latent, size.width),
        "out": normal(size.width, size.patch),
    }
    for half, layers in (("encoder", size.encoder), ("decoder", size.decoder)):
        weights[f"{half}.norm"] = torch.ones(size.width)
        for i in range(layers):
            name = f"{half}.{i}"
            weights |= {f"{name}.norm1": torch.ones(size.width)}
            weights |= {f"{name}.norm2": torch.ones(size.width)}
            weights |= {f"{name}.qkv": normal(size.width, 3 * size.width)}
            weights |= {f"{name}.proj": normal(size.width, size.width)}
            weights |= {f"{name}.gate": normal(size.width, 2 * size.mlp)}
            weights |= {f"{name}.down": normal(size.mlp, size.width)}
    return weights


def patchify(frames: Tensor, patch: tuple[int, int, int]) -> Tensor:
    """(B, T, H, W, 3) uint8 to (B, L, pt*ph*pw*3) float32 in -1..1; time, row, column order."""
    pt, ph, pw = patch
    b, t, h, w, c = frames.shape
    x = frames.float() / 127.5 - 1
    x = x.reshape(b, t // pt, pt, h // ph, ph, w // pw, pw, c)
    return x.permute(0, 1, 3, 5, 2, 4, 6, 7).reshape(b, -1, pt * ph * pw * c)


def unpatchify(x: Tensor, patch: tuple[int, int, int], size: int) -> Tensor:
    """(B, L, numbers) to (B, T, H, W, 3), still in -1..1; inverse of :func:`patchify`."""
    pt, ph, pw = patch
    rows, columns = size // ph, size // pw
    b, slots, _ = x.shape
    x = x.reshape(b, slots // (rows * columns), rows, columns, pt, ph, pw, 3)
    return x.permute(0, 1, 4, 2, 5, 3, 6, 7).reshape(b, -1, size, size, 3)


def encode(
    weights: Weights,
    size: Sizes,
    x: Tensor,
    mask: Tensor,
    attend: Attend,
    *,
    start: int = 0,
    past: Past | None = None,
) -> tuple[Tensor, Past]:
    """Network outputs before the quantizer.

    Args:
        weights: the weights.
        size: the sizes.
        x: (B, L, patch) patches.
        mask: (B, L) which slots are kept.
        attend: see :mod:`pipelines.elastictok.attention`.
        start: position of the first slot in the sequence.
        past: keys and values of earlier blocks; the queries then see all of it.

    Returns:
        (B, L, numbers) and the keys and values of these slots, a pair a layer.
    """
    told = _where(mask[..., None], weights["kept"], weights["masked"])
    h = x @ weights["in"] + (told if size.mask_shown else weights["kept"])
    h, present = _layers(weights, size, "encoder", size.encoder, h, attend, start, past)
    return h @ weights["latent"], present


def bottleneck(
    size: Sizes, h: Tensor, mask: Tensor, noise: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Latents and the auxiliary loss.

    Args:
        size: the sizes.
        h: (B, L, numbers) from :func:`encode`.
        mask: (B, L) which slots are kept.
        noise: standard normal (B, L, d) that a VAE samples with; None takes the mean.

    Returns:
        (B, L, d) with exact zeros in dropped slots, and a number (0 for FSQ).
    """
    # Levels and variances need more digits than bfloat16 has.
    h = h.float()
    if isinstance(size.bottleneck, Fsq):
        z, extra = fsq.quantize(h, size.bottleneck.levels), h.new_zeros(())
    else:
        mean, logvar = vae.moments(h)
        z = mean if noise is None else vae.sample(mean, logvar, noise)
        extra = size.bottleneck.kl_weight * vae.divergence(mean, logvar, mask, size.slots)
    return _where(mask[..., None], z, z.new_zeros(())), extra


def decode(
    weights: Weights,
    size: Sizes,
    z: Tensor,
    attend: Attend,
    *,
    start: int = 0,
    past: Past | None = None,
) -> tuple[Tensor, Past]:
    """(B, L, patch) reconstruction in -1..1, and keys and values; arguments as :func:`encode`."""
    h = z.to(weights["post"].dtype) @ weights["post"]
    h, present = _layers(weights, size, "decoder", size.decoder, h, attend, start, past)
    return (h @ weights["out"]).float().tanh(), present


def reconstruct(
    weights: Weights,
    size: Sizes,
    x: Tensor,
    mask: Tensor,
    attend: Attend,
    noise: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Whole sequences through encoder, bottleneck and decoder.

    Returns:
        (B, L, patch) float32 reconstruction and the auxiliary loss.
    """
    h, _ = encode(weights, size, x.to(weights["in"].dtype), mask, attend)
    z, extra = bottleneck(size, h, mask, noise)
    out, _ = decode(weights, size, z, attend)
    return out, extra


def _where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    import torch

    return torch.where(condition, a, b)


def _layers(
    weights: Weights,
    size: Sizes,
    half: str,
    layers: int,
    h: Tensor,
    attend: Attend,
    start: int,
    past: Past | None,
) -> tuple[Tensor, Past]:
    import torch

    turn = rotation(size, start, h.shape[1], h.device)
    present: Past = []
    for i in range(layers):
        name = f"{half}.{i}"
        q, k, v = (_norm(h, weights[f"{name}.norm1"]) @ weights[f"{name}.qkv"]).chunk(3, -1)
        q, k, v = (_heads(part, size.heads) for part in (q, k, v))
        q, k = rotate(q, turn), rotate(k, turn)
        present.append((k, v))
        if past is not None:
            k, v = (torch.cat(pair, 2) for pair in ((past[i][0], k), (past[i][1], v)))
        mixed = attend(q, k, v).transpose(1, 2).flatten(2)
        h = h + mixed @ weights[f"{name}.proj"]
        gate, up = (_norm(h, weights[f"{name}.norm2"]) @ weights[f"{name}.gate"]).chunk(2, -1)
        h = h + (torch.nn.functional.silu(gate) * up) @ weights[f"{name}.down"]
    return _norm(h, weights[f"{half}.norm"]), present


def rotation(size: Sizes, start: int, length: int, device: Any) -> tuple[Tensor, Tensor]:
    """Cosines and sines, (length, head/2), of positions ``start`` onwards (Su et al. 2021)."""
    import torch

    half = size.width // size.heads // 2
    rates = size.theta ** (-torch.arange(half, device=device, dtype=torch.float32) / half)
    angles = torch.arange(start, start + length, device=device)[:, None].float() * rates
    return angles.cos(), angles.sin()


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate neighbouring pairs of (..., length, head) by their position."""
    import torch

    cos, sin = (part.to(x.dtype) for part in turn)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


def _heads(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _norm(x: Tensor, scale: Tensor) -> Tensor:
    import torch

    return torch.nn.functional.rms_norm(x, (x.shape[-1],), scale.to(x.dtype), RMS_EPSILON)
