"""Elements that have other numbers at every visit of a pair, so that none can be known by heart.

A number is drawn when a page is shown, in an episode too. A pair that keeps its numbers teaches
them: a planner then says what it has seen, and need not read what stands in the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.webagent.fitting import Pairs, Ragged
from pipelines.webagent.tokenizer import PAD, Ids
from schemas.webagent.pretraining import Steps

VISITS = 1 << 20
"""Numberings of a pair that there are to draw from: none comes twice in a training, as good as."""
KEPT = 1024
"""Pairs of the last steps that are not put together again."""

Number = Callable[[int], Sequence[int]]
"""Tokens of a number."""
Made = tuple[Ids, Ids]
"""Tokens of an input and of a target."""


class Page(NamedTuple):
    """An input whose numbers are apart from its other tokens.

    Attributes:
        words: all other tokens.
        places: how many of them stand before each number.
        refs: the numbers in their order.
        every: the numbers of the whole page, each once: what is cut off counts.
    """

    words: Ids
    places: Sequence[int]
    refs: Sequence[int]
    every: Sequence[int]

    def cut(self, most: int) -> Page:
        """What of it may stand within so many tokens, whatever its numbers are."""
        left = [place for n, place in enumerate(self.places) if place + n < most]
        return self._replace(
            words=self.words[:most].copy(), places=left, refs=self.refs[: len(left)]
        )

    def read(self, number: Number, named: dict[int, int]) -> Ids:
        """Its tokens, with other numbers.

        Args:
            number: tokens of a number.
            named: the other number of each.
        """
        *some, last = np.split(self.words, self.places)
        numbers = [number(named[ref]) for ref in self.refs]
        parts: list[Any] = [part for pair in zip(some, numbers, strict=True) for part in pair]
        found: Ids = np.concatenate([*parts, last]).astype(np.int32)
        return found


class Lesson(NamedTuple):
    """A pair before it has numbers.

    Attributes:
        page: its input.
        answer: tokens of its target, given the numbers that are pointed at.
        refs: those of the page as it was.
    """

    page: Page
    answer: Callable[[Sequence[int]], Sequence[int]]
    refs: Sequence[int]


Draw = Callable[[int, np.random.Generator], Lesson]
"""A lesson by its place among all, with what of it is drawn anew at every visit."""


def pairs(draw: Draw, count: int, number: Number, given: Steps) -> Pairs:
    """Pairs whose elements change their numbers among each other at every visit.

    Pair ``i`` is visit ``i // n`` of lesson ``i % n``, of n: it follows from its number and the
    seed alone, so that every training on them sees the same, and one that goes on too.

    Args:
        draw: what there is to learn.
        count: how many lessons there are.
        number: tokens of a number.
        given: parameters: most tokens of inputs and targets, seed.
    """
    number = lru_cache(maxsize=None)(number)

    def make(i: int) -> Made:
        visit, at = divmod(i, count)
        rng = rng_for("webagent numbers", given.seed, "visit", at, visit)
        page, answer, refs = draw(at, rng)
        named = dict(zip(page.every, rng.permutation(page.every).tolist(), strict=True))
        ids = page.read(number, named)[: given.input]
        target = answer([named.get(ref, ref) for ref in refs])[: given.target]
        return ids, np.array(target, np.int32)

    kept = lru_cache(maxsize=KEPT)(make)
    every = count * VISITS
    return Pairs(_Visits(lambda i: kept(i)[0], every), _Visits(lambda i: kept(i)[1], every))


class _Visits(Ragged):
    """Lists of tokens that are made when they are asked for."""

    def __init__(self, made: Callable[[int], Ids], count: int) -> None:
        self._made = made
        self.lengths: Any = _Lengths(made, count)

    def rows(self, at: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
        found = np.full((len(at), width), PAD, np.int64)
        for row, one in enumerate(at):
            ids = self._made(int(one))
            found[row, : len(ids)] = ids
        return found


class _Lengths:
    """Their lengths."""

    def __init__(self, made: Callable[[int], Ids], count: int) -> None:
        self._made, self._count = made, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.array([len(self._made(int(one))) for one in at], np.int64)
