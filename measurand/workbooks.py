"""Workbooks of Excel: which sheet is the table, and its cells as text."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterable
from typing import Any

from measurand.errors import InputError

_HIDDEN = re.compile(rb"<row\b[^>]*\bhidden=\"(1|true)\"")


def cells(data: bytes, name: str, sheet: str | None, said: list[str]) -> list[list[str]]:
    """Cells of a sheet as text.

    Raises:
        InputError: code ``missing_extra``, ``bad_workbook``, ``no_sheet`` or ``no_value``.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            f"{name}: reading workbooks needs openpyxl",
            hint="pip install 'measurand[excel]', or save it as CSV",
            code="missing_extra",
        ) from error
    try:
        # A formula's cell has the value that was last computed for it, or none.
        values, formulas = (
            openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=last)
            for last in (True, False)
        )
        names = values.sheetnames
        if sheet is not None and sheet not in names:
            raise InputError(
                f"{name} has no sheet {sheet!r}",
                hint=f"sheets: {', '.join(names)}",
                code="no_sheet",
            )
        chosen = sheet or _table(values)
        if sheet is None and len(names) > 1:
            said.append(f"{name}: sheet {chosen!r} of {len(names)} is read (--sheet).")
        found = [list(row) for row in values[chosen].values]
        if hidden := _hidden(data, values[chosen]):
            said.append(
                f"{name}: {hidden:,} rows of sheet {chosen!r} are hidden, by a filter or by hand; "
                "they count as the others do."
            )
        _refuse_not_computed(name, found, formulas[chosen].values)
    except InputError:
        raise
    except Exception as error:  # the package raises what its zip and XML readers raise
        inside = _archived(data)
        what = f"a zip of {inside}, no workbook" if inside else f"unreadable workbook: {error}"
        raise InputError(
            f"{name}: {what}"[:200],
            hint="unpack it and give the table" if inside else "save it as CSV",
            code="bad_workbook",
        ) from error
    rows = [row for row in ([_cell(v) for v in row] for row in found) if any(row)]
    width = max((len(row) for row in rows), default=0)
    while width and not any(row[width - 1] for row in rows if len(row) >= width):
        width -= 1
    return [(row + [""] * width)[:width] for row in rows]


def _table(book: Any) -> str:
    """The first sheet that is shown and has a row below its first one; else the first."""
    shown = [s for s in book.worksheets if s.sheet_state == "visible"] or book.worksheets
    for sheet in shown:
        filled = (row for row in sheet.values if any(value is not None for value in row))
        if len(list(itertools.islice(filled, 2))) == 2:
            return str(sheet.title)
    return str(shown[0].title)


def _hidden(data: bytes, sheet: Any) -> int:
    """Rows that are not shown, which the package does not tell of a sheet that it streams."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return len(_HIDDEN.findall(archive.read(sheet._worksheet_path)))


def _archived(data: bytes) -> str | None:
    """What a zip holds that is no workbook of Excel; None where it may be one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return None
    return None if "[Content_Types].xml" in names else ", ".join(names[:3]) or "nothing"


def _refuse_not_computed(name: str, values: Iterable[Any], formulas: Iterable[Any]) -> None:
    """Formulas that no program has computed are no missing answers.

    A program that computes writes all values, of which some may be empty texts; one that does not
    writes none.
    """
    found = [
        (at, place, value, text)
        for at, (row, written) in enumerate(zip(values, formulas, strict=True), 1)
        for place, (value, text) in enumerate(zip(row, written, strict=True), 1)
        if value != text
    ]
    if found and all(value is None for *_, value, _ in found):
        at, place, _, text = found[0]
        raise InputError(
            f"{name}: row {at}, column {place} holds the formula {str(text)[:40]!r} without its "
            "value",
            hint="open it in the spreadsheet program and save it, or save it as CSV",
            code="no_value",
        )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
