"""Greedy answers of a model, one token at a time; what may follow can be restricted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.webagent import attention, net
from pipelines.webagent.net import Size
from pipelines.webagent.tokenizer import END, PAD

Tensor = Any
Weights = Mapping[str, Tensor]
Allowed = Callable[[int, list[int]], Sequence[int] | None]
"""From the row of a batch and its tokens so far: tokens that may follow; None for any."""


@dataclass(frozen=True)
class Written:
    """An answer.

    Attributes:
        ids: its tokens, without the end.
        logprob: of these tokens and the end, among what was allowed, in nats.
        ended: whether the end was written before there were too many tokens.
    """

    ids: list[int]
    logprob: float
    ended: bool


@dataclass
class Reading:
    """What the decoder keeps between two tokens.

    Attributes:
        across: keys and values of the input, by layer.
        past: keys and values of the tokens so far, by layer.
    """

    across: list[tuple[Tensor, Tensor]]
    past: list[tuple[Tensor, Tensor] | None] = field(default_factory=list)


def begin(w: Weights, size: Size, states: Tensor) -> Reading:
    """The decoder before its first token.

    Args:
        w: weights.
        size: sizes.
        states: (B, n, width) of the encoder.
    """
    across = []
    for layer in range(size.net.decoder_layers):
        at = f"decoder.block.{layer}.layer.1.EncDecAttention"
        k, v = (net.heads(w[f"{at}.{part}.weight"], states, size.net) for part in "kv")
        across.append((k, v))
    return Reading(across, [None] * size.net.decoder_layers)


def step(w: Weights, size: Size, reading: Reading, lengths: Tensor, ids: Tensor) -> Tensor:
    """Logits (B, vocabulary) after one more token, as :func:`pipelines.webagent.net.decode` has.

    Args:
        w: weights.
        size: sizes.
        reading: what is kept; the token is added to it.
        lengths: (B,) tokens of each row of the input.
        ids: (B,) the token; at first the filling.
    """
    import torch
    from torch.nn.functional import embedding

    one = size.net
    x = embedding(ids, w["shared.weight"])[:, None]
    table = w["decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    first = reading.past[0]
    at = 0 if first is None else first[0].shape[2]
    back = torch.arange(-at, 1, device=ids.device)
    bias = table[attention.buckets(back, one.buckets, one.distance, both=False)].T[:, None]
    every = torch.full_like(lengths, at + 1)
    none = torch.zeros((), device=ids.device)
    for layer in range(one.decoder_layers):
        block = f"decoder.block.{layer}.layer"
        name = f"{block}.0.SelfAttention"
        y = net.norm(x, w[f"{block}.0.layer_norm.weight"])
        q, k, v = (net.heads(w[f"{name}.{part}.weight"], y, one) for part in "qkv")
        if (past := reading.past[layer]) is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        reading.past[layer] = (k, v)
        x = x + net.out(w, name, attention.dense(q, k, v, bias, every))
        name = f"{block}.1.EncDecAttention"
        q = net.heads(w[f"{name}.q.weight"], net.norm(x, w[f"{block}.1.layer_norm.weight"]), one)
        x = x + net.out(w, name, attention.dense(q, *reading.across[layer], none, lengths))
        x = net.gated(w, f"{block}.2", x)
    x = net.norm(x, w["decoder.final_layer_norm.weight"])
    return x[:, 0] @ w["lm_head.weight"].T


def write(
    w: Weights,
    size: Size,
    ids: Tensor,
    lengths: Tensor,
    most: int,
    *,
    allowed: Allowed | None = None,
    end: int = END,
) -> list[Written]:
    """The likeliest token, again and again, until the end or too many tokens.

    Args:
        w: weights.
        size: sizes.
        ids: (B, n) tokens of the inputs, filled at the end.
        lengths: (B,) tokens of each row.
        most: most tokens of an answer.
        allowed: what may follow; ``end`` counts as a token. Without a row's permission to end, its
            answer goes on to ``most``. A row that may write nothing ends.
        end: token that ends an answer.
    """
    import torch

    with torch.no_grad():
        reading = begin(w, size, net.encode(w, size, ids, lengths))
        rows = len(ids)
        written: list[list[int]] = [[] for _ in range(rows)]
        sums, ended = [0.0] * rows, [False] * rows
        last = torch.full((rows,), PAD, dtype=torch.long, device=ids.device)
        for _ in range(most + 1):
            logits = step(w, size, reading, lengths, last).float()
            for row in range(rows):
                if ended[row]:
                    continue
                may = None if allowed is None else allowed(row, written[row])
                token, logprob = _best(logits[row], may)
                if token is None or token == end:
                    ended[row] = True
                    sums[row] += logprob
                    continue
                if len(written[row]) < most:
                    written[row].append(token)
                    sums[row] += logprob
                    last[row] = token
            if all(ended):
                break
    return [Written(*one) for one in zip(written, sums, ended, strict=True)]


def _best(logits: Tensor, may: Sequence[int] | None) -> tuple[int | None, float]:
    """The likeliest of some tokens, and its log-probability among them."""
    if may is None:
        at = int(logits.argmax())
        return at, float(logits.log_softmax(-1)[at])
    if not may:
        return None, 0.0
    some = sorted(set(may))
    found = logits[some]
    at = int(found.argmax())
    return some[at], float(found.log_softmax(-1)[at])
