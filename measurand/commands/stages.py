"""``measurand build | train | evaluate | report``: the four stages, the same for every system.

Each is a function of :mod:`measurand.api`; here it gets its options, and what it found is said.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from measurand import project
from measurand.arguments import Parser, folder
from measurand.errors import InputError

if TYPE_CHECKING:
    from measurand.api.reports import Report
    from measurand.api.stages import Stage

PAGE = "report.html"
UNTIL = (
    "end each model's run when the `sequential` gates of this file are decided; clusters are asked "
    "in one fixed random order"
)


def main(argv: Sequence[str]) -> int:
    """Run the stage named by ``argv[0]``."""
    verb, rest = argv[0], list(argv[1:])
    own, beam = (
        (rest[: rest.index("--")], rest[rest.index("--") + 1 :]) if "--" in rest else (rest, [])
    )
    parser = Parser(f"measurand {verb}", description=_STAGES[verb])
    parser.add_argument(
        "system",
        nargs="?" if verb == "report" else None,
        help="a system's name, see `measurand list`",
    )
    parser.add_argument(
        "--params", type=Path, help="parameter file instead of params/<system>.yaml"
    )
    parser.add_argument(
        "--out", type=folder, help="folder or URL to write to instead of the project's own"
    )
    if verb != "report":
        parser.add_argument(
            "--journal",
            type=Path,
            help="folder of answered model calls and unfinished trainings, where a run goes on "
            "(default: journal/<system>)",
        )
    if verb in ("build", "evaluate"):
        parser.add_argument(
            "--runner",
            help="Beam runner (default: that of MEASURAND_RUNNER, else "
            + ("FnApiRunner" if verb == "build" else "this process asks its models itself")
            + "); its options follow after --, as in `-- --job_endpoint=HOST:PORT`",
        )
    if verb == "train":
        parser.add_argument("--data", type=folder, help="folder or URL with dataset/")
    if verb == "evaluate":
        parser.add_argument("--model", help="one model string instead of the parameters' list")
        parser.add_argument(
            "--limit", type=int, help="only the first N prompts; marks the results partial"
        )
        parser.add_argument("--until", type=Path, metavar="GATES", help=UNTIL)
        parser.add_argument(
            "--data", type=folder, help="folder or URL with dataset/ and checkpoint/"
        )
    if verb == "report":
        parser.add_argument(
            "--gates", help="gate file instead of gates/<system>.yaml, or `none` for no verdict"
        )
        parser.add_argument(
            "--results", type=folder, help="folder or URL of an evaluation's results"
        )
        parser.add_argument(
            "--print", action="store_true", help="print the first lines of the report that is there"
        )
        parser.add_argument(
            "--index",
            action="store_true",
            help="write reports/index.html over all systems, from the reports that are there",
        )
        parser.add_argument(
            "--docs",
            action="store_true",
            help="write the figures that README.md and docs/ quote as the reports have them",
        )
        parser.add_argument(
            "--data", type=folder, help="folder or URL with dataset/ and checkpoint/"
        )
    args = parser.parse_args(own)
    if beam and verb not in ("build", "evaluate"):
        raise InputError(
            f"{verb} takes nothing after --", hint="build and evaluate pass options to Beam"
        )
    if args.system is None or getattr(args, "index", False) or getattr(args, "docs", False):
        return _all(project.find_root(), args)
    options = vars(args)
    for name in ("index", "docs"):
        options.pop(name, None)
    if verb in ("build", "evaluate"):
        options["beam"] = beam
    if options.pop("print", False):
        from measurand.api.reports import Report

        one = project.system(project.find_root(), args.system)
        _say_page(Report(args.out or one.reports))
        return 0
    if verb == "report":
        from measurand.api.reports import report

        say_report(args.system, report(**options, progress="stderr"))
        return 0
    from measurand.api import stages

    function: Callable[..., Stage] = getattr(stages, verb)
    say(function(**options, progress="stderr"))
    return 0


def say(stage: Stage) -> None:
    """Print what a stage wrote."""
    found = stage.record
    name, system = found["stage"], found["system"]
    if stage.rank:
        return  # the first says it
    if name == "build":
        for line in left_out(stage):
            print(line)
    if name == "train" and not found["trained"]:
        print(f"train {system}: this system trains no model")
    elif name != "train":
        print(f"{name} {system}: {found['folder']}")
    print(f"{name} {system}: done in {stage.seconds:.1f} s", file=sys.stderr)


def left_out(stage: Stage) -> Iterator[str]:
    """A line for every table that left rows out: how many, and why."""
    from measurand.api.stages import why

    for table in stage.record["tables"]:
        if reasons := table["rejected"]:
            left = sum(reasons.values())
            yield f"  {table['table']}: {table['rows']:,} rows, {left:,} left out: {why(reasons)}"


def say_report(system: str, report: Report) -> None:
    """Print the first screen of a report that was made."""
    _say_page(report)
    print(f"report {system}: done in {report.seconds:.1f} s", file=sys.stderr)


def _say_page(report: Report) -> None:
    """The first screen of a report, where it lies and what to do next."""
    from measurand.reporting import verdict

    print(report.render(), end="")
    at_url = isinstance(report.folder, str)
    page = f"{report.folder}/{PAGE}" if at_url else os.path.relpath(report.folder / PAGE)
    print(f"\nreport: {page} (also .md and .json)")
    print(f"next: {verdict.next_step(report.verdict)}")


def _all(root: Path, args: argparse.Namespace) -> int:
    """``report --index`` and ``report --docs``, which take no system and no other option."""
    from measurand.api.stages import shown
    from measurand.commands.index import write_index
    from measurand.reporting.quotes import write_docs

    named = ("params", "out", "gates", "results", "data", "print", "docs")
    options = [n for n in named if vars(args)[n] and not (n == "docs" and not args.index)]
    if not (args.index or args.docs) or args.system is not None or options:
        given = "--index" if args.index else "--docs" if args.docs else "report without a system"
        raise InputError(
            given
            if not (args.system or options)
            else f"{given} with {args.system or '--' + options[0]}",
            hint="`measurand report S` for one system, `measurand report --index` alone for all",
        )
    if args.docs:
        changed = write_docs(root)
        print("\n".join(f"changed: {shown(p, root)}" for p in changed) or "docs: as they were")
        return 0
    print(f"index: {shown(write_index(root), root)} (also .md)")
    return 0


_STAGES = {
    "build": "Build a system's dataset: byte-stable shards and a manifest.",
    "train": "Train a system's models; a system without training says so.",
    "evaluate": "Run models over the dataset. Goes on where it was interrupted.",
    "report": "Statistics, gates and report. Reads files only; calls no model.",
}
