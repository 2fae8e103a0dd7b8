"""``measurand gate FILE``: put evidence to a gate file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from measurand.arguments import Parser
from measurand.errors import MeasurandError

ERROR = 3
"""``verdict.EXIT_CODES["error"]``, known before anything heavy is loaded."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: arguments after ``measurand gate``.

    Returns:
        0 all blocking gates pass, 1 one fails, 2 one is undecided, 3 error; worst wins.
    """
    try:
        args = _parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else ERROR
    try:
        return _run(args)
    except MeasurandError as error:
        _complain(f"{error.code}: {error}")
    except BrokenPipeError:
        raise
    except Exception as error:
        # Python would exit with 1, which a CI reads as "the gate fails".
        _complain(f"internal_error: {type(error).__name__}: {error}")
        print("nothing was decided; please report this with the gate file", file=sys.stderr)
    return ERROR


def _complain(text: str) -> None:
    from measurand.gates.telling.outputs import printable

    print(f"measurand gate: {printable(text)}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "measurand gate",
        description="Pass, fail or undecided, by one-sided confidence bounds. Exit code: 0 all "
        "blocking gates pass, 1 one fails, 2 one is undecided, 3 error; the worst wins.",
    )
    parser.add_argument("file", type=Path, help="gate file (YAML)")
    parser.add_argument("--root", type=Path, default=Path("."), help="project root (default: here)")
    parser.add_argument(
        "--results",
        type=Path,
        help="results, or anything that `measurand analyse` reads, in place of the file's own",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for verdict.json, junit.xml, summary.md and the records of earlier attempts, "
        "looks.json and tries.json; keep it between runs (default: .measurand/gate/NAME in the "
        "root)",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="why each gate came out so, what would decide, and the figures behind it",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "md"), default="text", help="default: %(default)s"
    )
    return parser


def _run(args: argparse.Namespace) -> int:
    from measurand.api.gating import gate
    from measurand.gates.telling.outputs import annotate

    found = gate(args.file, root=args.root, results=args.results, out=args.out, progress="stderr")
    print(found.render(args.format, explain=args.explain), end="")
    # JSON on standard output stays JSON: annotations go beside it.
    annotate(found.verdict, sys.stderr if args.format == "json" else sys.stdout)
    return found.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
