"""Splits of a user's own pairs: no response in two of them, or, where that cannot be, no prompt.

Two texts are the same one here where they differ in case, blanks or punctuation alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from measurand.texts import normalise
from pipelines.soft_labels.pairs import Pair, split_of
from schemas.soft_labels.params import SPLITS


@dataclass(frozen=True)
class Given:
    """A pair of the file.

    Attributes:
        key: its row.
        split: as the file says, or "" where splits are drawn.
        prompt: what both responses answer.
        pair: the responses and their label.
    """

    key: str
    split: str
    prompt: str
    pair: Pair

    @property
    def texts(self) -> tuple[str, str]:
        """What makes both responses the same ones, in order."""
        return normalise(self.pair.first.text), normalise(self.pair.second.text)


@dataclass(frozen=True)
class Splits:
    """Pairs with their split.

    Attributes:
        kept: the pairs.
        shared: rows that share something with a split that is measured on, and which split.
        notes: what a reader should know of them, one sentence each.
    """

    kept: list[Given]
    shared: list[tuple[str, str]] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def drawn(given: Sequence[Given], asked: Mapping[str, int], seed: int) -> Splits:
    """Splits of pairs that have none.

    Pairs that share a response, however far, lie in one split. Where that leaves a split short of
    what is asked for and several prompts give more, pairs that share a prompt do.

    Args:
        given: the pairs.
        asked: pairs wanted, by split.
        seed: another seed, other splits.
    """
    apart = _placed(given, _components([one.texts for one in given]), seed)
    prompts = [normalise(one.prompt) for one in given]
    if not _repeats(given):
        return Splits(apart)
    together = _placed(given, prompts, seed)
    if _short(together, asked) < _short(apart, asked):
        return Splits(together, notes=_shared_note(together))
    return Splits(apart)


def own(given: Sequence[Given], asked: Mapping[str, int], seed: int) -> Splits:
    """Splits that the file states, cleared of training and development rows that are tested on.

    A row is left out that shares a response with a split that is measured on; where that leaves a
    split short of what is asked for, a row that shares a response under the same prompt. What the
    file has no split for is made: without a test split development rows are tested on, without a
    development split training rows are followed; of one split alone all three are drawn.
    """
    stated = {one.split for one in given}
    if len(stated) < 2:
        note = f"the file has {next(iter(stated), 'no split')} alone: splits are drawn"
        found = drawn(given, asked, seed)
        return replace(found, notes=(note, *found.notes))
    notes: list[str] = []
    if "test" not in stated:
        given = [replace(one, split="test") if one.split == "dev" else one for one in given]
        notes.append("the file has no test split: its development split is tested on")
    if not any(one.split == "dev" for one in given):
        given = _developed(given, asked["dev"], seed)
        notes.append("the file has no development split: it is drawn from training")
    found = _cleared(given, lambda one: set(one.texts))
    if _repeats(given):
        loose = _cleared(given, lambda one: {(normalise(one.prompt), text) for text in one.texts})
        if _short(loose.kept, asked) < _short(found.kept, asked):
            found = replace(loose, notes=_shared_note(loose.kept))
    return replace(found, notes=(*notes, *found.notes))


def _developed(given: Sequence[Given], n: int, seed: int) -> list[Given]:
    """Whole prompts of training, or of one prompt whole components, made the development split."""
    train = [one for one in given if one.split == "train"]
    units = [normalise(one.prompt) for one in train]
    if len(set(units)) == 1:
        units = _components([one.texts for one in train])
    rows: dict[str, list[str]] = {}
    for one, unit in zip(train, units, strict=True):
        rows.setdefault(unit, []).append(one.key)
    chosen: set[str] = set()
    for unit in sorted(rows, key=lambda u: hashlib.sha256(f"{seed}\x1f{u}".encode()).digest()):
        if len(chosen) >= n or len(chosen) + len(rows[unit]) > len(train) / 2:
            break
        chosen |= set(rows[unit])
    return [replace(one, split="dev") if one.key in chosen else one for one in given]


def _shared_note(kept: Sequence[Given]) -> tuple[str, ...]:
    where: dict[str, set[str]] = {}
    for one in kept:
        for text in one.texts:
            where.setdefault(text, set()).add(one.split)
    n = sum(len(splits) > 1 for splits in where.values())
    return (
        "responses repeat over prompts: splits keep prompts apart; "
        f"{n} responses occur in more than one split",
    )


def _repeats(given: Sequence[Given]) -> bool:
    """Whether a response stands under several prompts."""
    under: dict[str, str] = {}
    return any(
        under.setdefault(text, prompt) != prompt
        for one in given
        for prompt in [normalise(one.prompt)]
        for text in one.texts
    )


def _placed(given: Sequence[Given], parts: Sequence[str], seed: int) -> list[Given]:
    return [
        replace(one, split=split_of(part, seed)) for one, part in zip(given, parts, strict=True)
    ]


def _short(kept: Sequence[Given], asked: Mapping[str, int]) -> int:
    """Pairs that are lacking over all splits."""
    found = Counter(one.split for one in kept)
    return sum(max(0, n - found[name]) for name, n in asked.items())


def _components(texts: Sequence[tuple[str, str]]) -> list[str]:
    """Per pair, a text that stands for all pairs that share responses with it, however far."""
    parent: dict[str, str] = {}

    def root(text: str) -> str:
        while parent.setdefault(text, text) != text:
            parent[text] = text = parent[parent[text]]
        return text

    for first, second in texts:
        # The smallest text is the root, so the order of rows does not matter.
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    return [root(first) for first, _ in texts]


def _cleared(given: Sequence[Given], marks: Callable[[Given], set[Any]]) -> Splits:
    taken: set[Any] = set()
    kept: list[Given] = []
    shared: list[tuple[str, str]] = []
    for split in reversed(SPLITS):
        found: set[Any] = set()
        for one in given:
            if one.split != split:
                continue
            if marks(one) & taken:
                shared.append((one.key, split))
                continue
            found |= marks(one)
            kept.append(one)
        taken |= found
    order = {one.key: at for at, one in enumerate(given)}
    return Splits(sorted(kept, key=lambda one: order[one.key]), shared)
