"""Responses of people or models, read from CSV or Parquet: names, numbers, and what is no number.

A reader for questionnaires has to be stricter than a data-frame library: renaming a duplicate
header, guessing a type from the first rows or taking ``inf`` for a number would change the answers
unseen. CSV cells are therefore read as text and turned into numbers here.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from measurand.errors import InputError

#: Most columns of a file, checked on its first line before the rest is read.
MAX_COLUMNS = 20_000
#: Largest file, in bytes, checked before it is read.
MAX_BYTES = 2 << 30
#: Largest answer: beyond it a double no longer holds every whole number.
MAX_ANSWER = 1e15
#: Cells that mean "no answer", compared in lower case without surrounding blanks.
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})

_HEAD = 4 << 20  # bytes of the file that are looked at before the rest is read
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SHOWN = 5


@dataclass(frozen=True)
class Responses:
    """A table as the file has it, every column still text or Arrow numbers.

    Attributes:
        name: file name, for messages.
        names: column names, unique, in file order.
        columns: one Arrow array per name, all of one length.
    """

    name: str
    names: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]

    @property
    def n_rows(self) -> int:
        """Rows of the file, the header not counted."""
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> pa.ChunkedArray:
        """The column of that name."""
        return self.columns[self.names.index(name)]


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


def read_file(path: Path, wanted: Collection[str] | None = None) -> Responses:
    """Read a file of responses; see :func:`read`.

    Raises:
        InputError: it does not exist, is a folder, is too large or cannot be read, or as
            :func:`read`.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise InputError(
                    f"{path} has {size:,} bytes; the limit is {MAX_BYTES:,}",
                    hint="keep the item columns alone, or write it as Parquet",
                    code="too_large",
                )
            return read(file, path.name, wanted)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file", hint="check the path", code="no_file") from error
    except IsADirectoryError as error:
        hint = "give one CSV or Parquet file"
        raise InputError(f"{path} is a folder", hint=hint, code="no_file") from error
    except OSError as error:
        hint = "check the path and its permissions"
        raise InputError(f"{path}: {error.strerror or error}", hint=hint, code="no_file") from error


def read(source: BinaryIO, name: str, wanted: Collection[str] | None = None) -> Responses:
    """Read a CSV (UTF-8, comma) or a Parquet file; the first bytes tell which.

    Args:
        source: open file, at its start.
        name: file name, for messages; ``.parquet`` makes a file without its mark an error.
        wanted: columns to load from Parquet; the others keep their name and hold nulls.

    Raises:
        InputError: the file is empty, damaged, ragged, not UTF-8, too wide, has no rows, or names a
            column twice; the code says which.
    """
    head = source.read(_HEAD)
    if not head.strip():
        raise InputError(f"{name}: empty file", hint="header line, then one row each", code="empty")
    if head.startswith(b"PAR1") or name.lower().endswith((".parquet", ".pq")):
        source.seek(0)
        responses = _read_parquet(source, name, wanted)
    else:
        responses = _read_csv(head, source, name)
    if responses.n_rows == 0:
        hint = "one row per respondent"
        raise InputError(f"{name}: a header without rows", hint=hint, code="empty")
    return responses


def _read_csv(head: bytes, source: BinaryIO, name: str) -> Responses:
    from pyarrow import csv

    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _encoding(name, "it is UTF-16")
    _check_text(head, name)
    _check_width(name, _header_width(head, name), at_least=len(head) == _HEAD)
    data = head + source.read()
    _check_text(data, name)
    try:
        # The header is read as a row of its own and every cell as text: pyarrow then neither
        # guesses types nor meets two columns of one name.
        table = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(autogenerate_column_names=True, use_threads=False, block_size=16 << 20),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
        )
    except pa.ArrowException as error:
        raise _csv_error(name, _first_line(error)) from error
    names = [str(column[0].as_py()).strip() for column in table.columns]
    return _responses(name, names, [column.slice(1) for column in table.columns])


def _check_text(data: bytes, name: str) -> None:
    if (nul := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, nul) + 1
        hint = "is it a text file?"
        raise InputError(f"{name}: NUL byte in line {line}", hint=hint, code="not_text")


def _header_width(head: bytes, name: str) -> int:
    import csv

    text = io.StringIO(head.decode("utf-8", "replace"), newline="")
    try:
        return next((len(row) for row in csv.reader(text) if row), 0)
    except csv.Error as error:
        raise _csv_error(name, f"header: {error}") from error


def _read_parquet(source: BinaryIO, name: str, wanted: Collection[str] | None) -> Responses:
    from pyarrow import parquet

    try:
        # Reading ahead leaves a thread that holds a Python buffer, and a process that ends soon
        # after it aborts (134) in place of its exit code.
        file = parquet.ParquetFile(source, pre_buffer=False)
        _check_width(name, file.metadata.num_columns)
        names = list(file.schema_arrow.names)
        _check_names(name, names)
        keep = [n for n in names if wanted is None or n in wanted]
        table = file.read(columns=keep, use_threads=False)
        n = file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{name}: unreadable Parquet: {_first_line(error)}",
            hint="write it again, e.g. with polars or pyarrow",
            code="bad_parquet",
        ) from error
    unread = pa.chunked_array([pa.nulls(n)])
    columns = [table.column(c) if c in table.column_names else unread for c in names]
    return _responses(name, names, columns)


def _responses(name: str, names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> Responses:
    _check_names(name, names)
    return Responses(name, tuple(names), tuple(columns))


def _check_width(name: str, width: int, *, at_least: bool = False) -> None:
    if width > MAX_COLUMNS:
        raise InputError(
            f"{name} has {'at least ' if at_least else ''}{width:,} columns; "
            f"the limit is {MAX_COLUMNS:,}",
            hint="rows are respondents and columns are items; is the table transposed?",
            code="too_wide",
        )


def _check_names(name: str, names: Sequence[str]) -> None:
    twice = sorted(n for n, count in Counter(names).items() if count > 1)
    if twice:
        raise InputError(
            f"{name}: columns named twice: {shown(twice)}",
            hint="give every column a name of its own in the first line",
            code="duplicate_columns",
        )


def _csv_error(name: str, message: str) -> InputError:
    if "UTF8" in message:
        return _encoding(name, message)
    if "Expected" in message:
        return InputError(
            f"{name}: rows of unequal length: {message}",
            hint="one cell per column in every row, separated by commas",
            code="ragged",
        )
    hint = "save it as CSV with commas"
    return InputError(f"{name}: cannot be read as CSV: {message}", hint=hint, code="bad_csv")


def _encoding(name: str, why: str) -> InputError:
    return InputError(
        f"{name}: not UTF-8: {why}", hint='save it as "CSV UTF-8"', code="bad_encoding"
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def shown(values: Sequence[Any]) -> str:
    """The first few values, and how many more there are."""
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(repr(v) for v in values[:_SHOWN]) + more


def numbers(column: pa.ChunkedArray) -> Numbers:
    """A column as numbers; Arrow numbers and booleans as they are, text by :func:`parse`."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_null(kind):
        return Numbers(np.full(len(column), np.nan), (), 0, 0)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _text_numbers(column)
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


def _text_numbers(column: pa.ChunkedArray) -> Numbers:
    coded = column.dictionary_encode().combine_chunks()
    words = [w if w is not None else "" for w in coded.dictionary.to_pylist()]
    parsed = [parse(w) for w in words]
    codes = coded.indices.fill_null(len(words)).to_numpy().astype(np.int64)
    values = np.array([*(math.nan if v is None else v for v in parsed), math.nan])[codes]
    is_bad = np.array([*(v is None for v in parsed), False])[codes]
    is_missing = np.array([*(v is not None and math.isnan(v) for v in parsed), True])[codes]
    rows = np.flatnonzero(is_bad)
    bad = tuple((int(i) + 1, words[codes[i]][:40]) for i in rows[:_SHOWN])
    return Numbers(values, bad, len(rows), int(np.count_nonzero(~is_missing)))


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
