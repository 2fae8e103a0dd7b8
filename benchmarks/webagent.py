"""Masking of tokens and attention to long inputs beside what does the same, in one run.

Ratios: span corruption in tokens a second against a plain loop over tokens, and against the
algorithm of T5's own pre-training (a mask of booleans from shuffled segment starts, then sentinels
from cumulative sums), written here; local and global attention against dense attention
(``scaled_dot_product_attention``) in time at 4,096 tokens, with T5's bias and without, and its
memory at 16,384 over that at 4,096, forward, and forward with backward; an encoder of two layers
against the LongT5 of ``transformers`` with the same weights, in time at 4,096 and memory at 16,384.

    python benchmarks/webagent.py [REPEATS]
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipelines.webagent import attention, corruption, export, net
from pipelines.webagent.attention import Band, Far
from pipelines.webagent.net import Size
from pipelines.webagent.tokenizer import FIRST
from schemas.webagent.pretraining import Network

DOCUMENTS, DENSITY = 1000, 0.15
HEADS, WIDTH, RADIUS, BLOCK = 8, 64, 127, 16


def turn_about(works: Sequence[Callable[[], Any]], repeats: int) -> list[float]:
    """Seconds of processor time of the fastest run of each; works take turns."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for times, work in zip(found, works, strict=True):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
    return [min(times) for times in found]


def plain(tokens: np.ndarray, mu: int, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """The same masks, but tokens are put into their lists one by one."""
    runs = corruption.draw(len(tokens), DENSITY, mu, 99, rng)
    given, target, at = [], [], 0
    for k, kept in enumerate(runs.kept):
        for _ in range(kept):
            given.append(int(tokens[at]))
            at += 1
        target.append(FIRST + k)
        if k < len(runs.masked):
            given.append(FIRST + k)
            for _ in range(runs.masked[k]):
                target.append(int(tokens[at]))
                at += 1
    return given, target


def of_t5(tokens: np.ndarray, mu: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Span corruption as T5 was trained with: boolean masks over all tokens."""
    n = len(tokens)
    noise = min(max(round(n * DENSITY), 1), n - 1)
    spans = max(round(noise / mu), 1)

    def segments(items: int) -> np.ndarray:
        starts = np.arange(items - 1) < spans - 1
        rng.shuffle(starts)
        return np.bincount(np.cumsum(np.concatenate([[0], starts])))

    both = np.stack([segments(n - noise), segments(noise)], 1).ravel()
    starts = np.zeros(n, np.int8)
    starts[np.cumsum(both)[:-1]] = 1
    mask = np.cumsum(starts) % 2 == 1

    def filtered(mask: np.ndarray) -> np.ndarray:
        first = mask & ~np.concatenate([[False], mask[:-1]])
        number = np.where(first, np.cumsum(first) + FIRST - 1, 0)
        number[mask & ~first] = -1
        merged = np.where(number != 0, number, tokens)
        return merged[merged >= 0]

    return filtered(mask), filtered(~mask)


def masks(repeats: int) -> None:
    sizes = np.random.default_rng(0).integers(500, 1500, DOCUMENTS)
    pages = [np.random.default_rng(i).integers(200, 8000, n, np.int32) for i, n in enumerate(sizes)]
    total = int(sizes.sum())

    def every(work: Callable[[np.ndarray, int, np.random.Generator], Any]) -> Callable[[], None]:
        def some() -> None:
            for k, tokens in enumerate(pages):
                work(tokens, (8, 64)[k % 2], corruption.rng_of(1, f"page-{k}", 0))

        return some

    def ours(tokens: np.ndarray, mu: int, rng: np.random.Generator) -> None:
        corruption.apply(tokens, corruption.draw(len(tokens), DENSITY, mu, 99, rng))

    a, b, c = turn_about([every(ours), every(plain), every(of_t5)], repeats)
    print(f"masking: {total / a / 1e6:.1f} M tokens/s; plain loop {b / a:.1f}x the time, "
          f"T5's algorithm {c / a:.2f}x the time")  # fmt: skip


def drawn(n: int, *, grad: bool) -> dict[str, Any]:
    made = torch.Generator().manual_seed(0)

    def some(*shape: int) -> Any:
        return torch.randn(*shape, generator=made).requires_grad_(grad)

    far = Far(*(some(1, HEADS, n // BLOCK, WIDTH) for _ in "kv"), some(HEADS, 2 * (n // BLOCK) + 1))
    q, k, v = (some(1, HEADS, n, WIDTH) for _ in "qkv")
    return {"q": q, "k": k, "v": v, "near": some(HEADS, 2 * RADIUS + 1),
            "lengths": torch.tensor([n]), "band": Band(RADIUS, BLOCK), "far": far}  # fmt: skip


def times(repeats: int) -> None:
    n = 4096
    given = drawn(n, grad=False)
    q, k, v = (given[name] for name in "qkv")
    place = torch.arange(n)
    bias = given["near"][:, (place - place[:, None]).clamp(-RADIUS, RADIUS) + RADIUS][None]
    sdpa = torch.nn.functional.scaled_dot_product_attention

    def banded() -> None:
        attention.banded(**given)

    def dense() -> None:
        sdpa(q, k, v, scale=1.0)

    def biased() -> None:
        sdpa(q, k, v, attn_mask=bias, scale=1.0)

    with torch.no_grad():
        a, b, c = turn_about([banded, dense, biased], repeats)
    print(f"attention to {n} tokens: {1e3 * a:.0f} ms; dense {b / a:.1f}x the time without a bias, "
          f"{c / a:.1f}x with one")  # fmt: skip


def held() -> float:
    """MiB that this process held at its peak; what its parent held does not count."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def peak(n: int, grad: bool) -> None:
    """Print the MiB that attention to n tokens adds to this process at its peak."""
    attention.banded(**drawn(256, grad=grad))
    before = held()
    with torch.set_grad_enabled(grad):
        out = attention.banded(**drawn(n, grad=grad))
        if grad:
            out.sum().backward()
    print(held() - before)


def encoders(n: int) -> list[Callable[[], Any]]:
    """Ours and that of ``transformers`` on one input."""
    from transformers import LongT5Config, LongT5EncoderModel

    net_size = Network(width=512, heads=8, mlp=1024, encoder_layers=2, decoder_layers=1)
    size = Size(net_size, 1000)
    weights = net.init(size, 1)
    said = export.config(size)
    config = LongT5Config(
        **{k: v for k, v in said.items() if k not in ("architectures", "model_type")}
    )
    theirs = LongT5EncoderModel(config).eval()
    own = {k: w for k, w in weights.items() if k.startswith("encoder.") or k == "shared.weight"}
    theirs.load_state_dict(own, strict=False)
    ids = torch.randint(2, 1000, (1, n), generator=torch.Generator().manual_seed(0))
    lengths, mask = torch.tensor([n]), torch.ones_like(ids)
    return [
        lambda: net.encode(weights, size, ids, lengths),
        lambda: theirs(input_ids=ids, attention_mask=mask).last_hidden_state,
    ]


def peak_of_encoder(n: int, which: int) -> None:
    """Print the MiB that an encoder adds to this process at its peak."""
    work = encoders(n)[which]
    with torch.no_grad():
        encoders(256)[which]()
        before = held()
        work()
    print(held() - before)


def long_t5(repeats: int) -> None:
    works = encoders(4096)
    with torch.no_grad():
        gap = float((works[0]() - works[1]()).abs().max())
        a, b = turn_about(works, repeats)
    print(f"encoder on 4096 tokens: {a:.2f} s; LongT5 of transformers {b / a:.2f}x the time, "
          f"states differ by {gap:.0e}")  # fmt: skip
    ours, theirs = (printed("--encoder", 16_384, which) for which in (0, 1))
    print(f"memory of an encoder on 16384 tokens: {ours:.0f} MiB; LongT5 of transformers "
          f"{theirs / ours:.1f}x")  # fmt: skip


def printed(what: str, *numbers: int) -> float:
    """What this file prints in a process of its own."""
    words = [sys.executable, __file__, what, *map(str, numbers)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def memory() -> None:
    for grad in (False, True):
        found = [printed("--peak", n, int(grad)) for n in (4096, 16_384)]
        what = "forward and backward" if grad else "forward"
        print(f"memory of attention, {what}: {found[0]:.0f} MiB at 4096 tokens, {found[1]:.0f} MiB "
              f"at 16384: {found[1] / found[0]:.1f}x")  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--peak"]:
        peak(int(sys.argv[2]), sys.argv[3] == "1")
    elif sys.argv[1:2] == ["--encoder"]:
        peak_of_encoder(int(sys.argv[2]), int(sys.argv[3]))
    else:
        asked = int(sys.argv[1]) if len(sys.argv) > 1 else 3
        masks(asked)
        times(asked)
        memory()
        long_t5(asked)
