"""``measurand agreement TABLE``: how far raters agree, whatever ratings are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measurand import dialects
from measurand.arguments import Parser
from measurand.outputs import FORMATS, refuse_existing, write
from measurand.raters.record import LEVELS


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Raises:
        InputError: a file, a cell or an argument cannot be used; the code says why.
    """
    parser = Parser(
        "measurand agreement",
        description="Agreement of raters, judges or repeats: Krippendorff's alpha, intraclass "
        "correlations, kappa of each pair; missing ratings are no obstacle.",
    )
    parser.add_argument(
        "table", type=Path, help="a row a unit and a column a rater, or a row a rating"
    )
    parser.add_argument(
        "--raters", nargs="+", default=[], metavar="COLUMN", help="the raters' columns"
    )
    parser.add_argument(
        "--map",
        nargs="+",
        default=[],
        metavar="ROLE=COLUMN",
        help="of a table with a row a rating: unit, rater, value",
    )
    parser.add_argument(
        "--level",
        choices=LEVELS,
        help="which differences count (default: interval; words: nominal)",
    )
    parser.add_argument("--cluster", help="column that names the independently sampled unit")
    parser.add_argument("--resamples", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=42, help="default: %(default)s")
    dialects.add_arguments(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="write here, never over an existing file")
    options = vars(parser.parse_args(argv))
    form, out = options.pop("format"), options.pop("out")
    refuse_existing(out)
    from measurand.api.raters import agreement

    write(agreement(options.pop("table"), **options).render(form), out)
    return 0
