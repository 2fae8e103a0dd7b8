"""The first lines of a report for a terminal."""

from __future__ import annotations

from measurand.report.cells import STATES, lay_out
from measurand.report.document import Document, Table
from measurand.report.text import interval, number, shorten
from measurand.report.verdict import (
    limit_of,
    ordered_gates,
    sentence_of,
    short_names,
    word_of,
)

_SHAPES = {"pass": "✓", "fail": "✗", "inconclusive": "?", "error": "!"}
_WIDTH = 100


def overview(document: Document, lines: int = 12) -> str:
    """Title, verdict, sentence and key figures, at most ``lines`` lines without control characters.

    The figures are the gates', those that need attention first; without gates, the first table's.
    """
    head = [document.title, document.subtitle, ""]
    head.append(f"{word_of(document.verdict).upper()}: {sentence_of(document.verdict)}")
    body = _gate_lines(document) or _table_lines(document)
    room = max(lines - len(head) - 1, 0)
    if len(body) > room:
        kept = max(room - 1, 0)
        body = [*body[:kept], f"  … and {len(body) - kept} more in the report"][:room]
    shown = [*head, *([""] if body else []), *body][:lines]
    return "\n".join(_line(text) for text in shown)


def _line(text: str) -> str:
    indent = text[: len(text) - len(text.lstrip(" "))]
    return indent + shorten_keeping_columns(text.lstrip(" "))


def shorten_keeping_columns(text: str) -> str:
    """Shorten each column of a line on its own: runs of spaces stay."""
    return text if "  " in text else shorten(text, _WIDTH * 2)


def _gate_lines(document: Document) -> list[str]:
    gates = ordered_gates(document.verdict)
    names = [shorten(name, 40) for name in short_names(gates)]
    width = max((len(name) for name in names), default=0)
    lines = []
    for name, gate in zip(names, gates, strict=True):
        state = str(gate.get("state"))
        limit = limit_of(gate)
        words = "" if limit is None else f"  limit {number(limit)}"
        figure = interval(gate)
        lines.append(
            f"  {_SHAPES.get(state, '!')} {STATES.get(state, 'error'):<9}  {name:<{width}}  "
            f"{figure}{words}"
        )
    return lines


def _table_lines(document: Document) -> list[str]:
    blocks = [block for section in document.sections for block in section.blocks]
    table = next((block for block in blocks if isinstance(block, Table)), None)
    if table is None:
        return []
    laid = lay_out(table)
    lines = []
    for row in laid.rows:
        cells = [
            f"{head} {shorten(cell.text, 30)}"
            for head, cell in zip(laid.columns[1:5], row[1:5], strict=False)
        ]
        lines.append(f"  {shorten(row[0].text, 40)}: " + ", ".join(cells))
    return lines
