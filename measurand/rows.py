"""Rows of a user's file of texts, the same from every format.

Cells of text files stay text, and a row that cannot be read comes out as what was wrong with it, so
that the caller can reject it by name.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from measurand import project
from measurand.errors import InputError
from measurand.journal import canonical_json
from measurand.manifest import MANIFEST, file_sha256, read_manifest
from measurand.row_folders import split_word
from measurand.row_formats import Named, Row, Unreadable, parts

__all__ = [
    "Named",
    "Read",
    "Row",
    "Unreadable",
    "as_given",
    "digest",
    "is_plain",
    "left_out",
    "locate",
    "read",
    "split_word",
    "text",
]


class Read(NamedTuple):
    """A row of a file.

    Attributes:
        key: ``row-1``, ``row-2``, ... in the file's order.
        row: the wanted columns that it has, or what is wrong with it.
        part: the part of the dataset that it lies in, where the file has parts with names.
    """

    key: str
    row: Row | Unreadable
    part: str | None


def locate(path: str) -> Path:
    """The file: absolute, or relative to the project's root.

    Raises:
        InputError: it is not there.
    """
    found = Path(path).expanduser()
    if not found.is_absolute():
        try:
            found = project.find_root() / found
        except InputError:
            found = Path.cwd() / found
    if not found.exists():
        raise InputError(
            f"{path}: no such file or folder", hint="a relative path starts at the root"
        )
    return found


def read(path: Path, columns: Sequence[str]) -> Iterator[Read]:
    """Every row of a file in its order; blank lines are no rows.

    Args:
        path: what :func:`locate` found.
        columns: columns that there must be. ``answers.text`` is the field ``text`` of the records
            in ``answers``, unless a column has that name.

    Raises:
        InputError: unknown format, not UTF-8, no row, or (after the last row) no row has a column.
    """
    names: dict[str, None] = {}
    met: set[str] = set()
    count = 0
    for part in parts(path, columns):
        names |= dict.fromkeys(part.columns or ())
        for raw in part.rows:
            count += 1
            if isinstance(raw, Unreadable):
                yield Read(f"row-{count}", raw, part.name)
                continue
            if part.columns is None:
                names |= dict.fromkeys(raw)
            row = {name: value for name in columns for value in _field(raw, name)}
            met |= row.keys()
            broken = next((n for n, value in row.items() if _is_broken(value)), None)
            what = Unreadable("bad_text", f"{broken} holds half a character (a lone surrogate)")
            yield Read(f"row-{count}", row if broken is None else what, part.name)
    if not count:
        raise InputError(f"{path.name} holds no rows", hint="give one row an example")
    if missing := [name for name in columns if name not in met and name not in names]:
        raise InputError(
            f"{path.name} has no column {missing[0]!r}",
            hint=f"its columns are: {', '.join(map(str, names))}",
        )


def _field(row: Row, name: str) -> Iterator[Any]:
    """The value under a name, dotted for a field of a record; nothing where there is none."""
    if name in row:
        yield row[name]
        return
    first, dot, rest = name.partition(".")
    if dot and isinstance(row.get(first), dict):
        yield from _field(row[first], rest)


def _is_broken(value: Any) -> bool:
    """Whether a text in it cannot be written as UTF-8."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return True
        return False
    if isinstance(value, dict):
        return any(_is_broken(one) for pair in value.items() for one in pair)
    return isinstance(value, list) and any(map(_is_broken, value))


def as_given(value: Any) -> str:
    """A cell as text, as it stands in the file; empty where it is missing."""
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if missing else str(value)


def text(value: Any) -> str:
    """A cell as text without surrounding blanks; empty where it is missing."""
    return as_given(value).strip()


def is_plain(value: Any) -> bool:
    """Whether a cell is one value: not a list, a record or bytes."""
    return not isinstance(value, list | dict | bytes)


def left_out(rejected: Iterable[tuple[str, str, str]]) -> str:
    """What was rejected, in words: counts by reason, the commonest first, each with one example.

    Args:
        rejected: (identity, reason, detail).
    """
    counts: Counter[str] = Counter()
    details: dict[str, str] = {}
    for _, reason, detail in rejected:
        counts[reason] += 1
        details.setdefault(reason, detail)
    shown = [
        f"{count} {reason}" + (f" ({details[reason]})" if details[reason] else "")
        for reason, count in counts.most_common()
    ]
    return "; ".join(shown) or "none"


def digest(path: Path) -> str:
    """SHA-256 of a file, of a dataset's rows, or of the names and hashes of a folder's files."""
    if path.is_file():
        return file_sha256(path)
    if (path / MANIFEST).is_file():
        return read_manifest(path).logical_hash
    inside = ((file.relative_to(path), file) for file in path.rglob("*") if file.is_file())
    files = sorted((name.as_posix(), file) for name, file in inside if not _hidden(name))
    listed = [[name, file_sha256(file)] for name, file in files]
    return hashlib.sha256(canonical_json(listed).encode()).hexdigest()


def _hidden(inside: Path) -> bool:
    """Whether it is no part of the data, such as a clone's ``.git``."""
    return any(part.startswith(".") for part in inside.parts)
