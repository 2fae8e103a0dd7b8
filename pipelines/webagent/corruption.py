"""Span corruption: masked runs of tokens whose lengths vary around a mean of one's choice.

After Raffel et al. 2020 (arXiv 1910.10683, section 3.1.4), with a mixture of mean lengths as in
Tay et al. 2023 (arXiv 2205.05131). Of n tokens N = round(density n) are masked, in S spans. S is
N / mu, rounded up or down at random so that its mean is exact: rounding to the nearest would make
long spans longer by up to a sixth in a thousand tokens. Both the N masked tokens and the n - N
others are cut into runs uniformly over all ways to do so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from pipelines.webagent.tokenizer import FIRST

Ids = npt.NDArray[np.int32]
Lengths = npt.NDArray[np.int64]


class Runs(NamedTuple):
    """Where masks lie: lengths of the S spans, of the S + 1 runs around them, and a flag.

    ``capped`` says that there were too few sentinels for as many spans as the mean asks for.
    """

    masked: Lengths
    kept: Lengths
    capped: bool


class Corrupted(NamedTuple):
    """Input with a sentinel for every span, target with what it stands for, and where that was.

    ``places`` holds for each token of the target its 0-based place in the part, -1 for sentinels.
    """

    input_ids: Ids
    target_ids: Ids
    places: Lengths


def rng_of(seed: int, doc_id: str, epoch: int) -> np.random.Generator:
    """The generator of one example: Philox (Salmon et al. 2011) with a key of these three.

    No order of examples and no number of workers changes it.
    """
    digest = hashlib.sha256(f"{seed}\x1f{doc_id}\x1f{epoch}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def choose(spans: Sequence[int], weights: Sequence[float], rng: np.random.Generator) -> int:
    """A mean span length of the mixture; equal chances where there are no weights."""
    if len(spans) == 1:
        return spans[0]
    ends = np.cumsum(weights if weights else np.ones(len(spans)))
    return spans[int(np.searchsorted(ends, rng.random() * ends[-1], side="right"))]


def draw(n: int, density: float, mu: float, most: int, rng: np.random.Generator) -> Runs:
    """Lengths of masked spans and of the runs around them.

    Args:
        n: tokens, 2 or more.
        density: share to mask; one token is masked and one is left at least.
        mu: mean span length.
        most: most spans: one fewer than there are sentinels.
        rng: generator.

    Raises:
        InputError: fewer than two tokens.
    """
    if n < 2:
        raise InputError(f"{n} tokens cannot be masked in part", hint="give 2 or more")
    noise = min(max(round(density * n), 1), n - 1)
    whole, part = divmod(noise / mu, 1.0)
    asked = max(1, int(whole) + int(rng.random() < part))
    # Between two spans lies a token at least.
    count = min(asked, noise, n - noise + 1, most)
    kept = _cut(n - noise + 2, count + 1, rng)
    kept[0] -= 1
    kept[-1] -= 1
    return Runs(_cut(noise, count, rng), kept, count == most < asked)


def _cut(total: int, parts: int, rng: np.random.Generator) -> Lengths:
    """``total`` as a sum of so many positive numbers in order, each way alike."""
    ends = np.empty(parts + 1, np.int64)
    ends[0], ends[-1] = 0, total
    if parts > 1:
        inner = rng.choice(total - 1, parts - 1, replace=False, shuffle=False)
        inner.sort()
        np.add(inner, 1, out=ends[1:-1])
    return ends[1:] - ends[:-1]


def apply(tokens: Ids, runs: Runs, first: int = FIRST) -> Corrupted:
    """Tokens with their spans replaced by sentinels, and the target that holds the spans.

    Args:
        tokens: (n,) tokens.
        runs: lengths that sum to n.
        first: id of the first sentinel; the others follow in order.
    """
    count = len(runs.masked)
    lengths = np.empty(2 * count + 1, np.int64)
    lengths[::2], lengths[1::2] = runs.kept, runs.masked
    ends = np.cumsum(lengths)
    starts = ends[:-1:2]
    sentinels = np.arange(first, first + count + 1, dtype=np.int32)
    masked = np.repeat(np.arange(2 * count + 1) % 2 == 1, lengths)
    filled = tokens.copy()
    filled[starts] = sentinels[:-1]
    left = ~masked
    left[starts] = True
    # In the target every span moves back by what is kept before it and on by a sentinel each.
    places = np.full(int(runs.masked.sum()) + count + 1, -1, np.int64)
    marks = np.zeros(len(places), bool)
    marks[0] = True
    marks[np.cumsum(runs.masked + 1)] = True
    places[~marks] = np.flatnonzero(masked)
    target = np.empty(len(places), np.int32)
    target[marks] = sentinels
    target[~marks] = tokens[masked]
    return Corrupted(filled[left], target, places)


def restore(input_ids: Ids, target_ids: Ids, sentinels: int, first: int = FIRST) -> Ids:
    """The tokens that were masked: every sentinel of the input becomes its span again.

    Args:
        input_ids: input of an example.
        target_ids: its target.
        sentinels: number of sentinels there are.
        first: id of the first one.

    Raises:
        InputError: sentinels are not consecutive from the first one, or not the same in both.
    """
    input_ids, target_ids = np.asarray(input_ids, np.int32), np.asarray(target_ids, np.int32)
    here = np.flatnonzero((input_ids >= first) & (input_ids < first + sentinels))
    there = np.flatnonzero((target_ids >= first) & (target_ids < first + sentinels))
    expected = np.arange(first, first + len(here) + 1)
    if (
        not np.array_equal(input_ids[here], expected[:-1])
        or not np.array_equal(target_ids[there], expected)
        or there[0] != 0
        or there[-1] != len(target_ids) - 1
    ):
        raise InputError("input and target have other sentinels", code="sentinels")
    pieces = []
    before = 0
    for k, at in enumerate(here):
        pieces += [input_ids[before:at], target_ids[there[k] + 1 : there[k + 1]]]
        before = at + 1
    return np.concatenate([*pieces, input_ids[before:]])
