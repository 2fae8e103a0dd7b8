"""Where responses and labels come from: rated texts, a known preference model, a user's pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from measurand import hutto, rows
from measurand.errors import ParamsError
from measurand.manifest import Source
from measurand.texts import normalise
from pipelines.soft_labels import own_pairs
from pipelines.soft_labels.labels import (
    Label,
    from_probability,
    from_ratings,
    simulated_votes,
)
from pipelines.soft_labels.pairs import Item, Pair, make_pairs, split_of
from pipelines.soft_labels.rewards import KnownModel
from schemas.soft_labels.params import SPLITS, File, Known, PairSet, Raters

Rejected = tuple[str, str, str]
"""Identity, a stable word for why, and what exactly was wrong."""


@dataclass(frozen=True)
class Asked:
    """A pair with its place.

    Attributes:
        pair: the responses and their label.
        split: what it is used for.
        prompt: what the responses answer.
    """

    pair: Pair
    split: str
    prompt: str


@dataclass(frozen=True)
class Drawn:
    """What a source gives.

    Attributes:
        items: responses with their split, where their worth is known apart from pairs.
        pairs: the pairs.
        rejected_items: texts that are not used.
        rejected_pairs: pairs that are not used.
        sources: outside material, for the manifest.
    """

    items: list[tuple[str, Item]]
    pairs: list[Asked]
    rejected_items: list[Rejected] = field(default_factory=list)
    rejected_pairs: list[Rejected] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


def draw(pairs: PairSet, seed: int, folder: Path) -> Drawn:
    """The items and pairs of a set.

    Args:
        pairs: the set.
        seed: of splits and pairs.
        folder: where fetched archives lie.

    Raises:
        ParamsError: a split gives no pair.
        InputError: a user's file is missing or cannot be read.
        InfraError: an archive cannot be fetched.
    """
    if isinstance(pairs.source, File):
        found = _own(pairs, pairs.source, seed)
    else:
        found = _rated(pairs, pairs.source, seed, folder)
    counts = Counter(asked.split for asked in found.pairs)
    if empty := [name for name in SPLITS if not counts[name]]:
        raise ParamsError(
            f"{pairs.id}: no pair for {', '.join(empty)}; left out: "
            f"{rows.left_out([*found.rejected_items, *found.rejected_pairs])}",
            hint="mend what is left out, give more responses, another variant, or a column `split`",
        )
    return found


def known_model(source: Known, folder: Path) -> KnownModel:
    """The preference model of a set whose truth is known."""
    return KnownModel(hutto.lexicon(hutto.fetch(folder)), source.temperature)


def _own(pairs: PairSet, source: File, seed: int) -> Drawn:
    found = own_pairs.read(source, pairs, seed)
    for note in found.notes:
        print(f"{pairs.id}: {note}", flush=True)
    asked = [Asked(pair, split, prompt) for split, prompt, pair in found.pairs]
    return Drawn([], asked, [], found.rejected, [found.origin])


def _rated(pairs: PairSet, source: Raters | Known, seed: int, folder: Path) -> Drawn:
    archive = hutto.fetch(folder)
    texts, ratings = hutto.read(archive, source.corpus)
    model = known_model(source, folder) if isinstance(source, Known) else None
    items: list[Item] = []
    rejected: list[Rejected] = []
    seen: dict[str, str] = {}
    for key, text in texts.items():
        same = normalise(text)
        if problem := _problem(text, same, pairs.words, seen, rated=bool(ratings.get(key))):
            rejected.append((f"{pairs.id}|{key}", *problem))
            continue
        seen[same] = key
        reward = None if model is None else model.reward(text)
        items.append(Item(key, text, tuple(ratings[key]), reward))
    by_split: dict[str, list[Item]] = {name: [] for name in SPLITS}
    for item in items:
        by_split[split_of(item.text, seed)].append(item)
    label = _label(source, model, seed)
    asked = [
        Asked(pair, name, pairs.prompt)
        for name in SPLITS
        if len(by_split[name]) > 1
        for pair in make_pairs(
            by_split[name],
            getattr(pairs, name),
            pairs.variant,
            label,
            "pairs",
            seed,
            pairs.id,
            name,
        )
    ]
    return Drawn(
        [(name, item) for name in SPLITS for item in by_split[name]],
        asked,
        rejected,
        [],
        [hutto.SOURCE],
    )


def _problem(
    text: str, same: str, words: tuple[int, int], seen: dict[str, str], *, rated: bool
) -> tuple[str, str] | None:
    n = len(text.split())
    if not rated:
        return "no_ratings", ""
    if not words[0] <= n <= words[1]:
        return "length", f"{n} words, not {words[0]} to {words[1]}"
    if same in seen:
        return "duplicate_text", f"the text of {seen[same]}"
    return None


def _label(
    source: Raters | Known, model: KnownModel | None, seed: int
) -> Callable[[Item, Item], Label]:
    def known(first: Item, second: Item) -> Label:
        assert model is not None
        return from_probability(model.preference(first.text, second.text))

    def rated(first: Item, second: Item) -> Label:
        exact = from_ratings(first.ratings, second.ratings)
        votes = source.votes if isinstance(source, Raters) else None
        if votes is None:
            return exact
        return simulated_votes(exact.p, votes, "votes", seed, first.item_id, second.item_id)

    return rated if model is None else known
