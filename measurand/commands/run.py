"""``measurand run S``: build, train, evaluate and report in one go, into one folder.

For a parameter file of one's own, tried without touching the project's data. In the project itself
``dvc repro`` does the same and skips what is up to date.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from measurand import folders, project
from measurand.commands import stages


def main(argv: Sequence[str]) -> int:
    """Run the four stages of a system; returns 0, or the first code that is not."""
    parser = argparse.ArgumentParser(
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
    parser.add_argument(
        "--gates",
        help="gate file; by default gates/<system>.yaml, or none where --params is given",
    )
    args = parser.parse_args(argv)
    root = project.find_root()
    name = project.system(root, args.system).name
    with folders.held(args.out):
        folders.refuse_others(args.out / "data" / "dataset", name, project.systems(root))
        folders.claim(args.out, name)
        for stage in _stages(args):
            if code := stages.main(stage):
                return code
    return 0


def _stages(args: argparse.Namespace) -> list[list[str]]:
    own = ["--params", str(args.params)] if args.params else []
    journal = ["--journal", str(args.out / "journal")]
    data, results = str(args.out / "data"), str(args.out / "results")
    asked = ["--model", args.model] if args.model else []
    asked += ["--limit", str(args.limit)] if args.limit is not None else []
    runner = ["--runner", args.runner] if args.runner else []
    gates = args.gates or ("none" if args.params else None)
    name = args.system
    return [
        ["build", name, *own, *journal, "--out", f"{data}/dataset", *runner],
        ["train", name, *own, *journal, "--data", data, "--out", f"{data}/checkpoint"],
        ["evaluate", name, *own, *journal, "--data", data, "--out", results, *asked],
        [
            *("report", name, *own, "--data", data),
            *("--results", results, "--out", str(args.out / "report")),
            *(["--gates", gates] if gates else []),
        ],
    ]
