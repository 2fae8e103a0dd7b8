"""Which examples are shown, and in which order: one permutation a seed, of which K take the first.

The shot set of K therefore lies in that of every larger K, and a curve is paired along its length.
"""

from __future__ import annotations

from collections.abc import Sequence

from measurand.stats.resample import rng_for


def permutation(classes: Sequence[int | None], *words: str | int) -> list[int]:
    """A random order of examples in which every beginning holds the classes evenly.

    Classes are shuffled within, and dealt in rounds: one of each, in a new random order every
    round, until a class has none left. So any beginning that lies within complete rounds differs by
    at most one example between classes.

    Args:
        classes: class of every example, None where there are no classes.
        words: words that the seed is made of.

    Returns:
        Indices into ``classes``.
    """
    rng = rng_for(*words)
    if not classes or classes[0] is None:
        return [int(i) for i in rng.permutation(len(classes))]
    piles: dict[int, list[int]] = {}
    for index in rng.permutation(len(classes)).tolist():
        piles.setdefault(int(classes[index] or 0), []).append(index)
    order: list[int] = []
    names = sorted(piles)
    while any(piles.values()):
        for at in rng.permutation(len(names)).tolist():
            pile = piles[names[at]]
            if pile:
                order.append(pile.pop())
    return order


def shots(chosen: Sequence[int], k: int, distinct: int | None, *words: str | int) -> list[int]:
    """The K shots of a permutation, in their order.

    Args:
        chosen: the permutation.
        k: number of shots; at most ``len(chosen)`` unless they are repeated.
        distinct: only so many distinct ones, repeated in turn until there are K.
        words: words that the seed of another order is made of; none keeps the permutation's.
    """
    some = list(chosen[: min(k, distinct or k)])
    out = [some[at % len(some)] for at in range(k)] if some else []
    if words:
        out = [out[at] for at in rng_for(*words).permutation(len(out)).tolist()]
    return out
