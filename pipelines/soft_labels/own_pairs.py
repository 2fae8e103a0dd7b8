"""A user's own pairs: rows of a file, one pair each, or one annotator each."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from measurand import rows
from measurand.errors import InputError
from measurand.manifest import Source
from measurand.rows import Row, Unreadable
from pipelines.soft_labels import conversations, own_splits
from pipelines.soft_labels.labels import Label, from_probability, from_votes
from pipelines.soft_labels.own_splits import Given
from pipelines.soft_labels.pairs import Item, Pair, oriented
from schemas.soft_labels.params import SPLITS, File, PairSet

Rejected = tuple[str, str, str]
_WORDS = {"true": 1.0, "false": 0.0}
_LARGEST = 10**9
_OUTSIDE = ": not between 0 and 1"
_FEW = 0.1  # of labels outside, for each that can be used, which may be slips


@dataclass(frozen=True)
class Found:
    """What a file gives.

    Attributes:
        pairs: (split, prompt, pair), at most as many of a split as the set asks for.
        rejected: rows that are not used.
        origin: the file, for the manifest.
        notes: what a reader should know of it, one sentence each.
    """

    pairs: list[tuple[str, str, Pair]]
    rejected: list[Rejected]
    origin: Source
    notes: list[str] = field(default_factory=list)


@dataclass
class _Rated:
    """One pair with the labels of all its rows, those of the first row first."""

    key: str
    split: str
    prompt: str
    texts: tuple[str, str]
    labels: list[Label]


def read(source: File, pairs: PairSet, seed: int) -> Found:
    """Every usable row; the others are rejected with their reason.

    Rows of the same prompt and the same two responses, as they stand in the file, are one pair: its
    label is the share of all votes, or the mean of the probabilities.

    Args:
        source: the file and its columns.
        pairs: the set; its prompt stands where the file has none.
        seed: of the splits that are drawn.

    Raises:
        InputError: there is no such file, it cannot be read, holds no row, or lacks a column.
    """
    path = rows.locate(source.path)
    columns = _columns(source)
    rated: dict[tuple[str, ...], _Rated] = {}
    rejected: list[Rejected] = []
    parts: set[str] = set()
    for key, row, part in rows.read(path, columns):
        one = _one(key, row, part, source, pairs)
        if isinstance(one, tuple):
            rejected.append((f"{pairs.id}|{key}", *one))
            continue
        parts |= {one.split} - {""}
        same = (one.split, one.prompt, *sorted(one.texts))
        known = rated.setdefault(same, one)
        if known is not one:
            again = one.labels[0] if one.texts == known.texts else one.labels[0].flipped()
            known.labels.append(again)
            rejected.append((f"{pairs.id}|{key}", "pooled", f"into the label of {known.key}"))
    _refuse_other_codes(source, rated, rejected)
    if parts:
        rejected += [
            (f"{pairs.id}|{one.key}", "unknown_split", "it lies in no part with a name")
            for one in rated.values()
            if not one.split
        ]
        rated = {same: one for same, one in rated.items() if one.split}
    given = [_given(one, counted=source.votes is not None) for one in rated.values()]
    asked = {name: getattr(pairs, name) for name in SPLITS}
    split = own_splits.own(given, asked, seed) if parts else own_splits.drawn(given, asked, seed)
    rejected += [
        (f"{pairs.id}|{key}", "in_another_split", f"not of {n}") for key, n in split.shared
    ]
    kept, left = _first(split.kept, pairs)
    origin = Source(path.name, source.path, source.licence, rows.digest(path))
    notes = [*_notes(source, list(rated.values())), *split.notes]
    return Found(kept, rejected + left, origin, notes)


def _refuse_other_codes(
    source: File, rated: Mapping[Any, _Rated], rejected: Sequence[Rejected]
) -> None:
    """Labels such as 1 and 2, or -1 and 1, are no probabilities: to keep some would choose sides.

    Raises:
        InputError: code ``bad_label``.
    """
    labels = [x for one in rated.values() for x in one.labels]
    outside = [detail for _, reason, detail in rejected if detail.endswith(_OUTSIDE)]
    if not labels or not all(x.num in (0, x.den) for x in labels):
        return
    if len(outside) > _FEW * len(labels):
        raise InputError(
            f"column {source.label!r} holds {outside[0].removesuffix(_OUTSIDE)} beside 0 or 1 "
            f"({len(outside):,} such labels): no probabilities that the first is preferred",
            hint="recode them: 1 where the first is preferred, 0 where it is not, 0.5 for a tie",
            code="bad_label",
        )


def _columns(source: File) -> list[str]:
    label = source.label if isinstance(source.label, str) else None
    names = (source.first, source.second, source.prompt, label, *(source.votes or ()), source.split)
    return [name for name in names if name is not None]


def _one(
    key: str, row: Row | Unreadable, part: str | None, source: File, pairs: PairSet
) -> _Rated | tuple[str, str]:
    """The pair of a row, or what is wrong with it."""
    if isinstance(row, Unreadable):
        return row
    try:
        asked = conversations.read(
            row.get(source.prompt) if source.prompt else None,
            row.get(source.first),
            row.get(source.second),
        )
    except conversations.NotTextError as error:
        return "not_text", str(error)
    prompt = asked.prompt or ("" if source.prompt else pairs.prompt)
    texts = (asked.first, asked.second)
    if problem := _problem(prompt, texts, pairs):
        return problem
    split = _split(row, part, source)
    if split is None:
        known = ", ".join(SPLITS)
        named = rows.text(row.get(source.split)) if source.split else part
        return "unknown_split", f"{named!r} is none of {known}, nor another word for one"
    label = _label(row, source)
    if isinstance(label, str):
        return "bad_label", label
    return _Rated(key, split, prompt, texts, [label])


def _problem(prompt: str, texts: tuple[str, str], pairs: PairSet) -> tuple[str, str] | None:
    if not all(text.strip() for text in (*texts, prompt)):
        return "empty", "a response or the prompt is empty"
    if texts[0] == texts[1]:
        return "same_response_twice", ""
    for text in texts:
        n = len(text.split())
        if not pairs.words[0] <= n <= pairs.words[1]:
            return "length", f"{n} words, not {pairs.words[0]} to {pairs.words[1]}"
    return None


def _split(row: Row, part: str | None, source: File) -> str | None:
    """The split that the file states; "" where it states none, None where it is unknown."""
    if source.split:
        return rows.split_word(rows.text(row.get(source.split)))
    return "" if part is None else rows.split_word(part)


def _label(row: Row, source: File) -> Label | str:
    """The label, or what is wrong with it."""
    if source.votes is None and not isinstance(source.label, str):
        return from_probability(1.0 if source.label is None else source.label)
    names = source.votes or (str(source.label),)
    values = [_number(row.get(name), counted=source.votes is not None) for name in names]
    shown = ", ".join(repr(row.get(name)) for name in names)
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return f"{shown}: not a number"
    if source.votes is None:
        return from_probability(known[0]) if 0 <= known[0] <= 1 else f"{shown}{_OUTSIDE}"
    if min(known) < 0 or not sum(known) or any(value != int(value) for value in known):
        return f"{shown}: not counts of votes"
    if sum(known) > _LARGEST:
        return f"{shown}: more votes than can be counted"
    return from_votes(int(known[0]), int(known[1]))


def _number(value: object, *, counted: bool) -> float | None:
    """A cell as a number; None where it is none, or a count that could be two."""
    text = rows.text(value)
    if text.casefold() in _WORDS:
        return _WORDS[text.casefold()]
    # In a probability a comma can only be a decimal one; of votes "1,000" may be a thousand.
    if not counted:
        text = re.sub(r"^([01]),(\d+)$", r"\1.\2", text)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _given(one: _Rated, *, counted: bool) -> Given:
    first, second = (
        Item(hashlib.sha256(text.encode()).hexdigest()[:16], text) for text in one.texts
    )
    return Given(
        one.key, one.split, one.prompt, oriented(first, second, _pooled(one.labels, counted))
    )


def _pooled(labels: Sequence[Label], counted: bool) -> Label:
    """The label of several rows: all their votes, or the mean of their probabilities."""
    if len(labels) == 1:
        return labels[0]
    if counted:
        return Label(sum(label.num for label in labels), sum(label.den for label in labels))
    mean = sum((Fraction(label.num, label.den) for label in labels), Fraction()) / len(labels)
    return from_probability(float(mean))


def _notes(source: File, rated: Sequence[_Rated]) -> list[str]:
    notes = []
    if source.label is None and source.votes is None:
        notes.append(
            f"no label or votes: every {source.first!r} counts as preferred with p = 1 "
            "(give `label`, a column or a number, or `votes`)"
        )
    several = [one for one in rated if len(one.labels) > 1]
    if several:
        split = sum(
            {2 * x.num > x.den for x in one.labels if 2 * x.num != x.den} == {True, False}
            for one in several
        )
        notes.append(
            f"{len(several)} pairs stand in several rows: their labels are pooled; rows of {split} "
            "disagree"
        )
    return notes


def _first(
    given: Sequence[Given], pairs: PairSet
) -> tuple[list[tuple[str, str, Pair]], list[Rejected]]:
    room = {name: getattr(pairs, name) for name in SPLITS}
    kept: list[tuple[str, str, Pair]] = []
    rejected: list[Rejected] = []
    for one in given:
        if not room[one.split]:
            left = (f"{pairs.id}|{one.key}", "not_asked_for", f"{one.split} is full")
            rejected.append(left)
            continue
        room[one.split] -= 1
        kept.append((one.split, one.prompt, one.pair))
    return kept, rejected
