"""``measurand build | train | evaluate | report``: the four stages, the same for every system.

Each stage is a plain function of a system's module; here they only get their paths.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from measurand import folders, project, times
from measurand import params as parameters
from measurand.errors import InputError


def main(argv: Sequence[str]) -> int:
    """Run the stage named by ``argv[0]``."""
    verb, rest = argv[0], list(argv[1:])
    stage, describe = _STAGES[verb]
    own, beam = (
        (rest[: rest.index("--")], rest[rest.index("--") + 1 :]) if "--" in rest else (rest, [])
    )
    parser = argparse.ArgumentParser(f"measurand {verb}", description=describe)
    parser.add_argument(
        "system",
        nargs="?" if verb == "report" else None,
        help="a system's name, see `measurand list`",
    )
    parser.add_argument(
        "--params", type=Path, help="parameter file instead of params/<system>.yaml"
    )
    parser.add_argument("--out", type=Path, help="folder to write to instead of the project's own")
    if verb != "report":
        parser.add_argument(
            "--journal",
            type=Path,
            help="folder of answered model calls and unfinished trainings, where a run goes on "
            "(default: journal/<system>)",
        )
    if verb == "build":
        parser.add_argument(
            "--runner",
            default="FnApiRunner",
            help="Beam runner; its options follow after --, as in `-- --job_endpoint=HOST:PORT`",
        )
    if verb == "train":
        parser.add_argument("--data", type=Path, help="folder with dataset/")
    if verb == "evaluate":
        parser.add_argument("--model", help="one model string instead of the parameters' list")
        parser.add_argument(
            "--limit", type=int, help="only the first N prompts; marks the results partial"
        )
        parser.add_argument("--data", type=Path, help="folder with dataset/ and checkpoint/")
    if verb == "report":
        parser.add_argument(
            "--gates", help="gate file instead of gates/<system>.yaml, or `none` for no verdict"
        )
        parser.add_argument("--results", type=Path, help="results folder of an evaluation")
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
        parser.add_argument("--data", type=Path, help="folder with dataset/ and checkpoint/")
    args = parser.parse_args(own)
    if beam and verb != "build":
        raise InputError(f"{verb} takes nothing after --", hint="only build passes options to Beam")
    args.beam = beam
    root = project.find_root()
    if args.system is None or getattr(args, "index", False) or getattr(args, "docs", False):
        return _all(root, args)
    system = project.system(root, args.system)
    if getattr(args, "print", False):
        from measurand.commands.report import print_report

        print_report(args.out or system.reports)
        return 0
    declared = system.module("params").Params
    params = parameters.read(args.params or system.params, declared)
    start = time.monotonic()
    with folders.held(args.out or _usual(verb, system)):
        stage(system, params, args)
    seconds = time.monotonic() - start
    if _whole(args):
        times.note(root, f"{verb}@{system.name}", seconds)
    print(f"{verb} {system.name}: done in {seconds:.1f} s", file=sys.stderr)
    return 0


def _usual(verb: str, system: project.System) -> Path:
    """Where a stage of the project itself writes."""
    return {
        "build": system.dataset,
        "train": system.checkpoint,
        "evaluate": system.results,
        "report": system.reports,
    }[verb]


def _whole(args: argparse.Namespace) -> bool:
    """Whether the project's own stage ran, with nothing in it other than DVC would run."""
    asked = {k: v for k, v in vars(args).items() if k not in ("system", "runner", "beam")}
    return not any(asked.values())


def _build(system: project.System, params: Any, args: argparse.Namespace) -> None:
    out = _own_folder(args.out or system.dataset)
    folders.refuse_others(out, system.name, project.systems(system.root))
    from measurand.beam import quiet

    quiet()
    journal = args.journal or system.journal
    system.module("dataset").build(params, out, args.runner, args.beam, journal=journal)
    for line in _tables(out):
        print(line)
    print(f"build {system.name}: {_shown(out, system)}")


def _tables(out: Path) -> Iterator[str]:
    """A line for every table that left rows out: how many, and why."""
    from measurand.manifest import MANIFEST, read_manifest

    for path in sorted(out.glob(f"*/{MANIFEST}")):
        found = read_manifest(path.parent)
        reasons = sorted(found.rejected.items(), key=lambda one: (-one[1], one[0]))
        if reasons:
            why = ", ".join(f"{count:,} {reason}" for reason, count in reasons)
            left = sum(found.rejected.values())
            yield f"  {path.parent.name}: {found.rows:,} rows, {left:,} left out: {why}"


def _train(system: project.System, params: Any, args: argparse.Namespace) -> None:
    out = _own_folder(args.out or system.checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    if not system.has_training():
        _write_json(out / "manifest.json", {"system": system.name, "trained": False})
        print(f"train {system.name}: this system trains no model")
        return
    dataset = args.data / "dataset" if args.data else system.dataset
    system.module("train").train(params, dataset, out, journal=args.journal or system.journal)


def _evaluate(system: project.System, params: Any, args: argparse.Namespace) -> None:
    from measurand import provenance

    if args.limit is not None and args.limit < 1:
        raise InputError(f"--limit {args.limit}", hint="give a number above 0")
    out = _own_folder(args.out or system.results)
    data = args.data or system.dataset.parent
    if not (data / "dataset").is_dir():
        raise InputError(
            f"{data}/dataset is not built", hint=f"run `measurand build {system.name}` first"
        )
    journal = args.journal or system.journal
    system.module("evaluate").evaluate(
        params, data, args.model, out, journal=journal, limit=args.limit
    )
    found = provenance.collect(system.root)
    # While a stage runs, dvc.lock still describes the run before it.
    found.pop("dvc_lock_sha256", None)
    _write_json(out / "provenance.json", found)
    print(f"evaluate {system.name}: {_shown(out, system)}")


def _report(system: project.System, params: Any, args: argparse.Namespace) -> None:
    from measurand.commands.report import write_report

    data = args.data or system.dataset.parent
    results = args.results or system.results
    if not results.is_dir():
        raise InputError(
            f"{results} is not there", hint=f"run `measurand evaluate {system.name}` first"
        )
    for given in (data / "dataset", results):
        folders.refuse_others(given, system.name, project.systems(system.root))
    out = args.out or system.reports
    out.mkdir(parents=True, exist_ok=True)
    gates = None if args.gates == "none" else Path(args.gates or system.gates)
    write_report(system, params, data, results, out, gates)


def _all(root: Path, args: argparse.Namespace) -> int:
    """``report --index`` and ``report --docs``, which take no system and no other option."""
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
        print("\n".join(f"changed: {_relative(p, root)}" for p in changed) or "docs: as they were")
        return 0
    print(f"index: {_relative(write_index(root), root)} (also .md)")
    return 0


def _own_folder(out: Path) -> Path:
    """Refuse to write into a folder that holds something other than an earlier output."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file", hint="give a folder")
    ours = (
        *("*.parquet", "*.tmp", "manifest.json", "provenance.json", ".gitignore"),
        # A saved model or adapter.
        *("*.safetensors", "config.json", "*_config.json", "tokenizer*.json", "*.jinja"),
    )
    files = (p for p in out.rglob("*") if p.is_file()) if out.is_dir() else ()
    if strange := next((p for p in files if not any(p.match(name) for name in ours)), None):
        raise InputError(
            f"{out} holds {strange.relative_to(out)}, which no stage writes",
            hint="give an empty or new folder",
        )
    return out


def _shown(path: Path, system: project.System) -> str:
    return _relative(path, system.root)


def _relative(path: Path, root: Path) -> str:
    absolute = path.resolve()
    return str(absolute.relative_to(root) if absolute.is_relative_to(root) else path)


def _write_json(path: Path, value: Any) -> None:
    from measurand.manifest import write_text

    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


_STAGES: dict[str, tuple[Callable[[project.System, Any, argparse.Namespace], None], str]] = {
    "build": (_build, "Build a system's dataset: byte-stable shards and a manifest."),
    "train": (_train, "Train a system's models; a system without training says so."),
    "evaluate": (_evaluate, "Run models over the dataset. Goes on where it was interrupted."),
    "report": (_report, "Statistics, gates and report. Reads files only; calls no model."),
}
