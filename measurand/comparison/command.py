"""``measurand compare A B``: git revisions, folders or files against each other."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import dialects, outputs
from measurand.interop.rows import Wish

if TYPE_CHECKING:
    from measurand.report.document import Document

FORMATS = ("text", "json", "md", "html")


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Raises:
        InputError: a side is nothing that can be compared; the code says why.
    """
    parser = argparse.ArgumentParser(
        "measurand compare",
        description="What changed from A to B: paired differences with intervals, adjusted p "
        "values, and the changes that the sample could have seen.",
    )
    parser.add_argument("a", metavar="A", help="git revision, folder, file, or . (working tree)")
    parser.add_argument("b", metavar="B", nargs="?", default=".", help="the same (default: .)")
    parser.add_argument("--system", nargs="+", default=[], help="of a revision: only these systems")
    parser.add_argument("--cluster", help="of other harnesses' logs: field that names clusters")
    parser.add_argument(
        "--by-content", action="store_true", help="items are what they say, whatever their ids"
    )
    parser.add_argument(
        "--changed",
        choices=("refuse", "leave-out"),
        default="refuse",
        help="items of one id that are two documents (default: %(default)s)",
    )
    parser.add_argument("--map", nargs="+", default=[], metavar="ROLE=COLUMN", help="of tables")
    parser.add_argument("--values", nargs="+", default=[], metavar="COLUMN", help="of tables")
    parser.add_argument("--scale", nargs="+", default=[], metavar="WORD=NUMBER", help="of scores")
    parser.add_argument(
        "--as",
        dest="mode",
        choices=("change", "rerun"),
        default="change",
        help="rerun: the same parameters run twice; exit code 1 if a verdict or a claim changed",
    )
    dialects.add_arguments(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    args = parser.parse_args(argv)
    from measurand.analysis.command import roles, scale

    outputs.refuse_existing(args.out)
    if args.mode == "rerun":
        return _rerun(args)
    from measurand.comparison.record import compare
    from measurand.comparison.sides import resolve

    wish = Wish(
        cluster=args.cluster,
        columns=roles(args.map),
        values=tuple(args.values),
        scale=scale(args.scale),
        by_content=args.by_content,
        changed=args.changed,
        dialect=dialects.from_arguments(args),
    )
    a, b = (resolve(word, args.system, wish) for word in (args.a, args.b))
    record = compare(a, b, args.changed)
    outputs.write(render(record, args.format), args.out)
    return 0


def _rerun(args: argparse.Namespace) -> int:
    from measurand.comparison import rerun

    record = rerun.compare(*(rerun.runs(word, args.system) for word in (args.a, args.b)))
    if args.format == "json":
        text = _json(record)
    else:
        text = _drawn(rerun.document(record, args.a, args.b), args.format)
    outputs.write(text, args.out)
    return int(record["changed"])


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _drawn(made: Document, form: str) -> str:
    from measurand.reliability_report import to_text
    from measurand.report.render import to_html, to_markdown

    drawn: str = {"html": to_html, "md": to_markdown, "text": to_text}[form](made)
    return drawn


def render(record: dict[str, Any], form: str) -> str:
    """The record as ``text``, ``json``, ``md`` (fits into a comment) or ``html``."""
    if form == "json":
        return _json(record)
    from measurand.comparison.page import document, markdown

    return markdown(record) if form == "md" else _drawn(document(record), form)
