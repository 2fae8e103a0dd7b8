"""A document as terminal text, in aligned columns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from measurand.reporting.cells import Laid, LaidTable, lay_out
from measurand.reporting.document import Document, Table, Text
from measurand.reporting.text import clean, width_of
from measurand.reporting.verdict import gates_table, sentence_of, warnings_of, word_of

_WIDTH = 96


def to_text(document: Document) -> str:
    """The document for a terminal, in aligned columns."""
    parts = [document.title, document.subtitle, ""]
    if document.verdict is not None:
        parts += [*_verdict(document.verdict), ""]
    for section in document.sections:
        parts += [section.title, "-" * width_of(section.title)]
        if section.intro:
            parts += [*_wrapped(section.intro), ""]
        for block in section.blocks:
            if isinstance(block, Text):
                parts += [*_wrapped(clean(block.text)), ""]
            elif isinstance(block, Table):
                parts += [*_lines(lay_out(block)), ""]
    return "\n".join(parts).rstrip() + "\n"


def _verdict(verdict: Mapping[str, Any]) -> list[str]:
    """The verdict, its sentence and every gate, as the gate itself prints them."""
    lines = _wrapped(clean(f"Verdict: {word_of(verdict)}. {sentence_of(verdict)}"))
    for warning in warnings_of(verdict):
        lines += _wrapped(clean(f"Note: {warning}"))
    table = gates_table(verdict)
    return lines if table is None else [*lines, "", *_lines(lay_out(table))]


def _wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        indent = "  " if line.startswith("- ") else ""
        lines += textwrap.wrap(line, _WIDTH, subsequent_indent=indent) or [""]
    return lines


def _lines(table: LaidTable) -> list[str]:
    grid = [list(table.columns)] + [[_text(cell) for cell in row] for row in table.rows]
    widths = [max(width_of(row[c]) for row in grid) for c in range(len(table.columns))]
    lines = [table.caption]
    for row in grid:
        cells = [
            " " * (width - width_of(text)) + text
            if numeric
            else text + " " * (width - width_of(text))
            for text, width, numeric in zip(row, widths, table.numeric, strict=True)
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    lines += [f"  ({letter}) {reason}" for letter, reason in table.reasons]
    return lines + [f"  {note}" for note in table.notes]


def _text(cell: Laid) -> str:
    return cell.text + (f" ({cell.note})" if cell.note else "")
