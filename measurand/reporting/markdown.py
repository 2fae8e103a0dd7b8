"""A report as GitHub-flavoured Markdown. Foreign text is escaped and cannot mark up or link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from measurand.reporting.cells import Laid, lay_out
from measurand.reporting.condense import nothing
from measurand.reporting.document import (
    Block,
    Document,
    Figure,
    Opening,
    Table,
    Text,
    from_json,
    to_json,
)
from measurand.reporting.figures import is_empty, twin, why_empty
from measurand.reporting.text import DASH, clean, number, one_line
from measurand.reporting.verdict import (
    Line,
    gates_table,
    parts_of,
    sentence_of,
    warnings_of,
    word_of,
)

_SHAPES = {"pass": "✓", "fail": "✗", "inconclusive": "?", "error": "!"}


def to_markdown(document: Document) -> str:
    """The whole report; figures as their tables. The same document gives the same text."""
    document = from_json(to_json(document))
    parts = [
        _heading(1, document.title),
        start(document.subtitle),
        f"**Verdict: {word_of(document.verdict)}.** {line(sentence_of(document.verdict))}",
        *(f"Note: {line(warning)}" for warning in warnings_of(document.verdict)),
    ]
    parts += _opening(document.opening)
    parts += _gates(document)
    for section in document.sections:
        parts += [_heading(2, section.title), escape(section.intro)]
        blocks = [_block(block) for block in section.blocks]
        parts += _folded("Show", *blocks) if section.folded else blocks
    if document.provenance:
        parts.append("## Provenance")
        parts += _folded(
            "Hashes, versions and parameters", "\n".join(_tree(document.provenance, ""))
        )
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def _opening(opening: Opening | None) -> list[str]:
    """Findings as a list, then the picture as its table."""
    if opening is None:
        return []
    parts = ["\n".join(f"- {start(finding)}" for finding in opening.findings)]
    return parts + ([_figure(opening.picture)] if opening.picture is not None else [])


def _gates(document: Document) -> list[str]:
    """What does not pass, by cause; what passes, and all figures, folded."""
    table = gates_table(document.verdict)
    if table is None:
        return []
    parts = ["## Gates"]
    for part in parts_of(document.verdict):
        parts += [_heading(3, part.title)] if part.title else []
        parts += [part.note] if part.note else []
        parts.append("\n".join(map(_gate, part.open)))
        if part.passing:
            count = f"{len(part.passing)} gate{'s pass' if len(part.passing) > 1 else ' passes'}"
            parts += _folded(f"✓ {count}", "\n".join(map(_gate, part.passing)))
    return [*parts, *_folded("Figures of every gate", _table(table, titled=False))]


def _gate(told: Line) -> str:
    names = f" ({line(told.names)})" if told.names else ""
    return f"- {_SHAPES[told.state]} **{line(told.head)}**: {line(told.words)}{names}"


def _folded(summary: str, *parts: str) -> list[str]:
    """Parts that GitHub shows when asked to."""
    return [f"<details><summary>{line(summary)}</summary>", *parts, "</details>"]


def escape(text: str) -> str:
    """Paragraphs that Markdown shows as they are; line breaks stay."""
    return _starts(re.sub(r"(?m)^[ \t]+", "", _inline(text)))


def line(text: str) -> str:
    """The same on one line that stands behind other text or in a cell."""
    return _inline(one_line(text))


def start(text: str) -> str:
    """The same on one line of its own or at the start of a list item."""
    return _starts(line(text))


def _inline(text: str) -> str:
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*|~$])", r"\\\1", text)
    # A bracket links only before one of these, so intervals stay readable in the source.
    # (What defines a link, "[x]:", does so only at the start of a line: see _starts.)
    text = re.sub(r"\](?=[(\[])", r"\\]", text)
    # Inside a word an underscore is plain; at its edge it would emphasise.
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)


def _starts(text: str) -> str:
    """Nothing at the start of a line opens a heading, list, rule, table or numbered list."""
    text = re.sub(r"(?m)^([#+=:\[-])", r"\\\1", text)
    return re.sub(r"(?m)^(\d+)([.)])", r"\1\\\2", text)


def _heading(level: int, text: str) -> str:
    """A heading; a hash at its end would be taken for its closing mark."""
    return "#" * level + " " + line(text).replace("#", "\\#")


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        return _figure(block)
    return fenced(block.text) if block.verbatim else _prose(block)


def _prose(block: Text) -> str:
    """Paragraphs and lists."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", clean(block.text).strip()):
        kept = paragraph.split("\n")
        if all(row.lstrip().startswith("- ") for row in kept):
            paragraphs.append("\n".join("- " + start(row.lstrip()[2:]) for row in kept))
        else:
            paragraphs.append(escape(paragraph))
    return "\n\n".join(paragraphs)


def fenced(text: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    text = clean(text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _figure(figure: Figure) -> str:
    head = f"**{line(figure.title) or 'Figure'}**\n\n{start(figure.description)}\n\n"
    if is_empty(figure):
        return head + f"No data: {line(why_empty(figure))}"
    return head + _table(twin(figure), titled=False)


def _table(table: Table, *, titled: bool = True) -> str:
    if nothing(table):
        return start(nothing(table))
    laid = lay_out(table)
    rows = [
        "| " + " | ".join(line(name) or " " for name in laid.columns) + " |",
        "| " + " | ".join("---:" if numeric else "---" for numeric in laid.numeric) + " |",
        *("| " + " | ".join(map(_cell, row)) + " |" for row in laid.rows),
    ]
    notes = [f"({letter}) {line(reason)}" for letter, reason in laid.reasons]
    notes += [start(note) for note in laid.notes]
    title = f"**{line(laid.caption)}**\n\n" if titled and laid.caption else ""
    return title + "\n".join(rows) + ("\n\n" + "  \n".join(notes) if notes else "")


def _cell(cell: Laid) -> str:
    shape = _SHAPES[cell.state] + " " if cell.state else ""
    note = f" ({cell.note})" if cell.note else ""
    detail = f"<br>{line(cell.detail)}" if cell.detail else ""
    text = f"[{line(cell.text)}]({cell.link}.md)" if cell.link else line(cell.text)
    return shape + text + note + detail


def _tree(value: Mapping[str, Any], indent: str) -> list[str]:
    """Nested lists of names and values."""
    rows = []
    for key, part in sorted(value.items()):
        if isinstance(part, Mapping) and part:
            rows += [f"{indent}- {start(key)}", *_tree(part, indent + "  ")]
        else:
            rows.append(f"{indent}- {start(key)}: {line(plain(part))}")
    return rows


def plain(value: Any) -> str:
    """A provenance value in words."""
    if value is None or value == {} or value == []:
        return DASH
    if isinstance(value, list):
        return ", ".join(plain(part) for part in value)
    if isinstance(value, bool):
        return number(value)
    if isinstance(value, float):
        return repr(value)
    return str(value)
