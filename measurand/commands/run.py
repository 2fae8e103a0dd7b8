"""``measurand run S``: build, train, evaluate and report in one go, into one folder.

For a parameter file of one's own, tried without touching the project's data. In the project itself
``dvc repro`` does the same and skips what is up to date.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measurand.arguments import Parser
from measurand.commands.stages import UNTIL, say, say_report


def main(argv: Sequence[str]) -> int:
    """Run the four stages of a system; returns 0."""
    parser = Parser(
        "measurand run",
        description="Build, train, evaluate and report into one folder. Run again to go on: "
        "model calls that were answered stand in its journal/ and are not made twice.",
    )
    parser.add_argument("system", help="a system's name, see `measurand list`")
    parser.add_argument(
        "--params", type=Path, help="parameter file instead of params/<system>.yaml"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for data, journal and report"
    )
    parser.add_argument("--model", help="one model string instead of the parameters' list")
    parser.add_argument("--runner", help="Beam runner of the build")
    parser.add_argument("--limit", type=int, help="only the first N prompts of each model")
    parser.add_argument("--until", type=Path, metavar="GATES", help=UNTIL)
    parser.add_argument(
        "--gates",
        help="gate file; by default that of --until, else gates/<system>.yaml, or none where "
        "--params is given",
    )
    options = vars(parser.parse_args(argv))
    from measurand.api.reports import run

    say_report(options["system"], run(**options, on_stage=say, progress="stderr"))
    return 0
