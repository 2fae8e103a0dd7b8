from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipelines.elastictok import fsq, masks, model, quality, searches
from pipelines.elastictok.attention import block_causal
from pipelines.elastictok.coding import Coder, Stream
from pipelines.elastictok.model import Sizes
from pipelines.elastictok.searches import Found, Range, Search
from schemas.elastictok.params import Fsq

PATCH = (2, 4, 4)
LEVELS = (8, 5, 5)
SIZE = Sizes(
    slots=4, blocks=3, patch=96, width=32, mlp=48, encoder=2, decoder=1, heads=2, theta=1e4,
    bottleneck=Fsq(kind="fsq", levels=LEVELS),
)  # fmt: skip
SPAN = Range(1, 4, 4)
RNG = np.random.default_rng(0)
FRAMES = RNG.integers(0, 256, (5, 6, 8, 8, 3), np.uint8)
ONE = np.zeros((5, 3), np.int64)
MIXED = np.array([[0, 0, 0], [0, 1, 2], [0, 0, 1], [0, 1, 1], [0, 0, 0]])


def coder(batch: int = 7, **changes: object) -> Coder:
    size = replace(SIZE, **changes)
    weights = {k: v if "norm" in k else v * 10 for k, v in model.init(size, 3).items()}
    return Coder(weights, size, PATCH, batch)


def fixed(n: int) -> Search:
    [error] = yield [n]
    return Found(n, error, True, 1)


@pytest.mark.parametrize("segments", [ONE, MIXED])
@pytest.mark.parametrize("past", [True, False])
def test_cached_coding_is_the_whole_forward_pass(segments: np.ndarray, past: bool) -> None:
    one = coder(past=past)
    counts = RNG.integers(1, 5, (5, 3))
    coded = one.code(FRAMES, segments, lambda s, b: fixed(int(counts[s, b])))
    mask = masks.mask(torch.from_numpy(counts), 4).flatten(1)
    attend = block_causal(4, torch.from_numpy(segments), past=past)
    x = model.patchify(torch.from_numpy(FRAMES), PATCH)
    y, _ = model.reconstruct(one._weights, one.size, x, mask, attend)
    expected = model.unpatchify(y, PATCH, 8).numpy()
    assert np.abs(coded.frames - expected).max() < 1e-5
    errors = quality.block_errors(quality.scaled(FRAMES), coded.frames, 2)
    found = np.array([[f.error for f in row] for row in coded.found])
    assert found == pytest.approx(errors, rel=1e-5)
    h, _ = model.encode(one._weights, one.size, x, mask, attend)
    numbers = fsq.index(fsq.quantize(h, LEVELS), LEVELS).reshape(5, 3, 4)
    for (s, b), codes in coded.codes.items():
        assert codes == numbers[s, b, : counts[s, b]].tolist()


def test_one_budget_for_all_blocks() -> None:
    one = coder()
    whole = one.budget(FRAMES, MIXED, 2)
    coded = one.code(FRAMES, MIXED, lambda s, b: fixed(2))
    assert np.abs(whole - coded.frames).max() < 1e-5


@pytest.mark.parametrize("segments", [ONE, MIXED])
def test_searches_of_many_sequences_are_those_of_each_alone(segments: np.ndarray) -> None:
    one = coder()
    limit = 0.9

    def make(s: int, block: int) -> Search:
        return searches.binary(SPAN, limit)

    together = one.code(FRAMES, segments, make)
    for s in range(5):
        alone = one.code(FRAMES[s : s + 1], segments[s : s + 1], make)
        pairs = list(zip(together.found[s], alone.found[0], strict=True))
        assert [a.n for a, _ in pairs] == [b.n for _, b in pairs]
        assert [a.error for a, _ in pairs] == pytest.approx([b.error for _, b in pairs], rel=1e-5)
    for row in together.found:
        assert all(f.feasible == (f.error <= limit) for f in row)


def test_what_is_remembered_changes_nothing_and_saves_passes() -> None:
    one, memory = coder(), {}
    passes = []
    forward = one.forward

    def counted(*args: object) -> object:
        passes.append(len(args[1]))
        return forward(*args)

    one.forward = counted
    make = lambda s, b: searches.full(SPAN, 0.5)  # noqa: E731
    first = one.code(FRAMES, MIXED, make, None, memory)
    before = sum(passes)
    second = one.code(FRAMES, MIXED, make, None, memory)
    assert second.found == first.found
    assert sum(passes) - before < before
    # Only blocks without a past are kept: three first blocks of five, and the segments' first.
    assert {(b, s) for b, s, _ in memory} == {
        (b, s) for s in range(5) for b in range(3) if b == 0 or MIXED[s, b] != MIXED[s, b - 1]
    }


def test_features_see_pixels_and_the_visible_past() -> None:
    seen: list[torch.Tensor] = []

    def opened(stream: Stream, block: int) -> None:
        seen.append(stream.features())

    coder().code(FRAMES, MIXED, lambda s, b: fixed(3), opened)
    assert [f.shape for f in seen] == [(5, 4 * 32 + 1)] * 3
    flags = torch.stack([f[:, -1] for f in seen], 1)
    assert flags.tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]]
    past = torch.stack([f[:, -33:-1].abs().sum(1) > 0 for f in seen], 1)
    assert torch.equal(past, flags > 0)
