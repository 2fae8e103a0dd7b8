"""The first screen of a report in a terminal: the order of the page, in plain lines."""

from __future__ import annotations

from textwrap import wrap

from measurand.reporting.cells import lay_out
from measurand.reporting.document import Document, Figure, Table
from measurand.reporting.figures import is_empty, twin, why_empty
from measurand.reporting.text import one_line, shorten
from measurand.reporting.verdict import Part, parts_of, saved_of, sentence_of, word_of

_SHAPES = {"pass": "✓", "fail": "✗", "inconclusive": "?", "error": "!"}
WIDTH = 100
"""Columns that a line takes at most."""
MOST_ROWS = 8
"""Rows of the picture's table."""


def overview(document: Document) -> str:
    """Title, verdict, findings, the picture as figures, gates; no control character among them.

    Failing and undecided gates stand one cause a line, passing ones as a count. A report without
    an opening shows its first table instead.
    """
    verdict = f"{word_of(document.verdict).upper()}: {sentence_of(document.verdict)}"
    lines = [shorten(document.title, WIDTH), *_wrapped(document.subtitle), "", *_wrapped(verdict)]
    if saved := saved_of(document.verdict):
        lines += ["", *_wrapped(saved)]
    if document.opening is None:
        lines += _first_table(document)
    else:
        for finding in document.opening.findings:
            lines += ["", *_wrapped(finding, "- ", "  ")]
        if document.opening.picture is not None:
            lines += ["", *_picture(document.opening.picture)]
    for part in parts_of(document.verdict):
        lines += ["", *_part(part)]
    return "\n".join(lines)


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return wrap(
        one_line(text), WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def _part(part: Part) -> list[str]:
    lines = [part.title or "Gates", *_wrapped(part.note, "  ", "  ")]
    for line in part.open:
        told = f"{line.head}: {line.words}" + (f" ({line.names})" if line.names else "")
        lines += _wrapped(told, f"  {_SHAPES[line.state]} ", "    ")
    if part.passing:
        count = len(part.passing)
        lines.append(f"  ✓ {count} gate{'s pass' if count > 1 else ' passes'}")
    return lines


def _picture(figure: Figure) -> list[str]:
    if is_empty(figure):
        return _wrapped(f"{figure.title}: no data, {why_empty(figure)}")
    return _rows(twin(figure))


def _first_table(document: Document) -> list[str]:
    blocks = [block for section in document.sections for block in section.blocks]
    table = next((block for block in blocks if isinstance(block, Table)), None)
    return [] if table is None else ["", *_rows(table)]


def _rows(table: Table) -> list[str]:
    """A table in aligned columns; columns that do not fit and rows beyond the most are left out."""
    laid = lay_out(table)
    texts = [[shorten(name, 28) for name in laid.columns]]
    texts += [[shorten(cell.text, 28) for cell in row] for row in laid.rows[:MOST_ROWS]]
    widths = [max(len(row[c]) for row in texts) for c in range(len(laid.columns))]
    while len(widths) > 2 and sum(widths) + 2 * len(widths) > WIDTH:
        widths.pop()
    lines = [
        "  " + "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=False))
        for row in texts
    ]
    left = len(laid.rows) - MOST_ROWS
    more = [f"  … and {left} more rows in the report"] if left > 0 else []
    return [shorten(laid.caption, WIDTH), *(line.rstrip() for line in lines), *more]
