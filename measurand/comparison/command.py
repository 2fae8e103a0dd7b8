"""``measurand compare A B``: git revisions, folders or files against each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measurand import dialects
from measurand.arguments import Parser
from measurand.outputs import FORMATS, refuse_existing, write


def main(argv: Sequence[str]) -> int:
    """Run the command.

    Raises:
        InputError: a side is nothing that can be compared; the code says why.
    """
    parser = Parser(
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
    options = vars(parser.parse_args(argv))
    form, out = options.pop("format"), options.pop("out")
    refuse_existing(out)
    from measurand.api.comparing import Rerun, compare

    found = compare(options.pop("a"), options.pop("b"), **options, progress="stderr")
    write(found.render(form), out)
    return int(isinstance(found, Rerun) and found.changed)
