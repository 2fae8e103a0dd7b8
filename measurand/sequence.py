"""Clusters in one fixed random order, as a run that may stop asks them.

A cluster's place follows from the seed and its own name, so whoever reads the results finds the
order again without a list of it, and any slice of them lies in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from measurand.stats.resample import seed_for

if TYPE_CHECKING:
    import pyarrow as pa


def ordered(names: Iterable[str], seed: int) -> list[str]:
    """Names in the order of a seed.

    Args:
        names: of clusters; equal ones count once.
        seed: of the order.
    """
    return sorted(set(names), key=lambda name: (seed_for("cluster order", seed, name), name))


def batches(names: Sequence[str], size: int) -> list[frozenset[str]]:
    """Ordered names cut into batches of ``size``; the last one may be smaller."""
    return [frozenset(names[at : at + size]) for at in range(0, len(names), size)]


@dataclass(frozen=True)
class Order:
    """What decides which clusters are asked together, and when.

    Attributes:
        seed: of the order.
        batch: clusters asked between two decisions.
    """

    seed: int
    batch: int

    @property
    def folder(self) -> str:
        """Name of the folder of its model calls: calls of two orders never share one.

        An answer may depend in its last bits on the batch that it was asked in.
        """
        return f"until-{self.seed}-{self.batch}"


class Until(Protocol):
    """What ends a run early: :class:`measurand.until.Until`, which knows gates."""

    order: Order

    def names(self, model: str) -> bool:
        """Whether it says when to stop asking a model."""

    def open(self, model: str, items: pa.Table, parents: Mapping[str, str]) -> list[str]:
        """What is not decided yet of a model, by name."""

    def note(self, **row: Any) -> None:
        """Keep how far a model's run came."""

    def record(self) -> dict[str, Any]:
        """The order, and how far each model's run came, for the manifest of the item results."""


class Watch:
    """One model's run: which clusters to ask next, until its bets are decided.

    Iterating gives the next batch of clusters, None for all of them where nothing ends the run.
    After each batch :meth:`see` has to be told the answers.

    Args:
        until: what ends the run; None where nothing does.
        model: model string.
        parents: logical hashes of the datasets that it is asked from.
        items: items of each cluster, without those asked a second time.
    """

    def __init__(
        self, until: Until | None, model: str, parents: Mapping[str, str], items: Mapping[str, int]
    ) -> None:
        self._until, self._model, self._parents, self._items = until, model, parents, items
        self._open: list[str] | None = None

    def __iter__(self) -> Iterator[frozenset[str] | None]:
        if self._until is None:
            yield None
            return
        order = self._until.order
        done: list[str] = []
        for batch in batches(ordered(self._items, order.seed), order.batch):
            yield batch
            done += batch
            if self._open == []:
                break
        self._until.note(
            model=self._model,
            clusters=len(done),
            of_clusters=len(self._items),
            items=sum(self._items[name] for name in done),
            of_items=sum(self._items.values()),
            open=self._open,
        )
        print(f"evaluate: {self._model}: {self._words(len(done))}", flush=True)

    def see(self, items: Callable[[], pa.Table]) -> None:
        """Let the bets decide on the answers so far.

        Args:
            items: gives all item results of the model so far; called where something bets on it.
        """
        if self._until is not None and self._until.names(self._model):
            self._open = self._until.open(self._model, items(), self._parents)

    def _words(self, done: int) -> str:
        asked = f"{done} of {len(self._items)} clusters asked"
        if self._open is None:
            return f"{asked}; no bet is on this model"
        if not self._open:
            return f"{asked}; all bets are decided"
        return f"{asked}; undecided: {', '.join(self._open)}"
