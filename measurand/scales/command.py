"""``measurand reliability RESPONSES``: how reliable a questionnaire's scales are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from measurand import dialects
from measurand.arguments import Parser
from measurand.outputs import FORMATS, refuse_existing, write

MISSING = ("pairwise", "listwise")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("responses", type=Path, help="CSV or Parquet, a row per respondent")
    parser.add_argument(
        "--key",
        type=Path,
        help="CSV with columns item, scale, keyed (+1 or -1), minimum, maximum; "
        "without it all numeric columns are one scale keyed +1",
    )
    parser.add_argument("--cluster", help="column that names the independently sampled unit")
    parser.add_argument(
        "--missing",
        choices=MISSING,
        default="pairwise",
        help="use every answer, or the complete rows of a scale alone (default: %(default)s)",
    )
    dialects.add_arguments(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what was understood, compute nothing"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument(
        "--resamples", type=int, default=2000, help="bootstrap resamples (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=42, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Raises:
        InputError: a file, a cell or an argument cannot be used; the code says why.
    """
    parser = Parser(
        "measurand reliability",
        description="Reliability of your own responses: alpha, lambda-6, omega, item statistics.",
    )
    add_arguments(parser)
    options = vars(parser.parse_args(argv))
    form, out = options.pop("format"), options.pop("out")
    refuse_existing(out)
    from measurand.api.scales import reliability

    found = reliability(options.pop("responses"), **options, progress="stderr")
    write(found.render(form), out)
    return 0
