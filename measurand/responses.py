"""Responses of people or models, read from a table: names, numbers, and what is no number.

A reader for questionnaires has to be stricter than a data-frame library: renaming a duplicate
header, guessing a type from the first rows or taking ``inf`` for a number would change the answers
unseen. CSV cells are therefore read as text and turned into numbers here. How the table is written
(:mod:`measurand.dialects`) is guessed where there is one way only, and said.
"""

from __future__ import annotations

import io
import math
import os
import re
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from measurand import (
    decimals,
    guesses,
    json_tables,
    no_tables,
    open_quotes,
    summary_rows,
    workbooks,
)
from measurand.cells import by_labels, in_words
from measurand.columns import (
    MISSING,
    Numbers,
    decoded,
    flat,
    labels,
    numbers,
    parse,
    read_as,
    shown,
    words_of,
)
from measurand.dialects import SEPARATORS, Dialect
from measurand.errors import InputError
from measurand.packed import name_of, opened

#: Most columns of a file, checked on its first line before the rest is read.
MAX_COLUMNS = 20_000
#: Largest file, in bytes, checked before it is read.
MAX_BYTES = 2 << 30

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD = 4 << 20  # bytes of the file that are looked at before the rest is read
_WHOLE = {
    False: re.compile(r"-?\d+(\.0+)?", re.ASCII),
    True: re.compile(r"-?\d+(,0+)?", re.ASCII),
}


@dataclass(frozen=True)
class Responses:
    """A table as the file has it, every column still text or Arrow numbers.

    Attributes:
        name: file name, for messages.
        names: column names, unique, in file order; fields of records as ``record.field``.
        columns: one Arrow array per name, all of one length.
        missing: numbers and words that mean "no answer", beside ``MISSING``.
        comma: whether numbers of columns of text have decimal commas.
        understood: how the table was read, a sentence each; grows as columns are read.
    """

    name: str
    names: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    missing: tuple[str, ...] = ()
    comma: bool = False
    understood: list[str] = field(default_factory=list, compare=False)

    @property
    def n_rows(self) -> int:
        """Rows of the file, the header not counted."""
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> pa.ChunkedArray:
        """The column of that name."""
        return self.columns[self.names.index(name)]

    def numeric(self, name: str) -> pa.ChunkedArray:
        """The column of that name, its numbers in plain decimal notation.

        Raises:
            InputError: code ``ambiguous``, as :func:`measurand.decimals.pointed`.
        """
        said: list[str] = []
        what = f"{self.name}, column {name!r}"
        found = decimals.plain(self.column(name), self.comma, what, said)
        for text in said:
            self.say(text)
        return found

    def numbers(self, name: str, labels: Mapping[str, float] | None = None) -> Numbers:
        """The column as numbers, in whatever form its cells are; what is guessed is said.

        Args:
            name: the column.
            labels: numbers of words that the user gives.
        """
        column = self.numeric(name)
        found = numbers(column, self.missing)
        words = words_of(column, self.missing, labels or ())
        # A label may be a word that otherwise means "no answer": then the key decides.
        if words is None:
            return found
        if found.n_bad == 0 and not any(word.strip().lower() in MISSING for word in words):
            return found
        read = by_labels(words, labels) if labels else None
        told = "labels count as the key says"
        if read is None:
            guess = in_words(words)
            read, told = guess if guess is not None else (None, "")
        if read is None:
            return found
        self.say(f"{self.name}: in column {name!r} {told}.")
        codes = {parse(code) for code in self.missing}
        read = {word: math.nan if value in codes else value for word, value in read.items()}
        return read_as(column, read)

    def numbers_alike(self, names: Sequence[str]) -> list[Numbers]:
        """Columns as numbers in the one form that the cells of all of them have.

        Words that stand for a number in one column alone would make the columns differ in what
        they mean: where another column has other cells, none is read so.
        """
        columns = [decoded(self.numeric(name)) for name in names]
        text = [pa.types.is_string(c.type) or pa.types.is_large_string(c.type) for c in columns]
        plain = [numbers(c, self.missing) for c in columns]
        if not all(text) or not any(found.n_bad for found in plain):
            return plain
        cells = pa.chunked_array([k.cast(pa.string()) for c in columns for k in c.chunks])
        every = replace(self, names=("",), columns=(cells,), comma=False, understood=[])
        if every.numbers("").n_bad:
            return plain
        return [self.numbers(name) for name in names]

    def ids(self, name: str) -> list[str | None]:
        """The column as names; whole numbers that were written as ``1.0`` are ``1``."""
        found = labels(self.column(name))
        given = [text for text in found if text is not None]
        mark = "," if self.comma else "."
        whole = all(map(_WHOLE[self.comma].fullmatch, given))
        if given and whole and any(mark in text for text in given):
            self.say(f"{self.name}: names in column {name!r} such as {given[0]} are whole numbers.")
            return [None if text is None else text.partition(mark)[0] for text in found]
        return found

    def say(self, text: str) -> None:
        """Note how something was read, once."""
        if text not in self.understood:
            self.understood.append(text)


def read_file(
    path: Path, wanted: Collection[str] | None = None, dialect: Dialect | None = None
) -> Responses:
    """Read a file of responses; see :func:`read`. ``.gz`` and ``.zst`` are read as what they hold.

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
            if name_of(path) == path.name:
                return read(file, path.name, wanted, dialect)
        return read(_unpacked(path), name_of(path), wanted, dialect)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file", hint="check the path", code="no_file") from error
    except IsADirectoryError as error:
        hint = "give one CSV or Parquet file"
        raise InputError(f"{path} is a folder", hint=hint, code="no_file") from error
    except OSError as error:
        hint = "check the path and its permissions"
        raise InputError(f"{path}: {error.strerror or error}", hint=hint, code="no_file") from error


def _unpacked(path: Path) -> BinaryIO:
    try:
        with opened(path) as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        hint = "pack it again"
        raise InputError(
            f"{path}: cannot be unpacked: {error}", hint=hint, code="bad_packed"
        ) from error
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{path} holds more than {MAX_BYTES:,} bytes",
            hint="keep the item columns alone, or write it as Parquet",
            code="too_large",
        )
    return io.BytesIO(data)


def read(
    source: BinaryIO,
    name: str,
    wanted: Collection[str] | None = None,
    dialect: Dialect | None = None,
) -> Responses:
    """Read a text table, JSON, a workbook or a Parquet file; its first bytes or name tell which.

    Args:
        source: open file, at its start.
        name: file name, for messages; ``.parquet`` makes a file without its mark an error.
        wanted: columns to load from Parquet; the others keep their name and hold nulls.
        dialect: what the user says of how it is written.

    Raises:
        InputError: the file is empty, damaged, ragged, not UTF-8, too wide, has no rows, or names a
            column twice; the code says which.
    """
    dialect = dialect or Dialect()
    head = source.read(_HEAD)
    if not head.strip():
        raise InputError(f"{name}: empty file", hint="header line, then one row each", code="empty")
    if head.startswith(b"PAR1") or name.lower().endswith((".parquet", ".pq")):
        source.seek(0)
        responses = replace(_read_parquet(source, name, wanted), comma=dialect.decimal == ",")
    elif head.startswith(_OLD_WORKBOOK):
        raise InputError(
            f"{name}: a workbook of the old form (.xls), or one with a password",
            hint="save it as .xlsx without a password, or as CSV",
            code="bad_workbook",
        )
    elif head.startswith(b"PK\3\4"):
        responses = _read_workbook(head + source.read(), name, dialect)
    elif name.lower().endswith((".jsonl", ".ndjson", ".json")):
        lines = not name.lower().endswith(".json")
        said: list[str] = []
        data = guesses.utf8(head + source.read(), name, dialect.encoding, said)
        responses = _read_json(_checked_utf8(data, name), name, said, lines=lines)
    else:
        responses = _read_csv(head, source, name, dialect)
    return _with_rows(replace(responses, missing=dialect.missing))


def of_table(table: pa.Table, name: str, dialect: Dialect) -> Responses:
    """A table in memory, read as the same table in a Parquet file is; raises as :func:`read`."""
    _check_width(name, table.num_columns)
    found = _responses(name, *flat(table.column_names, table.columns))
    return _with_rows(replace(found, comma=dialect.decimal == ",", missing=dialect.missing))


def _with_rows(found: Responses) -> Responses:
    if found.n_rows == 0:
        hint = "one row per respondent"
        raise InputError(f"{found.name}: a header without rows", hint=hint, code="empty")
    return found


def _read_csv(head: bytes, source: BinaryIO, name: str, dialect: Dialect) -> Responses:
    said: list[str] = []
    if dialect.encoding is not None or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = guesses.utf8(head + source.read(), name, dialect.encoding, said)
    no_tables.refuse(head, name)
    text = head.decode("utf-8", "replace")
    mark, preface = guesses.separator(text, name, said)
    if dialect.separator not in (None, mark):
        mark, said = str(dialect.separator), []
    _check_width(name, _header_width(text[preface:], name, mark), at_least=len(head) == _HEAD)
    data = head[preface:] + source.read()
    no_tables.refuse(data, name)
    try:
        table = _csv_table(data, mark, quoted=True)
        if open_quotes.spans_lines(data, table.num_rows) and open_quotes.are_letters(
            data, mark, name
        ):
            said.append(f"{name}: quote marks are part of the text.")
            table = _csv_table(data, mark, quoted=False)
    except pa.ArrowException as error:
        raise _csv_error(name, _first_line(error), mark) from error
    names = [str(column[0].as_py()).strip() for column in table.columns]
    return _of_text(name, names, [c.slice(1) for c in table.columns], dialect, said)


def _csv_table(data: bytes, mark: str, *, quoted: bool) -> pa.Table:
    """Every cell as text, the header as the first row.

    pyarrow then neither guesses types nor meets two columns of one name.
    """
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(autogenerate_column_names=True, use_threads=False, block_size=16 << 20),
        csv.ParseOptions(
            newlines_in_values=quoted, delimiter=mark, quote_char='"' if quoted else False
        ),
        csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
    )


def _read_workbook(data: bytes, name: str, dialect: Dialect) -> Responses:
    said: list[str] = []
    rows = workbooks.cells(data, name, dialect.sheet, said)
    if not rows:
        raise InputError(
            f"{name}: empty sheet", hint="header line, then one row each", code="empty"
        )
    _check_width(name, len(rows[0]))
    columns = [pa.chunked_array([list(c)], pa.string()) for c in zip(*rows[1:], strict=True)]
    columns = columns or [pa.chunked_array([], pa.string())] * len(rows[0])
    return _of_text(name, [n.strip() for n in rows[0]], columns, dialect, said)


def _of_text(
    name: str,
    names: Sequence[str],
    columns: Sequence[pa.ChunkedArray],
    dialect: Dialect,
    said: list[str],
) -> Responses:
    """Columns of text without rows of headers, and whether decimals have commas."""
    guesses.refuse_no_header(names, name, said)
    names, columns = guesses.named(names, columns, name, said)
    names, parts = guesses.joined_headers(names, columns, name, said)
    skip = dialect.skip or parts or guesses.header_rows(columns, name, said)
    kept = guesses.filled([c.slice(skip) for c in columns], name, said)
    comma = decimals.decimal_comma(kept, name, dialect.decimal, said)
    kept = summary_rows.without(kept, name, comma, said)
    return replace(_responses(name, names, kept), comma=comma, understood=said)


def _header_width(text: str, name: str, mark: str) -> int:
    import csv

    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        return next((len(row) for row in rows if row), 0)
    except csv.Error as error:
        raise _csv_error(name, f"header: {error}", mark) from error


def _read_parquet(source: BinaryIO, name: str, wanted: Collection[str] | None) -> Responses:
    from pyarrow import parquet

    try:
        # Reading ahead leaves a thread that holds a Python buffer, and a process that ends soon
        # after it aborts (134) in place of its exit code.
        file = parquet.ParquetFile(source, pre_buffer=False)
        _check_width(name, file.metadata.num_columns)
        names = list(file.schema_arrow.names)
        _check_names(name, names)
        tops = None if wanted is None else {w for x in wanted if x for w in (x, x.split(".")[0])}
        keep = [n for n in names if tops is None or n in tops]
        table = file.read(columns=keep, use_threads=False)
        table.validate(full=True)  # texts may be no UTF-8
        n = file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{name}: unreadable Parquet: {_first_line(error)}",
            hint="write it again, e.g. with polars or pyarrow",
            code="bad_parquet",
        ) from error
    unread = pa.chunked_array([pa.nulls(n)])
    columns = [table.column(c) if c in table.column_names else unread for c in names]
    return _responses(name, *flat(names, columns))


def _checked_utf8(data: bytes, name: str) -> bytes:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _encoding(name, f"{error.reason} in line {line}") from error
    return data


def _read_json(data: bytes, name: str, said: list[str], *, lines: bool) -> Responses:
    """Rows of JSON; fields of records as ``record.field``."""
    table = json_tables.of_lines(data, name) if lines else json_tables.table_of(data, name, said)
    _check_width(name, table.num_columns)
    return replace(_responses(name, *flat(table.column_names, table.columns)), understood=said)


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


def _csv_error(name: str, message: str, mark: str) -> InputError:
    between = SEPARATORS[mark]
    if "UTF8" in message:
        return _encoding(name, message)
    if "Expected" in message:
        return InputError(
            f"{name}: rows of unequal length: {message}",
            hint=f"one cell per column in every row, separated by {between} (or say --separator)",
            code="ragged",
        )
    hint = f"save it as CSV with {between}"
    return InputError(f"{name}: cannot be read as CSV: {message}", hint=hint, code="bad_csv")


def _encoding(name: str, why: str) -> InputError:
    return InputError(
        f"{name}: not UTF-8: {why}",
        hint='save it as "CSV UTF-8", or name its --encoding',
        code="bad_encoding",
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
