"""``measurand compare A B``: git revisions, folders or files against each other."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurand import dialects
from measurand.interop.rows import Wish

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
    dialects.add_arguments(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    args = parser.parse_args(argv)
    from measurand.analysis.command import refuse_unless_new, roles, scale, write

    if args.out is not None:
        refuse_unless_new(args.out)
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
    write(render(record, args.format), args.out)
    return 0


def render(record: dict[str, Any], form: str) -> str:
    """The record as ``text``, ``json``, ``md`` (fits into a comment) or ``html``."""
    if form == "json":
        return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    from measurand.comparison.page import document, markdown
    from measurand.reliability_report import to_text
    from measurand.report.render import to_html

    if form == "md":
        return markdown(record)
    made = document(record)
    return to_html(made) if form == "html" else to_text(made)
