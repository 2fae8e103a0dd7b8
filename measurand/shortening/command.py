"""``measurand items PATH ...``: faults of single items, and fewer items that stand for all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from measurand import outputs
from measurand.arguments import Parser
from measurand.outputs import FORMATS


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0.

    Raises:
        InputError: a log or an argument cannot be used; the code says why.
    """
    options = vars(_parser().parse_args(argv))
    form, out = options.pop("format"), options.pop("out")
    outputs.refuse_existing(out)
    from measurand.api.short_forms import items

    with outputs.new() as places:
        text = items(options.pop("paths"), **options, progress="stderr").render(form)
        if out is not None:
            places.text(text, out)
    if out is None:
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
