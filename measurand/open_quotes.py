"""Quote marks in tables of text: one that is not closed makes one cell of many rows, and fits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from measurand.columns import parse
from measurand.errors import InputError

_HINT = "close the quote where its cell ends; a cell that is right so may stand in Parquet or JSON"


class _Record(NamedTuple):
    """A row: the line on which it begins, and its cells."""

    line: int
    cells: list[str]


def spans_lines(data: bytes, rows: int) -> bool:
    """Whether a table of text may hold cells of several lines.

    Args:
        data: the text.
        rows: how many rows it was read as, the header counted.
    """
    ends = data.count(b"\n") or data.count(b"\r")
    return b'"' in data and ends + (not data.endswith((b"\n", b"\r"))) > rows


def are_letters(data: bytes, mark: str, name: str) -> bool:
    """Whether quote marks belong to the text: they enclose no cells, and rows are even without.

    Args:
        data: a table of text, UTF-8, some cells of which may span lines.
        mark: character between cells.
        name: for messages.

    Raises:
        InputError: code ``open_quote``: a quote is not closed, or something stands behind it, and
            rows are uneven without quotes; ``joined_rows``: a quoted cell holds lines that read as
            rows of the table.
    """
    line, records = 1, []
    try:
        for record in _records(data, mark):
            line = record.line
            records.append(record)
    except csv.Error as error:
        widths = {text.count(mark) for text in _text(data) if text.strip()}
        if len(widths) == 1 and widths != {0}:
            return True
        open_end = "end of data" in str(error)
        what = "a quote is not closed" if open_end else "something stands behind a closing quote"
        raise InputError(
            f"{name}: {what}, in the row after line {line}", hint=_HINT, code="open_quote"
        ) from error
    _refuse_joined(records, mark, name)
    return False


def _text(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace", newline="")


def _records(data: bytes, mark: str) -> Iterator[_Record]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(_text(data), delimiter=mark, strict=True)
    begins = 1
    for cells in reader:
        if cells:
            yield _Record(begins, cells)
        begins = reader.line_num + 1


def _refuse_joined(records: Sequence[_Record], mark: str, name: str) -> None:
    """Refuse a cell whose whole lines are rows: as wide, with the numbers that stand elsewhere."""
    header, *rest = records
    width = len(header.cells)
    known = _numbers([record.cells for record in rest if len(record.cells) == width])
    for record in rest if known else ():
        for at, cell in enumerate(record.cells):
            lines = cell.splitlines()
            # The first line of a cell is whole in the first column alone, the last one in the last.
            whole = lines[at > 0 : len(lines) - (at < len(record.cells) - 1)]
            if (
                len(lines) > 1
                and whole
                and all(_is_row(x.split(mark), width, known) for x in whole)
            ):
                raise InputError(
                    f"{name}, line {record.line}: a cell has {len(lines)} lines, {len(whole)} of "
                    "which read as rows of the table",
                    hint=_HINT,
                    code="joined_rows",
                )


def _numbers(rows: Sequence[Sequence[str]]) -> dict[int, tuple[float, float]]:
    """Range of the numbers in each column that holds nothing else."""
    found = {}
    for at, column in enumerate(zip(*rows, strict=True)):
        values = [parse(cell) for cell in column]
        given = [x for x in values if x is not None and x == x]
        if None not in values and given:
            found[at] = (min(given), max(given))
    return found


def _is_row(cells: Sequence[str], width: int, known: Mapping[int, tuple[float, float]]) -> bool:
    if len(cells) != width:
        return False
    found = {at: parse(cells[at].strip(' "')) for at in known}
    return all(x is not None and known[at][0] <= x <= known[at][1] for at, x in found.items())
