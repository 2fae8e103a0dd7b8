"""``measurand value_functions uci``: the chess network as an engine that chess programs load."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from measurand.arguments import Parser


def main(argv: Sequence[str]) -> int:
    """Run the verb named by ``argv[0]``."""
    parser = Parser("measurand value_functions", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    uci = verbs.add_parser(
        "uci",
        help="play chess by UCI on standard input and output",
        description="A chess engine: a trained network values every legal move and makes the best. "
        "Chess programs start it by this command.",
    )
    uci.add_argument(
        "--checkpoint",
        type=Path,
        help="RUN-LOSS.safetensors of a chess run, or a folder that holds one "
        "(default: data/value_functions/checkpoint, HL-Gauss where there is a choice)",
    )
    uci.add_argument("--seed", type=int, default=0, help="0-based training (%(default)s)")
    args = parser.parse_args(argv)

    from pipelines.value_functions.chessplayer import Player, locate, serve

    checkpoint = args.checkpoint or _usual()
    locate(checkpoint)  # what is missing is said before a chess program waits for it
    serve(lambda: Player(checkpoint, args.seed), _lines(), lambda line: print(line, flush=True))
    return 0


def _usual() -> Path:
    from measurand import project

    return project.root_or_here() / "data" / "value_functions" / "checkpoint"


def _lines() -> Iterator[str]:
    while line := sys.stdin.readline():
        yield line
