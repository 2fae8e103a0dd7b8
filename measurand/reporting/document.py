"""A report as plain data. HTML, Markdown and terminal text are pure functions of it.

All three keep the reader's order: title, verdict, findings with one picture, gates, sections (what
was found, then methods), provenance.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from measurand.errors import InputError

Cell = str | int | float | bool | None | Mapping[str, Any]
"""One table cell. A mapping is one of

``{"estimate", "lower", "upper", "reason"}``: a figure with its interval; null needs its reason,
``detail`` may name it in a second, quiet line, and ``worth`` say below what the interval is worth;
``{"value", "reason"}``: a figure that may be null for a reason;
``{"state", "detail"}``: pass, fail, inconclusive or error, by word and shape, and why in a second
line;
``{"text", "detail", "link"}``: two lines, the second one quiet; the first may lead to another
report, named relative to this one and without its ending, so that each form links to its own kind;
``{"trend", "text"}``: states ``[estimate, lower, upper]`` or null of a figure, oldest first, drawn
as a small line, and the same in words.
"""


@dataclass(frozen=True)
class Text:
    """Prose.

    Attributes:
        text: paragraphs split by blank lines; lines that start with ``- `` form a list.
        verbatim: show exactly as it is (model output, a command).
    """

    text: str
    verbatim: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a caption; the first column names the row.

    Attributes:
        caption: what the table shows, with the unit.
        columns: column heads.
        rows: one cell per column, unrounded: rounding is the renderer's work.
        notes: sentences shown below.

    Raises:
        InputError: a row has not one cell per column.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        for i, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise InputError(
                    f"table {self.caption!r}: row {i} has {len(row)} cells, "
                    f"not {len(self.columns)}",
                    hint="give one cell per column",
                    code="bad_report",
                )


@dataclass(frozen=True)
class Figure:
    """A picture and, from the same data, its table.

    Attributes:
        kind: a module of ``measurand.reporting.figures``, whose docstring describes ``data``.
        title: what is shown.
        description: how to read it, for eyes and for screen readers.
        data: plain JSON values; ``{"reason": ...}`` alone draws a panel that says why it is empty.
    """

    kind: str
    title: str
    description: str
    data: Mapping[str, Any]


Block = Text | Table | Figure
_BLOCKS: dict[str, type[Text] | type[Table] | type[Figure]] = {
    "text": Text,
    "table": Table,
    "figure": Figure,
}


@dataclass(frozen=True)
class Section:
    """Blocks under a heading, after one or two sentences that say what they show.

    ``folded``: the blocks are looked up rather than read; a page shows them when asked to.
    """

    title: str
    blocks: Sequence[Block]
    intro: str = ""
    folded: bool = False


MOST_FINDINGS = 5
"""Findings that a first screen has room for."""


@dataclass(frozen=True)
class Opening:
    """The first screen: what was found, before anything is explained.

    Attributes:
        findings: sentences, the main one first, each with its interval and the condition under
            which it holds.
        picture: shows the main one; None where there is nothing to draw.
        figure: ``{"label", "model", "metric", "slice"}`` of the statistic behind the main one,
            which stands for this report on the page over all systems; None where none does.

    Raises:
        InputError: there is no finding, or more than :data:`MOST_FINDINGS`.
    """

    findings: Sequence[str]
    picture: Figure | None = None
    figure: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.findings) <= MOST_FINDINGS:
            raise InputError(
                f"{len(self.findings)} findings do not open a report",
                hint=f"give one to {MOST_FINDINGS}, the main one first",
                code="bad_report",
            )


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes:
        title: what was measured.
        subtitle: of which model, with which data.
        verdict: the gates' verdict object, or None where no gate was run.
        sections: findings first, methods last.
        provenance: nested plain values, shown last.
        opening: findings and picture of the first screen, None where a report has none.
    """

    title: str
    subtitle: str
    verdict: Mapping[str, Any] | None
    sections: Sequence[Section]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    opening: Opening | None = None


def to_json(document: Document) -> str:
    """Canonical JSON: keys sorted, shortest exact floats, ASCII, one final newline.

    Raises:
        InputError: a value is NaN, infinite or no JSON value; the message names its place.
    """
    packed = {
        "title": document.title,
        "subtitle": document.subtitle,
        "verdict": document.verdict,
        "opening": _opening(document.opening),
        "sections": [
            {
                "title": section.title,
                "intro": section.intro,
                "folded": section.folded,
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in document.sections
        ],
        "provenance": document.provenance,
    }
    return json.dumps(_plain(packed, "report"), sort_keys=True, indent=1, allow_nan=False) + "\n"


def from_json(text: str) -> Document:
    """Inverse of :func:`to_json`.

    Raises:
        InputError: the text is not a report.
    """
    try:
        packed = json.loads(text, parse_constant=_no_constant)
        sections = tuple(
            # Reports of earlier versions fold no section and have no opening.
            Section(
                part["title"],
                tuple(map(_unblock, part["blocks"])),
                part["intro"],
                bool(part.get("folded")),
            )
            for part in packed["sections"]
        )
        return Document(
            packed["title"],
            packed["subtitle"],
            packed["verdict"],
            sections,
            packed["provenance"],
            _unopening(packed.get("opening")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"not a report: {type(error).__name__} {error}",
            hint="build it again with `measurand report`",
            code="bad_report",
        ) from error


def _opening(opening: Opening | None) -> dict[str, Any] | None:
    if opening is None:
        return None
    picture = None if opening.picture is None else _block(opening.picture)
    return {"findings": opening.findings, "picture": picture, "figure": opening.figure}


def _unopening(packed: dict[str, Any] | None) -> Opening | None:
    if packed is None:
        return None
    picture = None if packed["picture"] is None else _unblock(packed["picture"])
    if picture is not None and not isinstance(picture, Figure):
        raise TypeError("the picture is no figure")
    return Opening(tuple(packed["findings"]), picture, packed["figure"])


def _block(block: Block) -> dict[str, Any]:
    kind = next(name for name, cls in _BLOCKS.items() if isinstance(block, cls))
    return {"block": kind, **vars(block)}


def _unblock(packed: dict[str, Any]) -> Block:
    fields = dict(packed)
    cls = _BLOCKS[fields.pop("block")]
    if cls is Table:
        fields["columns"] = tuple(fields["columns"])
        fields["rows"] = tuple(tuple(row) for row in fields["rows"])
        fields["notes"] = tuple(fields["notes"])
    return cls(**fields)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")


def _plain(value: Any, where: str) -> Any:
    """Plain JSON values of ``value``; array scalars become numbers, -0.0 becomes 0.0."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(part, f"{where}.{key}") for key, part in value.items()}
    if hasattr(value, "tolist"):  # numpy arrays and scalars, without importing numpy
        value = value.tolist()
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(part, f"{where}[{i}]") for i, part in enumerate(value)]
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and math.isfinite(value):
        return float(value) + 0.0
    raise InputError(
        f"{where} is {value!r}, which JSON cannot hold",
        hint="an undefined figure is None with a reason",
        code="bad_report",
    )
