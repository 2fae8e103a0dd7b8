"""How numbers of a text table are written: decimal marks, and marks between thousands.

``1.234,5``, ``1 234,5``, ``1'234.5`` and ``1,234.5`` are one number. A column is read so where one
of its cells can be read in that way only; what could be two numbers (``1,234``) stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from measurand.columns import decoded
from measurand.errors import InputError

_BLANKS = "'\u2019 \u00a0\u2009\u202f"
_MINUS = "\N{MINUS SIGN}"
_DECIMAL_COMMA = r"^\s*([+-]?)(\d{1,3}(?:\.\d{3})+|\d*),(\d+)\s*%?\s*$"
_BOTH = r"^\s*[+-]?\d{1,3}(\.\d{3})+,\d+\s*%?\s*$"
_BOTH_ENGLISH = r"^\s*[+-]?\d{1,3}(,\d{3})+\.\d+\s*%?\s*$"
_THOUSANDS = r"^\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*$"
_GROUPED = r"^\s*[+-]?[1-9]\d{0,2}(\.\d{3})+\s*$"
_APART = rf"^\s*[+-]?[1-9]\d{{0,2}}([{_BLANKS}]\d{{3}})+([.,]\d+)?\s*%?\s*$"
_POINT = r"^\s*[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?\s*$"


def decimal_comma(
    columns: Sequence[pa.ChunkedArray], name: str, declared: str | None, said: list[str]
) -> bool:
    """Whether the numbers of columns of text have decimal commas: as declared, or as they show.

    Without a declaration one number has to show it that could not stand between thousands, and
    none may have a decimal point.
    """
    if declared is not None:
        return declared == ","
    columns = [_joined(c) for c in columns]
    commas = [pc.match_substring_regex(c, _DECIMAL_COMMA) for c in columns]
    if not any(pc.any(c).as_py() for c in commas):
        return False
    both = any(_any(c, _BOTH) for c in columns)
    points = [pc.match_substring_regex(c, _POINT) for c in columns]
    if both:  # then points of three digits stand between thousands
        grouped = (pc.match_substring_regex(c, _GROUPED) for c in columns)
        points = [pc.and_not(p, g) for p, g in zip(points, grouped, strict=True)]
    if any(pc.any(p).as_py() for p in points):
        return False
    sure = [
        pc.any(pc.and_not(found, pc.match_substring_regex(c, _THOUSANDS))).as_py()
        for c, found in zip(columns, commas, strict=True)
    ]
    if not any(sure):
        return False
    said.append(f"{name}: decimals are written with commas.")
    return True


def plain(column: pa.ChunkedArray, comma: bool, what: str, said: list[str]) -> pa.ChunkedArray:
    """A column of text with its numbers in plain decimal notation; any other as it is.

    Args:
        column: its cells.
        comma: whether its table has decimal commas.
        what: file and column, for messages.
        said: where it is noted what stands between thousands.

    Raises:
        InputError: code ``ambiguous``, as :func:`pointed`.
    """
    column = decoded(column)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    joined = _joined(column)
    apart = pc.match_substring_regex(column, _APART)
    if pc.any(apart).as_py():
        said.append(f"{what}: {_shown(column, joined, apart, 'blanks or apostrophes')}")
    if comma:
        return pointed(joined, what, said)
    if not _any(joined, _BOTH_ENGLISH):
        return joined
    either = pc.or_(*(pc.match_substring_regex(joined, p) for p in (_BOTH_ENGLISH, _THOUSANDS)))
    found = pc.if_else(either, pc.replace_substring(joined, ",", ""), joined)
    said.append(f"{what}: {_shown(joined, found, either, 'commas')}")
    return found


def pointed(column: pa.ChunkedArray, what: str, said: list[str]) -> pa.ChunkedArray:
    """A column with decimal commas as one with points: ``1.234,5`` and ``1.234`` are 1234.5, 1234.

    Args:
        column: its cells, texts.
        what: file and column, for messages.
        said: where it is noted that points stand between thousands.

    Raises:
        InputError: code ``ambiguous``: a point that stands between no thousands.
    """
    commas = pc.match_substring_regex(column, _DECIMAL_COMMA)
    grouped = pc.match_substring_regex(column, _GROUPED)
    point = pc.and_not(pc.match_substring_regex(column, _POINT), grouped)
    if pc.any(point).as_py():
        row = pc.index(point, True).as_py()
        raise InputError(
            f"{what}: row {row + 1} holds {column[row].as_py().strip()!r}, a point where decimals "
            "have commas",
            hint="write it with a comma, or say --decimal .",
            code="ambiguous",
        )
    found = pc.replace_substring(pc.replace_substring(column, ".", ""), ",", ".")
    found = pc.if_else(pc.or_(commas, grouped), found, column)
    if pc.any(grouped).as_py():
        said.append(f"{what}: {_shown(column, found, grouped, 'points')}")
    return found


def _joined(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers without blanks and apostrophes between thousands, minus signs as hyphens."""
    if _any(column, f"^\\s*{_MINUS}[\\d.,]"):
        minus = pc.match_substring_regex(column, f"^\\s*{_MINUS}[\\d.,]")
        column = pc.if_else(minus, pc.replace_substring(column, _MINUS, "-"), column)
    apart = pc.match_substring_regex(column, _APART)
    if not pc.any(apart).as_py():
        return column
    short = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), f"[{_BLANKS}]", "")
    return pc.if_else(apart, short, column)


def _any(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())


def _shown(
    cells: pa.ChunkedArray, read: pa.ChunkedArray, where: pa.ChunkedArray, marks: str
) -> str:
    """What stands between thousands, shown on the first cell that has it."""
    row = pc.index(where, True).as_py()
    cell, number = (column[row].as_py().strip() for column in (cells, read))
    return f"{marks} stand between thousands: {cell} is {number}."
