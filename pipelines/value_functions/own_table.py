"""A table of one's own: numbers to predict, numbers to predict them from, groups."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from measurand import rows
from measurand.errors import InputError
from measurand.manifest import Source
from measurand.row_formats import parts
from measurand.rows import Unreadable
from schemas.value_functions.params import File

Rejected = tuple[str, str, str]


@dataclass(frozen=True)
class Found:
    """What a file gives.

    Attributes:
        features: names of the columns that are used.
        examples: (identity, cluster, features, target) of every usable row.
        rejected: the other rows, with their reasons.
        origin: the file, for the manifest.
        notes: what a reader should know of it.
    """

    features: tuple[str, ...]
    examples: list[tuple[str, str, list[float], float]]
    rejected: list[Rejected]
    origin: Source
    notes: list[str] = field(default_factory=list)


def read(source: File) -> Found:
    """Every usable row; the others are rejected with their reason.

    Without named features all columns are taken but those of which no cell is a number.

    Raises:
        InputError: there is no such file or column, or no row, or no column of numbers is usable.
    """
    path = rows.locate(source.path)
    asked = source.features or _others(path, source)
    group = (source.group,) if source.group else ()
    found = list(rows.read(path, [source.target, *group, *asked]))
    named = source.features is not None
    features = tuple(n for n in asked if named or any(_number(r.row, n)[1] == "" for r in found))
    examples, rejected = [], []
    for key, row, _ in found:
        if isinstance(row, Unreadable):
            rejected.append((f"{source.id}|{key}", *row))
            continue
        numbers = {name: _number(row, name) for name in (source.target, *features)}
        wrong = next(((n, why) for n, (_, why) in numbers.items() if why), None)
        cluster = rows.text(row.get(source.group)) if source.group else key
        if wrong or not cluster:
            name, why = wrong or (source.group, "missing")
            rejected.append((f"{source.id}|{key}", why, f"column {name}"))
            continue
        values = [numbers[name][0] for name in features]
        examples.append((key, cluster, values, numbers[source.target][0]))
    if not features or not examples:
        raise InputError(
            f"{path.name}: no row has numbers in {source.target} and in its features "
            f"({rows.left_out(rejected)})",
            hint="name the target and the features; text is no number",
            code="no_numbers",
        )
    left = [name for name in asked if name not in features]
    notes = [f"columns without a number are left out: {', '.join(left)}"] if left else []
    origin = Source(path.name, source.path, source.licence, rows.digest(path))
    return Found(features, examples, rejected, origin, notes)


def _others(path: Path, source: File) -> tuple[str, ...]:
    """All columns but target and group, in the file's order."""
    names: dict[str, None] = {}
    for part in parts(path, ()):
        if part.columns is None:
            for row in islice(part.rows, 1000):
                names |= {} if isinstance(row, Unreadable) else dict.fromkeys(row)
        names |= dict.fromkeys(part.columns or ())
    return tuple(str(name) for name in names if name not in (source.target, source.group))


def _number(row: Any, name: str) -> tuple[float, str]:
    """The number of a cell, and why there is none."""
    if isinstance(row, Unreadable):
        return 0.0, row.reason
    cell = row.get(name)
    if not rows.is_plain(cell):
        return 0.0, "no_number"
    text = rows.text(cell)
    if not text:
        # A NaN of a Parquet file is an empty cell too.
        return 0.0, "missing"
    try:
        value = float(text)
    except ValueError:
        return 0.0, "no_number"
    return (value, "") if math.isfinite(value) else (0.0, "not_finite")
