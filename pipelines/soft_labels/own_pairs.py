"""A user's own pairs: rows of a file, and splits in which no response occurs twice."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from measurand import rows
from measurand.manifest import Source
from measurand.rows import Row, Unreadable
from measurand.texts import normalise
from pipelines.soft_labels.labels import Label, from_probability, from_votes
from pipelines.soft_labels.pairs import Item, Pair, oriented, split_of
from schemas.soft_labels.params import SPLITS, File, PairSet

Rejected = tuple[str, str, str]


@dataclass(frozen=True)
class Found:
    """What a file gives.

    Attributes:
        pairs: (split, prompt, pair), at most as many of a split as the set asks for.
        rejected: rows that are not used.
        origin: the file, for the manifest.
    """

    pairs: list[tuple[str, str, Pair]]
    rejected: list[Rejected]
    origin: Source


def read(source: File, pairs: PairSet, seed: int) -> Found:
    """Every usable row; the others are rejected with their reason.

    Args:
        source: the file and its columns.
        pairs: the set; its prompt stands where the file has none.
        seed: of the splits that are drawn.

    Raises:
        InputError: there is no such file, it cannot be read, holds no row, or lacks a column.
    """
    path = rows.locate(source.path)
    good: list[tuple[str, str, str, Pair]] = []
    rejected: list[Rejected] = []
    seen: dict[tuple[str, ...], str] = {}
    for key, row, _ in rows.read(path, _columns(source)):
        problem, prompt, pair = _pair(key, row, source, pairs)
        if pair is None:
            rejected.append((f"{pairs.id}|{key}", *problem))
            continue
        same = (prompt, *sorted(normalise(item.text) for item in (pair.first, pair.second)))
        if same in seen:
            rejected.append((f"{pairs.id}|{key}", "duplicate_pair", f"the pair of {seen[same]}"))
            continue
        seen[same] = key
        split = rows.text(row[source.split]) if source.split and isinstance(row, dict) else ""
        good.append((key, split, prompt, pair))
    origin = Source(path.name, source.path, source.licence, rows.digest(path))
    if source.split is None:
        parts = _components([pair for _, _, _, pair in good])
        good = [
            (key, split_of(part, seed), prompt, pair)
            for (key, _, prompt, pair), part in zip(good, parts, strict=True)
        ]
    else:
        good, strangers = _without_shared(good, pairs)
        rejected += strangers
    kept, left = _first(good, pairs)
    return Found(kept, rejected + left, origin)


def _columns(source: File) -> list[str]:
    votes = source.votes or ()
    names = (source.first, source.second, source.prompt, source.label, *votes, source.split)
    return [name for name in names if name is not None]


def _pair(
    key: str, row: Row | Unreadable, source: File, pairs: PairSet
) -> tuple[tuple[str, str], str, Pair | None]:
    """(what is wrong, prompt, pair); the pair is None where something is wrong."""
    if isinstance(row, Unreadable):
        return (row.reason, row.detail), "", None
    if not all(rows.is_plain(row.get(name)) for name in _columns(source)):
        return ("not_text", "a list, a record or bytes"), "", None
    texts = [rows.text(row.get(name)) for name in (source.first, source.second)]
    prompt = rows.text(row.get(source.prompt)) if source.prompt else pairs.prompt
    if not all((*texts, prompt)):
        return ("empty", "a response or the prompt is empty"), "", None
    if normalise(texts[0]) == normalise(texts[1]):
        return ("same_response_twice", ""), "", None
    for text in texts:
        n = len(text.split())
        if not pairs.words[0] <= n <= pairs.words[1]:
            return ("length", f"{n} words, not {pairs.words[0]} to {pairs.words[1]}"), "", None
    split = rows.text(row.get(source.split)) if source.split else SPLITS[0]
    if split not in SPLITS:
        return ("unknown_split", f"{split!r} is none of {', '.join(SPLITS)}"), "", None
    label = _label(row, source)
    if isinstance(label, str):
        return ("bad_label", label), "", None
    first, second = (Item(hashlib.sha256(text.encode()).hexdigest()[:16], text) for text in texts)
    return ("", ""), prompt, oriented(first, second, label)


def _label(row: Row, source: File) -> Label | str:
    """The label, or what is wrong with it."""
    names = (source.label,) if source.label else source.votes or ()
    values = [_number(row.get(str(name))) for name in names]
    shown = ", ".join(repr(row.get(str(name))) for name in names)
    if any(value is None for value in values):
        return f"{shown}: not a number"
    known = [value for value in values if value is not None]
    if source.label:
        return from_probability(known[0]) if 0 <= known[0] <= 1 else f"{shown}: not between 0 and 1"
    if min(known) < 0 or not sum(known) or any(value != int(value) for value in known):
        return f"{shown}: not counts of votes"
    return from_votes(int(known[0]), int(known[1]))


def _number(value: object) -> float | None:
    try:
        number = float(rows.text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _components(pairs: list[Pair]) -> list[str]:
    """Per pair, a text that stands for all pairs that share responses with it, however far."""
    parent: dict[str, str] = {}

    def root(text: str) -> str:
        while parent.setdefault(text, text) != text:
            parent[text] = text = parent[parent[text]]
        return text

    texts = [[normalise(item.text) for item in (pair.first, pair.second)] for pair in pairs]
    for first, second in texts:
        # The smallest text is the root, so the order of rows does not matter.
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    return [root(first) for first, _ in texts]


def _without_shared(
    good: list[tuple[str, str, str, Pair]], pairs: PairSet
) -> tuple[list[tuple[str, str, str, Pair]], list[Rejected]]:
    """Rows of training and development whose responses are not tested on, or developed on."""
    taken: set[str] = set()
    kept: list[tuple[str, str, str, Pair]] = []
    rejected: list[Rejected] = []
    for split in reversed(SPLITS):
        mine = [row for row in good if row[1] == split]
        found: set[str] = set()
        for row in mine:
            texts = {normalise(item.text) for item in (row[3].first, row[3].second)}
            if texts & taken:
                rejected.append((f"{pairs.id}|{row[0]}", "in_another_split", f"of {split}"))
                continue
            found |= texts
            kept.append(row)
        taken |= found
    order = {row[0]: at for at, row in enumerate(good)}
    return sorted(kept, key=lambda row: order[row[0]]), rejected


def _first(
    good: list[tuple[str, str, str, Pair]], pairs: PairSet
) -> tuple[list[tuple[str, str, Pair]], list[Rejected]]:
    room = {name: getattr(pairs, name) for name in SPLITS}
    kept: list[tuple[str, str, Pair]] = []
    rejected: list[Rejected] = []
    for key, split, prompt, pair in good:
        if not room[split]:
            rejected.append((f"{pairs.id}|{key}", "not_asked_for", f"{split} is full"))
            continue
        room[split] -= 1
        kept.append((split, prompt, pair))
    return kept, rejected
