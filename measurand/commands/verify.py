"""``measurand verify PATH``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Print every problem below PATH; exit 0 if there is none, 1 otherwise."""
    parser = argparse.ArgumentParser(
        "measurand verify",
        description="Recompute hashes, counts, logical hash and rules of every dataset below PATH.",
    )
    parser.add_argument("path", type=Path, help="a dataset folder, or a folder of such folders")
    args = parser.parse_args(argv)
    import measurand.shards as shards

    problems = shards.verify(args.path)
    for problem in problems:
        print(problem)
    print(f"{args.path}: {'fine' if not problems else f'{len(problems)} problems'}")
    return 1 if problems else 0
