"""``measurand verify PATH``."""

from __future__ import annotations

from collections.abc import Sequence

from measurand.arguments import Parser, folder
from measurand.outputs import FORMATS


def main(argv: Sequence[str]) -> int:
    """Print every problem below PATH; exit 0 if there is none, 1 otherwise.

    Raises:
        InputError: there is no such folder.
    """
    parser = Parser(
        "measurand verify",
        description="Recompute hashes, counts, logical hash and rules of every dataset below PATH. "
        "Exit code: 0 all is well, 1 problems were found, 3 error.",
    )
    parser.add_argument(
        "path", type=folder, help="a dataset folder or URL, or a folder of such folders"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    args = parser.parse_args(argv)
    from measurand.api.datasets import verify

    found = verify(args.path, progress="stderr")
    print(found.render(args.format), end="")
    return 0 if found else 1
