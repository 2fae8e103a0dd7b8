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

from measurand.errors import ParamsError

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


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Shared elements over all elements; 1 for two empty sets."""
    both = len(a & b)
    either = len(a) + len(b) - both
    return both / either if either else 1.0


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
    # Equal shingles are one object: most texts share theirs, and what is one is compared faster.
    one: dict[str, str] = {}
    sets = [
        frozenset(one.setdefault(shingle, shingle) for shingle in shingles(texts[at], words))
        for at in different
    ]
    del one
    for at, same in zip(different, _near(sets, threshold, permutations), strict=True):
        if same is not None:
            found[at] = Repeat(different[same.of], same.similarity)
    # What repeats a text that is itself left out points to the one that stays.
    for at, same in enumerate(found):
        if same is not None and (kept := found[same.of]) is not None:
            found[at] = Repeat(kept.of, min(same.similarity, kept.similarity))
    return found


def _near(
    sets: Sequence[frozenset[str]], threshold: float, permutations: int
) -> Iterator[Repeat | None]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=permutations, params=bands(threshold, permutations))
    signatures = MinHash.generator(map(_bytes, sets), num_perm=permutations, seed=1)
    for at, signature in enumerate(signatures):
        near = ((other, jaccard(sets[at], sets[other])) for other in sorted(index.query(signature)))
        same = next((Repeat(other, s) for other, s in near if s >= threshold), None)
        if same is None:
            index.insert(at, signature)
        yield same


def _bytes(found: Iterable[str]) -> list[bytes]:
    return [one.encode() for one in sorted(found)]
