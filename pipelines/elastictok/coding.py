"""Coding of sequences block by block, with the past cached and the tokens searched for.

Many sequences are coded side by side: all numbers of tokens that their searches ask for go through
the network in one batch. The keys and values of the code that was chosen stay; nothing of a past
block is computed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.elastictok import attention, fsq, masks, model, searches
from pipelines.elastictok.model import Sizes, Weights
from pipelines.elastictok.searches import Found, Search
from schemas.elastictok.params import Fsq

Tensor = Any
Make = Callable[[int, int], Search]
"""(sequence, block) to the search of its tokens."""
Opened = Callable[["Stream", int], None]
"""Called when the turn of a block comes, before its searches are made."""
Memory = dict[tuple[int, int, int], float]
"""Errors by (block, sequence, tokens)."""


@dataclass
class Coded:
    """What became of S sequences of N blocks.

    Attributes:
        found: what the search of each sequence found, block by block.
        frames: (S, T, H, W, 3) float32 reconstruction in -1..1.
        codes: token numbers by (sequence, block); empty without FSQ.
    """

    found: list[list[Found]]
    frames: npt.NDArray[np.float32]
    codes: dict[tuple[int, int], list[int]]


class Coder:
    """A tokenizer ready to code.

    Args:
        weights: its weights.
        size: its sizes.
        patch: frames, rows and columns of a patch.
        batch: blocks a forward pass.
        device: where it runs.
    """

    def __init__(
        self,
        weights: Weights,
        size: Sizes,
        patch: tuple[int, int, int],
        batch: int,
        device: str = "cpu",
    ) -> None:
        self.size = size
        self.device = device
        self.patch = patch
        self._weights = {k: v.detach().to(device) for k, v in weights.items()}
        self._batch = batch

    def patches(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """(S, L, numbers) patches of (S, T, H, W, 3) frames."""
        import torch

        return model.patchify(torch.from_numpy(frames).to(self.device), self.patch)

    def budget(
        self, frames: npt.NDArray[np.uint8], segments: npt.NDArray[np.int64], n: int
    ) -> npt.NDArray[np.float32]:
        """Reconstruction (S, T, H, W, 3) with n tokens in every block."""
        import torch

        out = []
        step = max(1, self._batch // segments.shape[1])
        for at in range(0, len(frames), step):
            some = torch.from_numpy(segments[at : at + step]).to(self.device)
            x = self.patches(frames[at : at + step])
            mask = masks.mask(torch.full_like(some, n), self.size.slots).flatten(1)
            attend = attention.block_causal(self.size.slots, some, past=self.size.past)
            with torch.inference_mode():
                y, _ = model.reconstruct(self._weights, self.size, x, mask, attend)
            out.append(self._pictures(y, frames.shape[2]))
        return np.concatenate(out)

    def code(
        self,
        frames: npt.NDArray[np.uint8],
        segments: npt.NDArray[np.int64],
        make: Make,
        opened: Opened | None = None,
        memory: Memory | None = None,
    ) -> Coded:
        """Search and code block after block.

        Args:
            frames: (S, T, H, W, 3).
            segments: (S, blocks); a block sees the blocks before it of its own segment.
            make: the search of a sequence's block; called when the block's turn comes.
            opened: called before that, with the state.
            memory: errors of blocks that see no past, kept between calls with the same frames.
        """
        stream = Stream(self, segments, {} if memory is None else memory)
        x, k = self.patches(frames), self.size.slots
        found: list[list[Found]] = [[] for _ in frames]
        codes: dict[tuple[int, int], list[int]] = {}
        parts = []
        for block in range(segments.shape[1]):
            stream.open(x[:, block * k : (block + 1) * k])
            if opened is not None:
                opened(stream, block)
            results = searches.run([make(s, block) for s in range(len(frames))], stream.errors)
            for s, result in enumerate(results):
                found[s].append(result)
            y, numbers = stream.close([result.n for result in results])
            parts.append(y)
            codes |= {(s, block): row for s, row in enumerate(numbers)}
        import torch

        return Coded(found, self._pictures(torch.cat(parts, 1), frames.shape[2]), codes)

    def _pictures(self, y: Tensor, side: int) -> npt.NDArray[np.float32]:
        pictures: npt.NDArray[np.float32] = (
            model.unpatchify(y, self.patch, side).clamp(-1, 1).cpu().numpy()
        )
        return pictures

    def forward(
        self, x: Tensor, n: Tensor, block: int, pasts: tuple[model.Past, model.Past]
    ) -> tuple[Tensor, Tensor, model.Past, model.Past]:
        """One block of each row: reconstruction, latents, and keys and values of both halves.

        Args:
            x: (B, K, numbers) patches.
            n: (B,) tokens.
            block: position of the block in its sequence.
            pasts: what encoder and decoder see of earlier blocks, (B, heads, any, d) a layer.
        """
        from torch.nn.functional import scaled_dot_product_attention as every

        at, mask = block * self.size.slots, masks.mask(n, self.size.slots)
        h, seen = model.encode(
            self._weights, self.size, x, mask, every, start=at, past=pasts[0]
        )  # fmt: skip
        z, _ = model.bottleneck(self.size, h, mask)
        y, shown = model.decode(self._weights, self.size, z, every, start=at, past=pasts[1])
        return y, z, seen, shown

    def embed(self, x: Tensor) -> Tensor:
        """(B, K, width) patches after the first matrix."""
        return x @ self._weights["in"]

    @property
    def chunk(self) -> int:
        """Blocks a forward pass."""
        return self._batch


class Stream:
    """The state of sequences that are being coded: what was chosen so far, as keys and values.

    Args:
        coder: the tokenizer.
        segments: (S, blocks) segment of each block.
        memory: errors of blocks that see no past.
    """

    def __init__(self, coder: Coder, segments: npt.NDArray[np.int64], memory: Memory) -> None:
        self._coder = coder
        self._segments = segments
        self._block = -1
        self._x: Tensor = None
        self._pasts: tuple[model.Past, model.Past] = ([], [])
        self._known: dict[tuple[int, int], float] = {}
        self._memory = memory

    def open(self, x: Tensor) -> None:
        """Go on to the next block, whose patches are (S, K, numbers)."""
        self._block += 1
        self._x = x
        self._known = {(s, n): e for (b, s, n), e in self._memory.items() if b == self._block}

    def errors(self, pairs: list[tuple[int, int]]) -> list[float]:
        """Mean squared error of (sequence, tokens) pairs for the open block, given the past."""
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        for rows, n, y, *_ in self._runs(new):
            errors = (y - self._x[rows]).square().mean((1, 2)).tolist()
            for s, tokens, error in zip(rows.tolist(), n.tolist(), errors, strict=True):
                self._known[s, tokens] = error
                if self._first_seen(s) == self._block:
                    self._memory[self._block, s, tokens] = error
        return [self._known[pair] for pair in pairs]

    def features(self) -> Tensor:
        """(S, 4 width + 1) what a regression of the open block's tokens may look at.

        Mean, deviation and maximum over slots of the embedded pixels; mean over slots of the last
        encoder layer's cached values of the block before, and whether there is one it sees.
        """
        import torch

        with torch.inference_mode():
            h = self._coder.embed(self._x)
            past = torch.zeros_like(h[:, 0])
            seen = torch.zeros(len(h), 1, device=h.device)
            rows = [s for s in range(len(h)) if self._first_seen(s) < self._block]
            if rows:
                values = self._pasts[0][-1][1][rows, :, -self._coder.size.slots :]
                past[rows] = values.mean(2).flatten(1)
                seen[rows] = 1
            return torch.cat((h.mean(1), h.std(1), h.amax(1), past, seen), 1)

    def close(self, chosen: Sequence[int]) -> tuple[Tensor, list[list[int]]]:
        """Keep the chosen number of tokens of each sequence.

        Returns:
            (S, K, numbers) reconstruction, and the numbers of the kept tokens (FSQ).
        """
        import torch

        pieces: dict[int, tuple[Any, ...]] = {}
        for rows, n, y, z, seen, shown in self._runs(list(enumerate(chosen))):
            numbers = self._numbers(z, n)
            for i, row in enumerate(rows.tolist()):
                new = [[(k[i], v[i]) for k, v in half] for half in (seen, shown)]
                pieces[row] = (y[i], numbers[i], *new)
        order = [pieces[s] for s in range(len(chosen))]
        for half, past in enumerate(self._pasts):
            layers = list(zip(*(piece[2 + half] for piece in order), strict=True))
            for layer, pairs in enumerate(layers):
                now = tuple(torch.stack(tensors) for tensors in zip(*pairs, strict=True))
                if self._block == 0:
                    past.append((now[0], now[1]))
                else:
                    k, v = past[layer]
                    past[layer] = (torch.cat((k, now[0]), 2), torch.cat((v, now[1]), 2))
        return torch.stack([p[0] for p in order]), [p[1] for p in order if p[1]]

    def _numbers(self, z: Tensor, n: Tensor) -> list[list[int]]:
        bottleneck = self._coder.size.bottleneck
        if not isinstance(bottleneck, Fsq):
            return [[] for _ in n]
        index = fsq.index(z, bottleneck.levels)
        return [row[:m] for row, m in zip(index.tolist(), n.tolist(), strict=True)]

    def _runs(self, pairs: list[tuple[int, int]]) -> Any:
        """Forward passes over the pairs: rows, tokens, and what :meth:`Coder.forward` gives."""
        import torch

        groups: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for pair in pairs:
            groups[self._first_seen(pair[0])].append(pair)
        for first, some in sorted(groups.items()):
            for at in range(0, len(some), self._coder.chunk):
                rows, n = (
                    torch.tensor(part, device=self._coder.device)
                    for part in zip(*some[at : at + self._coder.chunk], strict=True)
                )
                with torch.inference_mode():
                    pasts = tuple(self._seen(half, rows, first) for half in self._pasts)
                    yield (
                        rows,
                        n,
                        *self._coder.forward(self._x[rows], n, self._block, (pasts[0], pasts[1])),
                    )

    def _first_seen(self, row: int) -> int:
        """First block that the open one sees: of its segment, or itself without a past."""
        if not self._coder.size.past:
            return self._block
        own = self._segments[row]
        return int(np.flatnonzero(own[: self._block + 1] == own[self._block])[0])

    def _seen(self, past: model.Past, rows: Tensor, first: int) -> model.Past:
        start = first * self._coder.size.slots
        if first == self._block:
            layers = max(self._coder.size.encoder, self._coder.size.decoder)
            return self._nothing(len(rows), layers)
        return [(k[rows, :, start:], v[rows, :, start:]) for k, v in past]

    def _nothing(self, rows: int, layers: int) -> model.Past:
        import torch

        size = self._coder.size
        shape = (rows, size.heads, 0, size.width // size.heads)
        empty = torch.empty(shape, device=self._coder.device)
        return [(empty, empty)] * layers
