"""``measurand items PATH ...``: faults of single items, and fewer items that stand for all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import outputs
from measurand.arguments import Parser
from measurand.errors import InputError
from measurand.outputs import FORMATS

if TYPE_CHECKING:
    from measurand.reporting.document import Document
    from measurand.shortening.matrix import Matrix


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0.

    Raises:
        InputError: a log or an argument cannot be used; the code says why.
    """
    args = _parser().parse_args(argv)
    for path in (args.out, args.save):
        outputs.refuse_existing(path)
    if args.save is not None and args.keep is None:
        raise InputError("--save without --keep", hint="say how many", code="bad_argument")
    if args.form is not None and (args.keep or args.save or args.families):
        raise InputError(
            "--form with --keep, --save or --families",
            hint="a form is made, or used",
            code="bad_argument",
        )
    from measurand.api.wishes import rows_of, wish
    from measurand.shortening import matrix

    wished = wish(map=args.map, values=args.values, reruns=args.reruns)
    found = matrix.of(rows_of(args.paths, wished), args.score)
    made, record, form = _estimated(found, args) if args.form else _described(found, args)
    text = _rendered(made, record, args.format)
    with outputs.new() as places:
        if args.save is not None:
            places.text(form, args.save)
        if args.out is not None:
            places.text(text, args.out)
    if args.out is None:
        outputs.write(text, None)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "measurand items",
        description="Items of a test that several models took: dead, backwards and noisy ones, "
        "families that do otherwise on some, and few items that give the whole score with an "
        "interval that holds for further models.",
    )
    parser.add_argument("paths", type=Path, nargs="+", help="results, as `measurand analyse` reads")
    parser.add_argument("--score", help="which score, where there are several")
    parser.add_argument("--keep", type=int, metavar="N", help="items to keep")
    parser.add_argument("--save", type=Path, metavar="FORM", help="write the kept items there")
    parser.add_argument(
        "--form", type=Path, help="whole scores of the models at PATH by this form's items"
    )
    parser.add_argument(
        "--families", type=Path, metavar="TABLE", help="table with columns model and family"
    )
    parser.add_argument(
        "--reruns", choices=("refuse", "repeats"), default="refuse",
        help="what two runs of one model are (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--map", nargs="+", default=[], metavar="ROLE=COLUMN",
                        help="columns of a plain table")  # fmt: skip
    parser.add_argument(
        "--values", nargs="+", default=[], metavar="COLUMN", help="score columns of a plain table"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    return parser


Made = tuple["Document", dict[str, Any], str]
"""A page, its record, and a short form as text."""


def _described(found: Matrix, args: argparse.Namespace) -> Made:
    from measurand.shortening import kept, matrix, page
    from measurand.shortening.record import describe

    whole = matrix.complete(found)
    families = args.families and matrix.families(args.families, whole.models)
    record = describe(whole, args.keep, families)
    form = record.pop("form", None)
    text = "" if form is None else kept.text(form, whole.items, whole.name, whole.models)
    return page.document(record), record, text


def _estimated(found: Matrix, args: argparse.Namespace) -> Made:
    from measurand.shortening import kept, page
    from measurand.shortening.record import estimated

    form, items, name = kept.read(args.form)
    record = estimated(found, form, items)
    if name != found.name:
        record["notes"].append(f"the form is of the score {name}")
    return page.estimates(record), record, ""


def _rendered(made: Document, record: dict[str, Any], form: str) -> str:
    return outputs.as_json(record) if form == "json" else outputs.drawn(made, form)
