"""A report as one self-contained HTML file: no script, no request, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from measurand.reporting import figures, sparkline
from measurand.reporting.cells import lay_out
from measurand.reporting.condense import nothing
from measurand.reporting.document import (
    Block,
    Document,
    Figure,
    Opening,
    Section,
    Table,
    from_json,
    to_json,
)
from measurand.reporting.markdown import plain, to_markdown
from measurand.reporting.overview import overview
from measurand.reporting.text import clean
from measurand.reporting.verdict import (
    gates_table,
    parts_of,
    sentence_of,
    state_of,
    states_of,
    warnings_of,
    word_of,
)

__all__ = ["overview", "to_html", "to_markdown"]

_HERE = Path(__file__).parent


LONG = 20
"""A table of more rows is folded on the page and in Markdown; paper shows it whole."""
BESIDE = 560.0
"""Pixels of a picture that stands beside the findings."""


def to_html(document: Document) -> str:
    """The whole report. The same document gives the same bytes.

    The page's policy admits one style sheet, by its hash, and nothing else: no script, no font, no
    connection, no form; pictures only where the document has some, and only those inside the page.
    """
    document = from_json(to_json(document))
    css = (_HERE / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    sections = [
        {
            "title": section.title,
            "intro": section.intro,
            "folded": _folded(section),
            "blocks": [view(block, f"f{s}-{b}") for b, block in enumerate(section.blocks)],
        }
        for s, section in enumerate(document.sections, start=1)
    ]
    gates = gates_table(document.verdict)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            document=document,
            css=Markup(css),
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; "
            f"{_pictures(document)}base-uri 'none'; form-action 'none'",
            state=state_of(document.verdict),
            word=word_of(document.verdict),
            sentence=sentence_of(document.verdict),
            states=states_of(document.verdict),
            warnings=warnings_of(document.verdict),
            opening=_opened(document.opening),
            parts=parts_of(document.verdict),
            gates=None if gates is None else lay_out(gates),
            sections=sections,
            provenance=_tree(document.provenance),
            long=LONG,
        )
    )


def _folded(section: Section) -> str:
    """What is said in place of a folded section, or empty."""
    tables = [block for block in section.blocks if isinstance(block, Table)]
    rows = sum(len(table.rows) for table in tables)
    what = tables[0].caption if len(tables) == 1 else f"{len(tables)} tables"
    return f"{what} ({rows} rows)" if section.folded and tables else "Show" * section.folded


def _opened(opening: Opening | None) -> dict[str, Any] | None:
    """What the template needs of the first screen; its picture fits beside the findings."""
    if opening is None:
        return None
    picture = None if opening.picture is None else view(opening.picture, "f0", BESIDE)
    return {"findings": opening.findings, "picture": picture}


def _pictures(document: Document) -> str:
    blocks = [block for section in document.sections for block in section.blocks]
    blocks += [document.opening.picture] if document.opening and document.opening.picture else []
    shown = any(isinstance(block, Figure) and block.kind == "screens" for block in blocks)
    return "img-src data:; " if shown else ""


@cache
def environment() -> Environment:
    """Templates in which every text is escaped and cleaned."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FileSystemLoader(_HERE / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    environment.globals["sparkline"] = sparkline.draw
    return environment


def view(block: Block, uid: str, width: float = figures.WIDE) -> dict[str, Any]:
    """What the templates need of a block; ``uid`` makes its ids unique in the page."""
    if isinstance(block, Table):
        words = nothing(block)
        if words:
            return {"kind": "prose", "parts": [{"text": words}]}
        return {"kind": "table", "table": lay_out(block)}
    if isinstance(block, Figure):
        return {
            "kind": "figure",
            "uid": uid,
            "title": block.title,
            "description": block.description,
            "grid": block.kind in figures.GRIDS and not figures.is_empty(block),
            "scrolls": block.kind in figures.SCROLLS,
            "wide": figures.draw(block, uid, width),
            "phone": figures.draw(block, uid + "p", figures.PHONE),
            "table": None if figures.is_empty(block) else lay_out(figures.twin(block)),
        }
    if block.verbatim:
        return {"kind": "verbatim", "text": block.text}
    return {"kind": "prose", "parts": _prose(block.text)}


def _prose(text: str) -> list[dict[str, Any]]:
    """Paragraphs and lists of a text."""
    parts: list[dict[str, Any]] = []
    for paragraph in re.split(r"\n\s*\n", clean(text).strip()):
        lines = [line.strip() for line in paragraph.split("\n")]
        if all(line.startswith("- ") for line in lines):
            parts.append({"bullets": [line[2:] for line in lines]})
        else:
            parts.append({"text": " ".join(lines)})
    return parts


def _tree(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Nested names and values, sorted by name."""
    return [
        {"name": key, "parts": _tree(part)}
        if isinstance(part, Mapping) and part
        else {"name": key, "text": plain(part)}
        for key, part in sorted(value.items())
    ]
