"""Sequences that gates have bet on: which evidence continues one, and which begins anew.

A sequence that grows is one bet, however often it is looked at. Other scores for clusters that
were seen before are another candidate: try j of a gate is decided at alpha / j, as looks are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurand.gates.deciding.looks import load, store
from measurand.gates.figures.anytime import Line

FILE = "tries.json"
SCHEMA = "measurand.tries"
#: Tries of one gate, each ``{"clusters": [...], "sha256": ...}``, by gate.
Tries = dict[str, list[dict[str, Any]]]


def key(gate_file: str, gate: str) -> str:
    """Key of a gate's tries: the gate file's meaning, and the gate with model and slice."""
    return f"{gate_file} {gate}"


def read(folder: Path) -> Tries:
    """Tries so far; empty where there is no record.

    Raises:
        InputError: ``looks_unreadable``.
    """
    return load(folder / FILE, SCHEMA, "tries", _sound)


def _sound(entry: Any) -> bool:
    return isinstance(entry, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("sha256"), str)
        and isinstance(one.get("clusters"), list)
        and all(isinstance(name, str) for name in one["clusters"])
        for one in entry
    )


def place(line: Line, earlier: Sequence[dict[str, Any]]) -> tuple[int, Line]:
    """Which try this is, from 1, and the line in the order of its bets.

    The evidence continues a try if all its clusters are there with the same means.
    """
    known = set(line.names)
    for number, one in enumerate(earlier, 1):
        clusters = one["clusters"]
        if len(set(clusters)) == len(clusters) and known.issuperset(clusters):
            ordered = line.ordered(clusters)
            if ordered.digest(len(clusters)) == one["sha256"]:
                return number, ordered
    return len(earlier) + 1, line


def noted(earlier: Sequence[dict[str, Any]], number: int, line: Line) -> list[dict[str, Any]]:
    """The tries with this one added, or grown to what was seen now."""
    found = list(earlier)
    entry = {"clusters": list(line.names), "sha256": line.digest(len(line.names))}
    found[number - 1 : number] = [entry]
    return found


def write(folder: Path, seen: Tries) -> None:
    """Keep the tries.

    Raises:
        InputError: ``looks_unwritable``.
    """
    store(folder / FILE, SCHEMA, "tries", seen)
