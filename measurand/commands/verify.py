"""``measurand verify PATH``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from measurand.errors import InputError


def main(argv: Sequence[str]) -> int:
    """Print every problem below PATH; exit 0 if there is none, 1 otherwise.

    Raises:
        InputError: there is no such folder.
    """
    parser = argparse.ArgumentParser(
        "measurand verify",
        description="Recompute hashes, counts, logical hash and rules of every dataset below PATH. "
        "Exit code: 0 all is well, 1 problems were found, 3 error.",
    )
    parser.add_argument("path", type=Path, help="a dataset folder, or a folder of such folders")
    args = parser.parse_args(argv)
    if not args.path.exists():
        raise InputError(f"{args.path}: no such folder", hint="check the path", code="no_file")
    from measurand.verification import verify

    problems = verify(args.path)
    for problem in problems:
        print(problem)
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    print(f"{args.path}: {count if problems else 'fine'}")
    return 1 if problems else 0
