"""Parts of a page for a notebook: its first screen, one of its pictures."""

from __future__ import annotations

from dataclasses import replace

from measurand.errors import InputError
from measurand.reporting.document import Block, Document, Figure, Section, Table, Text

ROWS = 20


class Svg:
    """A picture.

    Attributes:
        text: the SVG element with its own colours; no script, no reference to elsewhere.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_svg_(self) -> str:
        return self.text

    def __str__(self) -> str:
        """The SVG itself."""
        return self.text


def picture(document: Document, kind: str | None = None) -> Svg:
    """The first picture of a page, or the first of a kind.

    Raises:
        InputError: code ``no_picture``.
    """
    from measurand.reporting.fragment import to_svg

    found = [b for s in document.sections for b in s.blocks if isinstance(b, Figure)]
    for one in found:
        if kind in (None, one.kind):
            return Svg(to_svg(one))
    kinds = sorted({one.kind for one in found})
    raise InputError(
        f"no picture of kind {kind!r}" if kind else "the page has no picture",
        hint=f"one of {', '.join(kinds)}" if kinds else "look at the tables: x.to_polars()",
        code="no_picture",
    )


def first_screen(document: Document) -> str:
    """Title, warnings, the first table and the first picture, styled and inert."""
    from measurand.reporting.fragment import to_fragment

    sections: list[Section] = []
    table = figure = False
    for section in document.sections:
        kept: list[Block] = []
        for block in section.blocks:
            if isinstance(block, Text) and not table:
                kept.append(block)
            elif isinstance(block, Table) and not table:
                kept.append(replace(block, rows=block.rows[:ROWS]))
                table = True
            elif isinstance(block, Figure) and not figure:
                kept.append(block)
                figure = True
        if kept:
            sections.append(replace(section, blocks=tuple(kept)))
        if table and figure:
            break
    return to_fragment(replace(document, sections=tuple(sections), provenance={}))
