"""Designs that would do: clusters, items of each, repeats of each item, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from measurand.planning.question import Question
from measurand.planning.wish import Wish
from measurand.stats.components import Components

MOST_REPEATS = 8
SHAPES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)


@dataclass(frozen=True)
class Design:
    """A sample.

    Attributes:
        clusters: clusters, or items where each is its own.
        per_cluster: items of each.
        repeats: repeats of each item.
        cost: in the unit of the prices.
    """

    clusters: int
    per_cluster: int
    repeats: int
    cost: float

    @property
    def items(self) -> int:
        """Items in all."""
        return self.clusters * self.per_cluster

    @property
    def calls(self) -> int:
        """Calls in all."""
        return self.items * self.repeats


def design(clusters: int, per_cluster: int, repeats: int, wish: Wish) -> Design:
    """A design with its cost."""
    items = clusters * per_cluster
    parts = {"cluster": clusters, "item": items, "call": items * repeats}
    cost = sum(wish.prices.get(name, 0.0) * n for name, n in parts.items())
    return Design(clusters, per_cluster, repeats, cost)


def as_pilot(parts: Components) -> tuple[int, int]:
    """Items of a cluster and repeats of an item as in the pilot, whole."""
    return max(1, round(parts.per_cluster)), max(1, round(parts.per_item))


def shapes(parts: Components, wish: Wish) -> Iterator[tuple[int, int]]:
    """Items of a cluster and repeats of an item that may be asked for, the pilot's first."""
    own = as_pilot(parts)
    yield own
    clustered = parts.n_clusters < parts.n_items
    most_items = wish.most.get("items", 4 * own[0]) if clustered else 1
    most_repeats = wish.most.get("repeats", max(MOST_REPEATS, own[1]))
    # Without repeats in the pilot nothing is known of what they would bring.
    repeats = [own[1]] if parts.repeats is None else [r for r in SHAPES if r <= most_repeats]
    for m in sorted({s for s in SHAPES if s <= most_items} | {own[0]} if clustered else {1}):
        for r in repeats:
            if (m, r) != own:
                yield m, r


def fits(found: Design, wish: Wish) -> bool:
    """Whether a design keeps to what there can be at most."""
    most = wish.most
    return (
        found.clusters <= most.get("clusters", math.inf)
        and found.per_cluster <= most.get("items", math.inf)
        and found.repeats <= most.get("repeats", math.inf)
    )


def needed(question: Question, per_cluster: int, repeats: int, wish: Wish) -> Design | None:
    """The smallest design of a shape that does; None where none does."""
    clusters = question.clusters(per_cluster, repeats)
    return None if clusters is None else design(clusters, per_cluster, repeats, wish)


def cheapest(question: Question, wish: Wish) -> tuple[Design | None, list[Design]]:
    """The cheapest design that does, and all that were looked at."""
    parts = question.parts
    every = [found for m, r in shapes(parts, wish) if (found := needed(question, m, r, wish))]
    fitting = [found for found in every if fits(found, wish)]
    best = min(fitting, key=lambda d: (d.cost, d.calls, d.clusters), default=None)
    return best, every


def affordable(question: Question, wish: Wish, calls: float, cost: float) -> Design | None:
    """The design that shows most within a number of calls and a cost; None where nothing fits."""
    best, most = None, -1.0
    for m, r in shapes(question.parts, wish):
        of_one = design(1, m, r, wish)
        limits = [calls / of_one.calls, wish.most.get("clusters", math.inf)]
        if of_one.cost > 0:
            limits.append(cost / of_one.cost)
        if not math.isfinite(min(limits)):
            continue
        found = design(math.floor(min(limits)), m, r, wish)
        if found.clusters >= 2 and fits(found, wish):
            shown = question.shown(found.clusters, m, r)
            if shown > most:
                best, most = found, shown
    return best
