"""How a user's table is written: separator, encoding, header rows. Guessed, and said.

A spreadsheet in German writes ``1;2,5``; a survey tool writes three lines of headers; a statistics
program writes 99 where there is no answer. What can be read in one way only is read in that way and
said; what could be two things is refused by name, or has to be declared.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand import summary_rows
from measurand.dialects import SEPARATORS
from measurand.errors import InputError

_LINES = 200  # lines that are looked at for a separator
#: Numbers that survey tools and statistics programs write where there is no answer.
CODES = (
    *(-9999, -999, -99, -98, -97, -96, -9, -8, -7, -1, 8, 9, 77, 88, 96, 97, 98, 99),
    *(777, 888, 997, 998, 999, 7777, 8888, 9999),
)
_ANSWER = ("", "response", "open-ended response")
_NEAR = 2  # a code stands at least so far outside the other answers
_WIDEST = 20  # answers of a wider range are no scale: a code cannot be told


def utf8(data: bytes, name: str, encoding: str | None, said: list[str]) -> bytes:
    """The text as UTF-8.

    Raises:
        InputError: code ``bad_encoding``.
    """
    found = encoding
    if found is None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        found = "utf-16"
        said.append(f"{name}: the text is UTF-16.")
    if found is None:
        return data
    try:
        return data.decode(found).encode("utf-8")
    except (LookupError, UnicodeError) as error:
        raise InputError(
            f"{name}: not {found}: {error}"[:200],
            hint='save it as "CSV UTF-8", or name its --encoding',
            code="bad_encoding",
        ) from error


def separator(head: str, name: str, said: list[str]) -> tuple[str, int]:
    """The character between cells, and how many bytes of the text only name it.

    The one by which all lines have equally many cells, more than one; commas where several do.
    """
    first = head.partition("\n")[0]
    match = re.fullmatch(r"\ufeff?sep=([,;|\t])\r?", first, re.IGNORECASE)
    if match is not None:
        said.append(f"{name}: its first line says that {SEPARATORS[match[1]]} separate cells.")
        return match[1], len(first.encode()) + 1
    widths = {mark: _widths(head, mark) for mark in SEPARATORS}
    even = [mark for mark, found in widths.items() if len(set(found)) == 1 and found[0] > 1]
    if not even:
        # Uneven lines: their reader says which; a mark that the header has is what was meant.
        even = [m for m in SEPARATORS if widths[m] and widths[m][0] > 1]
    chosen = even[0] if even else ","
    if chosen != ",":
        said.append(f"{name}: cells are separated by {SEPARATORS[chosen]}.")
    return chosen, 0


def _widths(head: str, mark: str) -> list[int]:
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=mark)
    found: list[int] = []
    try:
        for row in rows:
            if row:
                found.append(len(row))
            if len(found) > _LINES:
                break
    except csv.Error:
        return []
    # The last line of the piece that was looked at may be cut.
    return found[:-1] if len(found) > 2 and len(found) <= _LINES else found


def header_rows(columns: Sequence[pa.ChunkedArray], name: str, said: list[str]) -> int:
    """Rows below the header that Qualtrics writes: the questions, and ids as JSON."""
    for at in range(min(3, len(columns[0]) if columns else 0)):
        cells = [str(c[at].as_py() or "").strip() for c in columns]
        filled = [cell for cell in cells if cell]
        if filled and all(re.match(r'\{\s*"ImportId"', cell) for cell in filled):
            rows = "row" if at == 0 else f"{at + 1} rows"
            said.append(f"{name}: the first {rows} below the header are Qualtrics's, no answers.")
            return at + 1
    return 0


def refuse_no_header(names: Sequence[str], name: str, said: list[str]) -> None:
    """Refuse a first line of answers: read as names it would lose a row.

    Numbers in their order may be those of the items, which is said.

    Raises:
        InputError: code ``no_header``.
    """
    numbers = [summary_rows.number(title, False) for title in names]
    known = [number for number in numbers if number is not None]
    if len(known) < max(2, len(names)):
        return
    if all(a < b for a, b in itertools.pairwise(known)):
        shown = f"{names[0]} to {names[-1]}"
        said.append(f"{name}: the first line, {shown}, is taken for the names of the columns.")
        return
    raise InputError(
        f"{name}: the first line holds numbers, {', '.join(names[:5])}, and no names of columns",
        hint="write a line of names above it",
        code="no_header",
    )


def joined_headers(
    names: Sequence[str], columns: Sequence[pa.ChunkedArray], name: str, said: list[str]
) -> tuple[list[str], int]:
    """Names of the columns where a question stands once over several, and its parts below.

    SurveyMonkey writes ``How content?,,`` and below it ``Pay,Hours,Team``.

    Returns:
        The names, ``How content?: Pay`` and so on, and how many rows of cells belong to them.
    """
    blank = [at for at, title in enumerate(names) if not title]
    if len(blank) < 1 or not names[0] or not len(columns[0]):
        return list(names), 0
    below = [str(column[0].as_py() or "").strip() for column in columns]
    if not all(below[at] and not re.fullmatch(r"[\d.,+-]+", below[at]) for at in blank):
        return list(names), 0
    found, question = [], ""
    for title, part in zip(names, below, strict=True):
        question = title or question
        found.append(question if part.lower() in _ANSWER else f"{question}: {part}")
    said.append(f"{name}: the first row below the header names parts of questions, no answers.")
    return found, 1


def named(
    names: Sequence[str], columns: Sequence[pa.ChunkedArray], name: str, said: list[str]
) -> tuple[list[str], list[pa.ChunkedArray]]:
    """Names and columns without those that have no name and no cell, as spreadsheets leave them."""
    empty = [
        not title and not pc.any(pc.not_equal(pc.utf8_trim_whitespace(cells), "")).as_py()
        for title, cells in zip(names, columns, strict=True)
    ]
    if not any(empty) or all(empty):
        return list(names), list(columns)
    said.append(f"{name}: {sum(empty)} columns without a name and without any cell are left out.")
    kept = [at for at, gone in enumerate(empty) if not gone]
    return [names[at] for at in kept], [columns[at] for at in kept]


def filled(columns: Sequence[pa.ChunkedArray], name: str, said: list[str]) -> list[pa.ChunkedArray]:
    """Columns without rows in which every cell is empty, as spreadsheets leave them."""
    if len(columns) < 2:
        return list(columns)
    cells = [pc.equal(pc.utf8_trim_whitespace(c), "").combine_chunks() for c in columns]
    empty = cells[0]
    for other in cells[1:]:
        empty = pc.and_(empty, other)
    n = pc.sum(empty).as_py() or 0
    if not n:
        return list(columns)
    said.append(f"{name}: {n:,} rows without any cell are left out.")
    return [c.filter(pc.invert(empty)) for c in columns]


def outside(columns: Iterable[np.ndarray]) -> list[tuple[int, int, tuple[float, float]]]:
    """Numbers that look like codes for "no answer": (code, how often, range of the others).

    Args:
        columns: (n,) answers of items on one scale, NaN where missing.
    """
    parts = [c[~np.isnan(c)] for c in columns]
    x = np.concatenate(parts) if parts else np.empty(0)
    codes, others = x[np.isin(x, CODES)], x[~np.isin(x, CODES)]
    if not len(codes) or not len(others) or not np.array_equal(others, np.round(others)):
        return []
    low, high = float(others.min()), float(others.max())
    if high - low > _WIDEST or high == low:
        return []
    found = []
    for code in np.unique(codes):
        below = code < 0 <= low or code <= low - _NEAR
        if below or code >= high + max(_NEAR, (high - low) / 2):
            found.append((int(code), int((codes == code).sum()), (low, high)))
    return found


def code_warnings(columns: Iterable[np.ndarray], what: str) -> list[str]:
    """A line for each number that looks like a code for "no answer"."""
    return [
        f"{what}: {code} stands {n:,} times outside {low:g} to {high:g}, where all other answers "
        f"lie. It counts as an answer; if it means none, give --missing-codes {code}."
        for code, n, (low, high) in outside(columns)
    ]


def is_code(value: float) -> bool:
    """Whether a number is one that tools write where there is no answer."""
    return not math.isnan(value) and value in CODES
