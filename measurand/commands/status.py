"""``measurand status``: what is out of date and why, in one screen, without DVC."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from measurand import project, times
from measurand.arguments import Parser

if TYPE_CHECKING:
    from measurand.stale import Finding

WORDS = {"ok": "ok", "stale": "stale", "waits": "waits", "never run": "never run"}
LINES = 24
"""Reasons that fit beside the table on one screen."""


def main(argv: Sequence[str]) -> int:
    """Print the state of every stage; with ``--exit-code`` 1 where one is not up to date."""
    parser = Parser(
        "measurand status",
        description="What is out of date and why. Reads dvc.yaml and dvc.lock itself; "
        "`dvc repro` brings it up to date.",
    )
    parser.add_argument("system", nargs="*", help="only these systems")
    parser.add_argument("--all", action="store_true", help="every reason, however many")
    parser.add_argument("--json", action="store_true", help="the findings as JSON")
    parser.add_argument("--exit-code", action="store_true", help="1 where something is not ok")
    args = parser.parse_args(argv)
    root = project.find_root()
    from measurand.stale import findings

    wanted = [project.system(root, name).name for name in args.system]
    found = [f for f in findings(root) if not wanted or f.stage.partition("@")[2] in wanted]
    if args.json:
        print(json.dumps([asdict(f) for f in found], indent=1))
    else:
        print(screen(found, None if args.all else LINES, times.last(root)))
    return int(args.exit_code and any(f.state != "ok" for f in found))


def screen(
    found: Sequence[Finding], most: int | None, seconds: Mapping[str, float] | None = None
) -> str:
    """A table of systems and stages, then the reasons, those of first stages first.

    Args:
        found: the findings in the order in which stages run.
        most: most reasons to print; None for all.
        seconds: what stages took when they last ran here.
    """
    rows: dict[str, dict[str, str]] = {}
    for finding in found:
        stage, _, system = finding.stage.partition("@")
        rows.setdefault(system or "(project)", {})[stage] = WORDS[finding.state]
    stages = list(dict.fromkeys(f.stage.partition("@")[0] for f in found))
    lines = _grid([["", *stages], *([s, *(r.get(k, "") for k in stages)] for s, r in rows.items())])
    reasons = [f"  {f.stage}: {reason}" for f in found for reason in f.reasons]
    if reasons:
        shown = reasons if most is None else reasons[:most]
        lines += ["", "why", *shown]
        if len(shown) < len(reasons):
            lines.append(f"  and {len(reasons) - len(shown)} more (--all shows them)")
    waiting = [f for f in found if f.state == "waits"]
    if waiting:
        lines += ["", "waits: nothing of its own changed, but a stage before it is out of date"]
    todo = [f.stage for f in found if f.state != "ok" and not f.waits_for]
    lines += ["", f"next: dvc repro {' '.join(todo)}" if todo else "everything is up to date"]
    late = [f.stage for f in found if f.state != "ok"]
    known = [seconds[stage] for stage in late if stage in seconds] if seconds else []
    if known:
        rest = f", {len(late) - len(known)} never timed" if len(known) < len(late) else ""
        took = times.in_words(sum(known))
        lines.append(f"the {len(late)} stages out of date took {took} when they last ran{rest}")
    return "\n".join(lines)


def _grid(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
