"""``measurand rescore ANSWERS``: stored answers scored by a new parser, paired with the old one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from measurand import outputs
from measurand.outputs import FORMATS

ROLES = "answer, target, item_id, value, model, cluster_id"


def main(argv: Sequence[str]) -> int:
    """Run the command; returns 0.

    Raises:
        InputError: table, parser or argument cannot be used; the code says why.
    """
    options = vars(_parser().parse_args(argv))
    form, out = options.pop("format"), options.pop("out")
    outputs.refuse_existing(out)
    from measurand.api.answers import rescore

    with outputs.new() as places:
        text = rescore(options.pop("answers"), **options, progress="stderr").render(form)
        if out is not None:
            places.text(text, out)
    if out is None:
        outputs.write(text, None)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "measurand rescore",
        description="Read stored answers anew: scores by another parser beside the old ones, what "
        "could not be read, and the paired difference. No model is asked.",
    )
    parser.add_argument(
        "answers", type=Path, help="table (CSV, Parquet, lines of JSON) with a row an answer"
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--pattern", metavar="RE2", help="first match, or its group (?P<answer>...), is the answer"
    )
    how.add_argument(
        "--parser", metavar="MODULE:FUNCTION", help="from a text to the answer, or None"
    )
    parser.add_argument("--ignore-case", action="store_true", help="capitals do not count")
    parser.add_argument(
        "--map", nargs="+", default=[], metavar="ROLE=COLUMN",
        help=f"columns: {ROLES} (default: columns of these names)",
    )  # fmt: skip
    parser.add_argument("--save", type=Path, metavar="CSV", help="write the new item rows there")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    return parser
