"""How a user's table is written: what the user says of it.

What is not said is guessed (:mod:`measurand.guesses`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from measurand.errors import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Dialect:
    """What the user says of a table; None is guessed.

    Attributes:
        separator: character between cells.
        decimal: decimal mark, ``.`` or ``,``.
        encoding: name of the text's encoding.
        skip: rows below the header that are no data.
        missing: numbers and words that mean "no answer" in answers and scores.
        sheet: sheet of a workbook; the first one without.
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    skip: int = 0
    missing: tuple[str, ...] = ()
    sheet: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say how a table is written."""
    group = parser.add_argument_group("tables (what is not said is guessed, and said)")
    group.add_argument("--separator", help="between cells: , ; | or tab")
    group.add_argument("--decimal", choices=(".", ","), help="decimal mark")
    group.add_argument("--encoding", help="such as cp1252; UTF-8 and UTF-16 are recognised")
    group.add_argument(
        "--skip-rows",
        type=int,
        default=0,
        metavar="N",
        help="rows below the header that are no data",
    )
    group.add_argument(
        "--missing-codes",
        nargs="+",
        default=[],
        metavar="CODE",
        help="numbers or words that mean no answer: 99 -1 refused",
    )
    group.add_argument("--sheet", help="sheet of a workbook (default: the first)")


def dialect_of(
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    skip_rows: int = 0,
    missing_codes: Sequence[Any] = (),
    sheet: str | None = None,
) -> Dialect:
    """The dialect that the options name.

    Raises:
        InputError: code ``bad_argument``.
    """
    mark = {"tab": "\t", "\\t": "\t"}.get(separator or "", separator)
    if mark is not None and mark not in SEPARATORS:
        raise InputError(f"--separator {separator!r}", hint="one of , ; | tab", code="bad_argument")
    if decimal not in (None, ".", ","):
        raise InputError(f"--decimal {decimal!r}", hint="one of . ,", code="bad_argument")
    if skip_rows < 0:
        raise InputError(f"--skip-rows {skip_rows}", hint="0 or more", code="bad_argument")
    return Dialect(
        separator=mark,
        decimal=decimal,
        encoding=encoding,
        skip=skip_rows,
        missing=tuple(str(code) for code in missing_codes),
        sheet=sheet,
    )
