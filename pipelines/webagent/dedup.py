"""Texts that say the same as an earlier one: equal, or nearly so by their shingles.

Broder 1997, On the resemblance and containment of documents: the share of equal minima of random
permutations estimates the Jaccard similarity of two sets. The index of minima (datasketch) only
proposes pairs; what is decided is the exact similarity.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from measurand.errors import ParamsError

Numbers = npt.NDArray[np.int32]

MISS = 0.01
"""Chance, at most, that a pair right at the threshold is not proposed."""
_WORD = re.compile(r"\w+|[^\w\s]")


class Repeat(NamedTuple):
    """A text that is left out: index of the one that stays, and their Jaccard similarity."""

    of: int
    similarity: float


def shingles(text: str, words: int) -> frozenset[str]:
    """All runs of so many words and signs; of a shorter text its only one."""
    found = _WORD.findall(text)
    last = max(1, len(found) - words + 1)
    return frozenset("\x1f".join(found[i : i + words]) for i in range(last))


class Similarities:
    """Jaccard similarity of one set at a time to others: shared elements over all elements.

    A set is the numbers of its elements, 4 bytes each: of hundreds of thousands of pages the sets
    themselves would fill the memory.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._sets: list[Numbers] = []
        self._marks = np.zeros(1, bool)

    def add(self, elements: Iterable[str]) -> None:
        """A set; its place is that of the call."""
        numbers = self._numbers
        own = [numbers.setdefault(one, len(numbers)) for one in elements]
        self._sets.append(np.array(own, np.int32))

    def first(self, at: int, others: Iterable[int], threshold: float) -> Repeat | None:
        """The first of the others that is so similar to a set; two empty sets are alike."""
        mine = self._sets[at]
        if len(self._marks) < len(self._numbers):
            self._marks = np.zeros(2 * len(self._numbers), bool)
        self._marks[mine] = True
        found = None
        for other in others:
            both = int(np.count_nonzero(self._marks[self._sets[other]]))
            either = len(mine) + len(self._sets[other]) - both
            similarity = both / either if either else 1.0
            if similarity >= threshold:
                found = Repeat(other, similarity)
                break
        self._marks[mine] = False
        return found


def bands(threshold: float, permutations: int) -> tuple[int, int]:
    """Bands b and rows r of the index: the most selective that miss less than :data:`MISS`.

    A pair of similarity s is proposed with probability 1 - (1 - s^r)^b (Leskovec, Rajaraman,
    Ullman, Mining of Massive Datasets, section 3.4.2).

    Raises:
        ParamsError: the signatures are too short for so low a threshold.
    """
    for rows in range(permutations, 0, -1):
        count = permutations // rows
        if (1 - threshold**rows) ** count <= MISS:
            return count, rows
    raise ParamsError(
        f"{permutations} permutations miss too many pairs of similarity {threshold}",
        hint="raise near.permutations, or near.jaccard",
    )


def repeats(
    texts: Sequence[str], *, words: int = 5, threshold: float = 0.8, permutations: int = 128
) -> list[Repeat | None]:
    """Which texts repeat an earlier one that stays; None for those that stay.

    Args:
        texts: texts, the ones to keep first.
        words: words and signs of a shingle.
        threshold: Jaccard similarity from which two texts are nearly the same.
        permutations: length of the signatures.
    """
    found: list[Repeat | None] = [None] * len(texts)
    exact: dict[bytes, int] = {}
    different = []
    for at, text in enumerate(texts):
        first = exact.setdefault(hashlib.sha256(text.encode()).digest(), at)
        if first == at:
            different.append(at)
        else:
            found[at] = Repeat(first, 1.0)
    sets = (shingles(texts[at], words) for at in different)
    for at, same in zip(different, _near(sets, threshold, permutations), strict=True):
        if same is not None:
            found[at] = Repeat(different[same.of], same.similarity)
    # What repeats a text that is itself left out points to the one that stays.
    for at, same in enumerate(found):
        if same is not None and (kept := found[same.of]) is not None:
            found[at] = Repeat(kept.of, min(same.similarity, kept.similarity))
    return found


def _near(
    sets: Iterable[frozenset[str]], threshold: float, permutations: int
) -> Iterator[Repeat | None]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=permutations, params=bands(threshold, permutations))
    known = Similarities()

    def words() -> Iterator[list[bytes]]:
        for elements in sets:
            known.add(elements)
            yield [one.encode() for one in sorted(elements)]

    for at, signature in enumerate(MinHash.generator(words(), num_perm=permutations, seed=1)):
        same = known.first(at, sorted(index.query(signature)), threshold)
        if same is None:
            index.insert(at, signature)
        yield same
