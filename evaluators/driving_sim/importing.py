"""What files of recordings would become, told before anything is built."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from measurand.publishing.licences import recognise
from pipelines.driving_sim import sources
from pipelines.driving_sim.recording import RecordError
from schemas.driving_sim.params import Recorded


@dataclass
class Account:
    """Everything given, read or left out.

    Attributes:
        scenarios: read.
        refused: (key, reason, detail) of each that was not.
        objects: kept.
        dropped: objects left out, too many.
        assumed: scenarios by what was assumed of them.
        lights: scenarios with a light on some path.
        edges: scenarios with road edges.
        files: (name, licence, sha256).
    """

    scenarios: int = 0
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    objects: int = 0
    dropped: int = 0
    assumed: Counter[str] = field(default_factory=Counter)
    lights: int = 0
    edges: int = 0
    files: list[tuple[str, str, str]] = field(default_factory=list)


def account(given: Recorded) -> Account:
    """Read everything, write nothing.

    Raises:
        InputError: no file of a name, or one that is of another format.
    """
    planned = sources.plan([given])
    found = Account(files=[(s.name, s.licence, s.sha256 or "") for s in planned.sources])
    for entry in planned.entries:
        try:
            scenario = sources.scenario_of(entry)
        except RecordError as error:
            found.refused.append((entry.key, error.code, Exception.__str__(error)))
            continue
        found.scenarios += 1
        found.objects += len(scenario.kind)
        found.dropped += scenario.dropped
        found.assumed.update(scenario.assumed)
        found.lights += bool((scenario.light > 0).any())
        found.edges += bool(scenario.edges)
    return found


SHOWN = 10
"""Refused recordings of one reason, and files, that are told one by one."""


def told(found: Account) -> list[str]:
    """The account in lines."""
    given = found.scenarios + len(found.refused)
    lines = [
        f"{given} recordings in {len(found.files)} files: {found.scenarios} become scenarios, "
        f"{len(found.refused)} are left out",
        f"{found.objects} objects kept, {found.dropped} left out, too many; {found.edges} "
        f"scenarios with road edges, {found.lights} with lights",
    ]
    for reason, count in sorted(Counter(r for _, r, _ in found.refused).items()):
        lines.append(f"left out, {reason}: {count}")
        some = [(key, detail) for key, r, detail in found.refused if r == reason]
        lines += [f"  {key}: {detail}" for key, detail in some[:SHOWN]]
        if len(some) > SHOWN:
            lines.append(f"  and {len(some) - SHOWN} more")
    for words, count in sorted(found.assumed.items()):
        lines.append(f"assumed in {count}: {words}")
    for name, licence, digest in found.files[:SHOWN]:
        lines.append(f"{name}, licence {licence}, sha256 {digest}")
    if len(found.files) > SHOWN:
        lines.append(f"and {len(found.files) - SHOWN} more files")
    for licence in sorted({one for _, one, _ in found.files}):
        if recognise(licence) is None:
            lines.append(f"licence {licence!r}: a dataset made from it cannot be published")
    return lines


def snippet(given: Recorded) -> list[str]:
    """Lines for ``params/driving_sim.yaml`` that build these files."""
    names = ", ".join(f'"{Path(name)}"' for name in given.files)
    licence = "" if given.licence is None else f', licence: "{given.licence}"'
    return [
        "build:",
        "  scenarios: 0",
        "  recorded:",
        f"    - {{format: {given.format}, files: [{names}], most: {given.most}{licence}}}",
    ]
