"""Pairs of texts with soft labels. Texts are split first; pairs are made within a split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from measurand.errors import InputError
from measurand.stats.resample import rng_for
from measurand.texts import normalise
from pipelines.soft_labels.labels import VARIANTS, Label, bin_of, wanted

SHARES = {"train": 0.7, "dev": 0.1, "test": 0.2}
"""Shares of the texts, by split."""

DRAWS_A_PAIR = 200
"""Random pairs that are looked at for each pair wanted, before a bin is given up."""


@dataclass(frozen=True)
class Item:
    """A text that can be a response.

    Attributes:
        item_id: identity.
        text: the text.
        ratings: single ratings of people; empty where its worth is known otherwise.
        reward: its worth under a known preference model, None where people rated it.
    """

    item_id: str
    text: str
    ratings: tuple[float, ...] = ()
    reward: float | None = None


@dataclass(frozen=True)
class Pair:
    """Two responses, the preferred one first.

    Attributes:
        first: the response with the label at or above one half.
        second: the other one.
        label: probability that the first is preferred, 0.5 to 1.
        swapped: the draw had them the other way round.
    """

    first: Item
    second: Item
    label: Label
    swapped: bool

    @property
    def pair_id(self) -> str:
        """Identity: SHA-256 of both items, whichever is preferred."""
        names = sorted((self.first.item_id, self.second.item_id))
        return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def split_of(text: str, seed: int) -> str:
    """The split of a text: by a hash of what makes it the same text, so equal ones stay together.

    Args:
        text: the text.
        seed: another seed, another split.
    """
    digest = hashlib.sha256(f"{seed}\x1f{normalise(text)}".encode()).digest()
    share, edge = int.from_bytes(digest[:8], "big") / 2**64, 0.0
    for name, size in SHARES.items():
        edge += size
        if share < edge:
            return name
    return name


def oriented(first: Item, second: Item, label: Label) -> Pair:
    """The pair with its preferred response first; a tie keeps its order."""
    if 2 * label.num >= label.den:
        return Pair(first, second, label, swapped=False)
    return Pair(second, first, label.flipped(), swapped=True)


def make_pairs(
    items: Sequence[Item],
    n: int,
    variant: str,
    label: Callable[[Item, Item], Label],
    *words: str | int,
) -> list[Pair]:
    """Random pairs of different texts, none twice, with the histogram of a variant.

    Pairs are drawn at random and kept while their bin has room. Where the items do not give enough
    pairs of a bin, there are fewer: compare ``histogram`` with ``labels.wanted``.

    Args:
        items: the texts of a split, in a fixed order.
        n: pairs wanted.
        variant: one of ``labels.VARIANTS``.
        label: the soft label of two items, as drawn.
        words: words that the seed is made of.

    Returns:
        At most n pairs, in the order in which they were drawn.

    Raises:
        InputError: fewer than two items, or an unknown variant.
    """
    room = wanted(variant, n)
    if len(items) < 2:
        raise InputError(f"{len(items)} texts make no pair", hint="give a split two texts or more")
    left = None if room is None else list(room)
    rng = rng_for(*words)
    found: list[Pair] = []
    seen: set[tuple[int, int]] = set()
    for _ in range(DRAWS_A_PAIR * n):
        if len(found) == n:
            break
        a, b = (int(i) for i in rng.choice(len(items), 2, replace=False))
        key = (min(a, b), max(a, b))
        if key in seen or normalise(items[a].text) == normalise(items[b].text):
            continue
        pair = oriented(items[a], items[b], label(items[a], items[b]))
        at = bin_of(pair.label.p)
        if left is not None:
            if not left[at]:
                continue
            left[at] -= 1
        seen.add(key)
        found.append(pair)
    return found


def histogram(pairs: Sequence[Pair]) -> tuple[int, ...]:
    """Pairs by bin of their label."""
    bins = len(next(w for w in VARIANTS.values() if w))
    counts = [0] * bins
    for pair in pairs:
        counts[bin_of(pair.label.p)] += 1
    return tuple(counts)
