"""A column of a user's table as numbers or as names, and which of its cells are neither."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: Largest answer: beyond it a double no longer holds every whole number.
MAX_ANSWER = 1e15
#: Cells that mean "no answer", compared in lower case without surrounding blanks.
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SHOWN = 5


@dataclass(frozen=True)
class Numbers:
    """A column as numbers.

    Attributes:
        values: (n,) float64; NaN where an answer is missing or cannot be used.
        bad: first cells that are neither missing nor a usable number, with their 1-based rows.
        n_bad: how many such cells there are.
        n_text: how many cells hold anything at all.
    """

    values: npt.NDArray[np.float64]
    bad: tuple[tuple[int, str], ...]
    n_bad: int
    n_text: int


def shown(values: Sequence[Any]) -> str:
    """The first few values, and how many more there are."""
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(repr(v) for v in values[:_SHOWN]) + more


def numbers(column: pa.ChunkedArray, missing: Collection[str] = ()) -> Numbers:
    """A column as numbers; Arrow numbers and booleans as they are, text by :func:`parse`.

    Args:
        column: the column.
        missing: numbers and words that mean "no answer", beside ``MISSING``.
    """
    codes = _codes(missing)
    found = _numbers(column, codes)
    gone = np.isin(found.values, [c for c in codes if isinstance(c, float)])
    if not gone.any():
        return found
    values = np.where(gone, np.nan, found.values)
    return replace(found, values=values, n_text=found.n_text - int(gone.sum()))


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of codes for texts as the texts; any other as it is."""
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def _codes(missing: Collection[str]) -> frozenset[float | str]:
    """Codes for "no answer": numbers as numbers, words in lower case."""
    parsed = [(text.strip().lower(), parse(text)) for text in missing]
    return frozenset(w if v is None or math.isnan(v) else v for w, v in parsed)


def _numbers(column: pa.ChunkedArray, codes: frozenset[float | str]) -> Numbers:
    column = decoded(column)
    kind = column.type
    if pa.types.is_null(kind):
        return Numbers(np.full(len(column), np.nan), (), 0, 0)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _text_numbers(column, codes)
    if not (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    ):
        cells = tuple((i + 1, f"<{kind}>") for i in range(min(len(column), _SHOWN)))
        return Numbers(np.full(len(column), np.nan), cells, len(column), len(column))
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    values = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    wrong = np.flatnonzero(np.abs(values) > MAX_ANSWER)  # NaN compares false: it is missing
    bad = tuple((int(i) + 1, repr(float(values[i]))) for i in wrong[:_SHOWN])
    n_text = int(np.count_nonzero(~np.isnan(values)))
    values[wrong] = np.nan
    return Numbers(values, bad, len(wrong), n_text)


def _text_numbers(column: pa.ChunkedArray, missing: frozenset[float | str]) -> Numbers:
    coded = column.dictionary_encode().combine_chunks()
    words = [w if w is not None else "" for w in coded.dictionary.to_pylist()]
    parsed = [math.nan if w.strip().lower() in missing else parse(w) for w in words]
    codes = coded.indices.fill_null(len(words)).to_numpy().astype(np.int64)
    values = np.array([*(math.nan if v is None else v for v in parsed), math.nan])[codes]
    is_bad = np.array([*(v is None for v in parsed), False])[codes]
    is_missing = np.array([*(v is not None and math.isnan(v) for v in parsed), True])[codes]
    rows = np.flatnonzero(is_bad)
    bad = tuple((int(i) + 1, words[codes[i]][:40]) for i in rows[:_SHOWN])
    return Numbers(values, bad, len(rows), int(np.count_nonzero(~is_missing)))


def words_of(
    column: pa.ChunkedArray, missing: Collection[str], named: Collection[str] = ()
) -> list[str] | None:
    """Distinct cells of a column of text that are not missing; None of another column.

    Args:
        column: the cells.
        missing: words for "no answer", beside ``MISSING``.
        named: words that are answers although ``MISSING`` holds them, such as "none".
    """
    column = decoded(column)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    gone = (MISSING - {n.strip().lower() for n in named}) | {m.strip().lower() for m in missing}
    found = [w for w in column.unique().to_pylist() if w is not None]
    return [w for w in found if w.strip().lower() not in gone]


def read_as(column: pa.ChunkedArray, read: Mapping[str, float]) -> Numbers:
    """A column of text as the numbers that its words stand for; other cells are missing."""
    values = np.array([read.get(w, math.nan) for w in column.to_pylist()], dtype=np.float64)
    return Numbers(values, (), 0, int(np.count_nonzero(~np.isnan(values))))


def parse(text: str) -> float | None:
    """A cell as a number: NaN where it is missing, None where it is no usable number.

    Plain decimal notation in ASCII only: ``inf``, ``1_000``, ``0x1F`` and ``3,5`` are refused, as
    is anything beyond ``MAX_ANSWER``.
    """
    word = text.strip()
    if word.lower() in MISSING:
        return math.nan
    if _NUMBER.fullmatch(word) is None:
        return None
    value = float(word)
    return value if abs(value) <= MAX_ANSWER else None


def labels(column: pa.ChunkedArray, missing: Collection[str] = MISSING) -> list[str | None]:
    """A column as text labels; None where the cell is missing."""
    texts = [None if v is None else str(v).strip() for v in column.to_pylist()]
    return [None if t is None or t.lower() in missing else t for t in texts]


def flat(
    names: Sequence[str], columns: Sequence[pa.ChunkedArray]
) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Columns without records: a field of a record is a column ``record.field``."""
    flat_names, found = [], []
    for name, column in zip(names, columns, strict=True):
        if pa.types.is_struct(column.type):
            inner = [f"{name}.{column.type.field(i).name}" for i in range(column.type.num_fields)]
            more, parts = flat(inner, column.flatten())
            flat_names += more
            found += parts
        else:
            flat_names.append(name)
            found.append(_text(column))
    return flat_names, found


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of bytes as the texts that they are, any other as it is."""
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        with contextlib.suppress(pa.ArrowInvalid):
            return column.cast(pa.string())
    return column
