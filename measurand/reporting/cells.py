"""A table's cells as text, rounded by column, with a lettered note for every reason.

HTML and Markdown both draw what :func:`lay_out` returns, so that they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurand.errors import InputError
from measurand.reporting.condense import condense, figure_of
from measurand.reporting.document import Cell, Table
from measurand.reporting.text import DASH, clean, common_decimals, interval, number
from measurand.reporting.worth import said

STATES = {
    "pass": "pass",
    "fail": "fail",
    "inconclusive": "undecided",
    "error": "error",
}
"""The word a reader sees for a state."""
_LINK = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Laid:
    """One cell ready to draw.

    Attributes:
        text: what is shown.
        detail: a second, quiet line, or "".
        note: letter of the note that explains it, or "".
        state: state whose shape stands before the text, or "".
        link: another report, relative and without its ending, or "".
        trend: states of a figure, oldest first, to be drawn as a small line.
    """

    text: str
    detail: str = ""
    note: str = ""
    state: str = ""
    link: str = ""
    trend: tuple[Sequence[float | None] | None, ...] = ()


@dataclass(frozen=True)
class LaidTable:
    """A table ready to draw.

    ``numeric`` marks the columns to align at the right. A table of ``lines`` leads to other pages,
    a row each: on a phone a row becomes a block.
    """

    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Laid, ...], ...]
    reasons: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    lines: bool = False


def lay_out(table: Table) -> LaidTable:
    """Round, align and explain the cells of ``table``; what is nowhere defined becomes a note."""
    table = condense(table)
    width = len(table.columns)
    by_column = [[row[c] for row in table.rows] for c in range(width)]
    places = [_places(column) for column in by_column]
    letters: dict[str, str] = {}
    rows = tuple(
        tuple(_cell(by_column[c][r], places[c], letters) for c in range(width))
        for r in range(len(table.rows))
    )
    return LaidTable(
        clean(table.caption),
        tuple(clean(name) for name in table.columns),
        tuple(_is_numeric(column) for column in by_column),
        rows,
        tuple((letter, reason) for reason, letter in letters.items()),
        tuple(clean(note) for note in (*table.notes, *said(table.rows))),
        any(row[0].link for row in rows),
    )


def _places(column: Sequence[Cell]) -> int | None:
    """One number of decimals for a column, so that its points stand under each other."""
    return common_decimals([f for cell in column if (f := figure_of(cell))])


def _is_numeric(column: Sequence[Cell]) -> bool:
    kept = [cell for cell in column if cell is not None and cell != ""]
    return bool(kept) and all(
        not isinstance(cell, (str, bool)) and (isinstance(cell, int) or figure_of(cell) is not None)
        for cell in kept
    )


def _cell(cell: Cell, places: int | None, letters: dict[str, str]) -> Laid:
    if cell is None:
        return Laid(DASH)
    if isinstance(cell, str):
        return Laid(clean(cell))
    if isinstance(cell, int):
        return Laid(number(cell))
    figure = figure_of(cell)
    if figure is not None:
        note = _letter(figure.get("reason"), letters) if figure["estimate"] is None else ""
        exact = isinstance(figure["estimate"], int)
        detail = clean(str(figure.get("detail") or ""))
        return Laid(interval(figure, None if exact else places), detail, note=note)
    assert isinstance(cell, Mapping)
    if "state" in cell:
        state = str(cell["state"])
        known = state if state in STATES else ""
        return Laid(
            STATES.get(state, clean(state)), clean(str(cell.get("detail") or "")), state=known
        )
    text, detail = clean(str(cell.get("text", ""))), clean(str(cell.get("detail") or ""))
    return Laid(text, detail, link=_link(cell), trend=tuple(cell.get("trend") or ()))


def _link(cell: Mapping[str, Any]) -> str:
    """The cell's link, which cannot leave the folder of reports."""
    link = str(cell.get("link") or "")
    if link and not _LINK.fullmatch(link):
        raise InputError(
            f"link {link!r}",
            hint="name a report below this one, without its ending: `system/report`",
            code="bad_report",
        )
    return link


def _letter(reason: str | None, letters: dict[str, str]) -> str:
    """The letter of a reason: a, b, ..., z, aa, ab, ..."""
    if not reason:
        return ""
    reason = clean(str(reason))
    if reason not in letters:
        n, letter = len(letters) + 1, ""
        while n:
            n, rest = divmod(n - 1, 26)
            letter = chr(97 + rest) + letter
        letters[reason] = letter
    return letters[reason]
