"""HTML-T5: an encoder for long pages, a dense decoder; plain functions of weights by name.

Gur et al. 2024 (arXiv 2307.12856): T5 (Raffel et al. 2020, arXiv 1910.10683; version 1.1 with gated
layers, Shazeer 2020, arXiv 2002.05202) with the encoder of LongT5 (Guo et al. 2022, arXiv
2112.07916). The names are those of ``transformers``' LongT5, whose outputs these equal, so that
weights go there as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.webagent import attention
from pipelines.webagent.attention import Band, Far
from pipelines.webagent.tokenizer import PAD
from schemas.webagent.pretraining import Network

EPSILON = 1e-6

Tensor = Any
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Size:
    """Sizes of a model.

    Attributes:
        net: its layers.
        vocabulary: tokens.
        flex: whether the encoder's attention is the kernel of a GPU.
        compiled: whether that kernel is compiled by itself.
    """

    net: Network
    vocabulary: int
    flex: bool = False
    compiled: bool = True

    @property
    def band(self) -> Band:
        """What the encoder's tokens see."""
        block = self.net.block if self.net.attention == "local_global" else 0
        return Band(self.net.radius, block)


def _self(net: Network) -> str:
    """Name of the encoder's attention in the layout of LongT5, or of T5 for a dense one."""
    kinds = {"local_global": "TransientGlobal", "local": "Local", "dense": ""}
    return f"{kinds[net.attention]}SelfAttention"


def shapes(size: Size) -> dict[str, tuple[tuple[int, ...], float]]:
    """Shape of every weight, and the standard deviation that it begins with; 0 for ones.

    Those of T5, but for the output, which begins with logits of about 1.
    """
    net = size.net
    inner, width = net.heads * net.head, net.width
    found: dict[str, tuple[tuple[int, ...], float]] = {
        "shared.weight": ((size.vocabulary, width), 1.0)
    }

    def attend(at: str, norm: str, *more: tuple[str, tuple[int, ...], float]) -> None:
        found[f"{at}.q.weight"] = ((inner, width), (width * net.head) ** -0.5)
        found[f"{at}.k.weight"] = ((inner, width), width**-0.5)
        found[f"{at}.v.weight"] = ((inner, width), width**-0.5)
        found[f"{at}.o.weight"] = ((width, inner), inner**-0.5)
        found.update({f"{at}.{name}": (shape, std) for name, shape, std in more})
        found[norm] = ((width,), 0.0)

    def feed(at: str) -> None:
        for name in ("wi_0", "wi_1"):
            found[f"{at}.DenseReluDense.{name}.weight"] = ((net.mlp, width), width**-0.5)
        found[f"{at}.DenseReluDense.wo.weight"] = ((width, net.mlp), net.mlp**-0.5)
        found[f"{at}.layer_norm.weight"] = ((width,), 0.0)

    table = (net.buckets, net.heads)
    for layer in range(net.encoder_layers):
        at = f"encoder.block.{layer}.layer"
        more: list[tuple[str, tuple[int, ...], float]] = []
        if layer == 0:
            more.append(("relative_attention_bias.weight", table, width**-0.5))
        if net.attention == "local_global":
            if layer == 0:
                more.append(("global_relative_attention_bias.weight", table, width**-0.5))
            more.append(("global_input_layer_norm.weight", (width,), 0.0))
        attend(f"{at}.0.{_self(net)}", f"{at}.0.layer_norm.weight", *more)
        feed(f"{at}.1")
    found["encoder.final_layer_norm.weight"] = ((width,), 0.0)
    for layer in range(net.decoder_layers):
        at, more = f"decoder.block.{layer}.layer", []
        if layer == 0:
            more.append(("relative_attention_bias.weight", table, width**-0.5))
        attend(f"{at}.0.SelfAttention", f"{at}.0.layer_norm.weight", *more)
        attend(f"{at}.1.EncDecAttention", f"{at}.1.layer_norm.weight")
        feed(f"{at}.2")
    found["decoder.final_layer_norm.weight"] = ((width,), 0.0)
    found["lm_head.weight"] = ((size.vocabulary, width), width**-0.5)
    return found


def init(size: Size, seed: int) -> dict[str, Tensor]:
    """Weights before training."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator) * std if std else torch.ones(shape)
        for name, (shape, std) in shapes(size).items()
    }


def encode(w: Weights, size: Size, ids: Tensor, lengths: Tensor) -> Tensor:
    """States of the encoder: (B, n, width).

    Args:
        w: weights.
        size: sizes.
        ids: (B, n) tokens, filled at the end.
        lengths: (B,) tokens of each row.
    """
    from torch.nn.functional import embedding

    net = size.net
    x = embedding(ids, w["shared.weight"])
    tables = _tables(w, size, ids.shape[1])
    if size.flex and net.attention != "dense":
        tables["mask"] = attention.flex_mask(lengths, size.band, ids.shape[1])
    for layer in range(net.encoder_layers):
        at = f"encoder.block.{layer}.layer"
        name = f"{at}.0.{_self(net)}"
        y = norm(x, w[f"{at}.0.layer_norm.weight"])
        x = x + out(w, name, _attend(w, size, name, y, lengths, tables))
        x = gated(w, f"{at}.1", x)
    return norm(x, w["encoder.final_layer_norm.weight"])


def _tables(w: Weights, size: Size, n: int) -> dict[str, Tensor]:
    """Biases of all layers: ``near`` by distance, ``far`` by blocks."""
    import torch

    net = size.net
    at = f"encoder.block.0.layer.0.{_self(net)}"
    near = w[f"{at}.relative_attention_bias.weight"]
    if net.attention == "dense":
        return {"near": _between(near, n, n, net, both=True)}
    found = {"near": attention.near_bias(near, net.radius, net.distance)}
    if (count := n // net.block) and net.attention == "local_global":
        table = w[f"{at}.global_relative_attention_bias.weight"]
        relative = torch.arange(-count, count + 1, device=table.device)
        places = attention.buckets(relative, net.buckets, net.distance, both=True)
        found["far"] = table[places].T
    return found


def _attend(
    w: Weights, size: Size, name: str, y: Tensor, lengths: Tensor, tables: Mapping[str, Tensor]
) -> Tensor:
    q, k, v = (heads(w[f"{name}.{part}.weight"], y, size.net) for part in "qkv")
    if size.net.attention == "dense":
        return attention.dense(q, k, v, tables["near"], lengths)
    far = None
    if "far" in tables:
        blocks = attention.sums(y, lengths, size.net.block)
        blocks = norm(blocks, w[f"{name}.global_input_layer_norm.weight"])
        keys, values = (heads(w[f"{name}.{part}.weight"], blocks, size.net) for part in "kv")
        far = Far(keys, values, tables["far"])
    given = (q, k, v, tables["near"], lengths, size.band, far)
    if size.flex:
        return attention.flex(*given, tables["mask"], compiled=size.compiled)
    return attention.banded(*given)


def decode(w: Weights, size: Size, states: Tensor, lengths: Tensor, ids: Tensor) -> Tensor:
    """Logits of every next token: (B, m, vocabulary).

    Args:
        w: weights.
        size: sizes.
        states: (B, n, width) of the encoder.
        lengths: (B,) tokens of each row of the input.
        ids: (B, m) tokens of the target before each place; the first is the filling.
    """
    import torch
    from torch.nn.functional import embedding

    net, m = size.net, ids.shape[1]
    x = embedding(ids, w["shared.weight"])
    table = w["decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    bias = _between(table, m, m, net, both=False)
    ahead = torch.ones(m, m, dtype=torch.bool, device=ids.device).triu(1)
    bias = bias + torch.where(ahead, attention.MASKED, 0.0)
    every = torch.full_like(lengths, m)
    for layer in range(net.decoder_layers):
        at = f"decoder.block.{layer}.layer"
        name = f"{at}.0.SelfAttention"
        y = norm(x, w[f"{at}.0.layer_norm.weight"])
        q, k, v = (heads(w[f"{name}.{part}.weight"], y, net) for part in "qkv")
        x = x + out(w, name, attention.dense(q, k, v, bias, every))
        name = f"{at}.1.EncDecAttention"
        q = heads(w[f"{name}.q.weight"], norm(x, w[f"{at}.1.layer_norm.weight"]), net)
        k, v = (heads(w[f"{name}.{part}.weight"], states, net) for part in "kv")
        none = torch.zeros((), device=x.device)
        x = x + out(w, name, attention.dense(q, k, v, none, lengths))
        x = gated(w, f"{at}.2", x)
    return norm(x, w["decoder.final_layer_norm.weight"]) @ w["lm_head.weight"].T


def forward(w: Weights, size: Size, ids: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
    """Logits of the tokens of a target: (B, m, vocabulary).

    Args:
        w: weights.
        size: sizes.
        ids: (B, n) tokens of the input, filled at the end.
        lengths: (B,) tokens of each row of the input.
        target: (B, m) tokens of the target, filled at the end.
    """
    from torch.nn.functional import pad

    before = pad(target[:, :-1], (1, 0), value=PAD)
    return decode(w, size, encode(w, size, ids, lengths), lengths, before)


def norm(x: Tensor, weight: Tensor) -> Tensor:
    """Root-mean-square normalisation (Zhang & Sennrich 2019, arXiv 1910.07467), in float32."""
    import torch

    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + EPSILON)
    return wide.to(x.dtype) * weight


def heads(weight: Tensor, x: Tensor, net: Network) -> Tensor:
    """A projection (B, heads, n, head) of states (B, n, width)."""
    return (x @ weight.T).unflatten(-1, (net.heads, net.head)).transpose(1, 2)


def out(w: Weights, name: str, x: Tensor) -> Tensor:
    """What heads (B, heads, n, head) add to the states."""
    return x.transpose(1, 2).flatten(2) @ w[f"{name}.o.weight"].T


def gated(w: Weights, at: str, x: Tensor) -> Tensor:
    """States after a gated layer between."""
    from torch.nn.functional import gelu

    y = norm(x, w[f"{at}.layer_norm.weight"])
    gate, value, last = (w[f"{at}.DenseReluDense.{part}.weight"] for part in ("wi_0", "wi_1", "wo"))
    return x + (gelu(y @ gate.T, approximate="tanh") * (y @ value.T)) @ last.T


def _between(table: Tensor, n: int, m: int, net: Network, *, both: bool) -> Tensor:
    """Bias (heads, n, m) of all places to all others."""
    import torch

    place = torch.arange(max(n, m), device=table.device)
    relative = place[None, :m] - place[:n, None]
    found = attention.buckets(relative, net.buckets, net.distance, both=both)
    return table[found].permute(2, 0, 1)
