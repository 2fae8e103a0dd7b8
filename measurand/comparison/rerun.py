"""``measurand compare A B --as rerun``: two runs of the same parameters, figure by figure.

Another machine, another number of threads, another training: what comes out is compared with what
an interval said would come out. Verdicts and first sentences that changed come first, since they
are what a reader takes away.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from measurand import project
from measurand.comparison.sides import STATISTICS_FILE
from measurand.errors import InputError
from measurand.report.document import Block, Cell, Document, Section, Table, Text
from measurand.results import STATISTICS, current

ROUNDING = 1e-3
"""Relative difference below which two figures differ in their rounding."""
CLASSES = ("equal", "rounding", "inside", "outside", "no interval", "one undefined")
KINDS = {None: "computed", "training": "trained, these weights", "method": "trained, the method"}
FREE = ("seed", "processes", "device", "compile")
"""Parameters in which reruns may differ."""
_NUMBER = re.compile(r"[-+]?\d[\d.,]*%?")
_REPORT = "report.json"

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One report.

    Attributes:
        statistics: rows by (model, metric, slice).
        report: its ``report.json``.
    """

    statistics: Mapping[tuple[str, str, str], Record]
    report: Record


def runs(word: str, systems: Sequence[str]) -> dict[str, Run]:
    """Reports by system: of a folder, of a folder of such folders, or of a git revision.

    Raises:
        InputError: code ``no_side``: there is no report.
    """
    path = Path(word)
    found: dict[str, Run] = {}
    for name, read in _files(path, systems) if path.exists() else _blobs(word, systems):
        statistics, report = read(STATISTICS_FILE), read(_REPORT)
        if statistics is not None and report is not None:
            table = pq.ParquetFile(pa.BufferReader(statistics)).read()
            rows = STATISTICS.conform(current(table)).to_pylist()
            keyed = {(row["model"], row["metric"], row["slice"]): row for row in rows}
            found[name] = Run(keyed, json.loads(report))
    if not found:
        raise InputError(
            f"{word!r} holds no report",
            hint="give a report's folder, or a revision",
            code="no_side",
        )
    return found


def _files(path: Path, systems: Sequence[str]) -> Iterator[tuple[str, Any]]:
    folders = [path] if (path / STATISTICS_FILE).is_file() else sorted(path.glob("reports/*"))
    for folder in folders or sorted(path.iterdir()):
        if folder.is_dir() and (not systems or len(folders) == 1 or folder.name in systems):
            name = "" if folder == path else folder.name

            def read(file: str, folder: Path = folder) -> bytes | None:
                return (folder / file).read_bytes() if (folder / file).is_file() else None

            yield name, read


def _blobs(word: str, systems: Sequence[str]) -> Iterator[tuple[str, Any]]:
    root = project.find_root()
    for name in systems or project.systems(root):

        def read(file: str, name: str = name) -> bytes | None:
            shown = f"{word}:reports/{name}/{file}"
            done = subprocess.run(
                ["git", "show", "--end-of-options", shown], cwd=root, capture_output=True
            )
            return done.stdout if done.returncode == 0 else None

        yield name, read


def compare(a: Mapping[str, Run], b: Mapping[str, Run]) -> Record:
    """What a rerun changed, by system: plain values.

    Raises:
        InputError: nothing in common, or code ``other_parameters``.
    """
    common = [name for name in a if name in b]
    if not common:
        raise InputError("no system has a report on both sides", code="no_side")
    systems = {name: _system(name, a[name], b[name]) for name in common}
    changed = any(s["verdicts"] or s["claims"] for s in systems.values())
    return {"version": 1, "systems": systems, "changed": changed}


def _system(name: str, a: Run, b: Run) -> dict[str, Any]:
    here, there = (run.report["provenance"].get("parameters") or {} for run in (a, b))
    if other := sorted(_differences(here, there)):
        raise InputError(
            f"{name or 'the report'}: {other[0]} differs, so this is no rerun",
            hint="leave --as rerun out to compare what changed",
            code="other_parameters",
        )
    figures = []
    for key in sorted({*a.statistics, *b.statistics}):
        one, two = a.statistics.get(key), b.statistics.get(key)
        kind = KINDS[(one or two or {}).get("scope")]
        figures.append({
            "model": key[0], "metric": key[1], "slice": key[2], "kind": kind,
            "a": one and one["estimate"], "b": two and two["estimate"],
            "lower": one and one["ci_lo"], "upper": one and one["ci_hi"],
            "class": class_of(one, two),
        })  # fmt: skip
    return {
        "verdicts": list(_verdicts(a.report["verdict"], b.report["verdict"])),
        "claims": list(_claims(a.report, b.report)),
        "figures": figures,
    }


def class_of(a: Record | None, b: Record | None) -> str:
    """One of :data:`CLASSES`: how far a figure moved, by the interval that A gave it."""
    one, two = (None if row is None else row["estimate"] for row in (a, b))
    if one == two:
        return "equal"
    if a is None or one is None or two is None:
        return "one undefined"
    if abs(one - two) <= ROUNDING * max(abs(one), abs(two)):
        return "rounding"
    if a["ci_lo"] is None or a["ci_hi"] is None or a["ci_lo"] == a["ci_hi"]:
        return "no interval"
    return "inside" if a["ci_lo"] <= two <= a["ci_hi"] else "outside"


def claim(sentence: str) -> str:
    """A sentence without its numbers: what it says, whatever it counts."""
    return _NUMBER.sub("#", sentence)


def _claims(a: Record, b: Record) -> Iterator[dict[str, str | None]]:
    first, second = ((run.get("opening") or {}).get("findings") or [] for run in (a, b))
    left = {claim(line): line for line in first}
    right = {claim(line): line for line in second}
    gone = [line for key, line in left.items() if key not in right]
    new = [line for key, line in right.items() if key not in left]
    for at in range(max(len(gone), len(new))):
        yield {"a": gone[at] if at < len(gone) else None, "b": new[at] if at < len(new) else None}


def _verdicts(a: Record | None, b: Record | None) -> Iterator[dict[str, str | None]]:
    """The whole verdict and every gate whose state differs."""
    states = [
        {}
        if v is None
        else {"all gates": v["state"], **{g["name"]: g["state"] for g in v["gates"]}}
        for v in (a, b)
    ]
    for name in dict.fromkeys([*states[0], *states[1]]):
        one, two = (state.get(name) for state in states)
        if one != two:
            yield {"gate": name, "a": one, "b": two}


def _differences(a: Any, b: Any, path: str = "") -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            if key not in FREE:
                yield from _differences(a.get(key), b.get(key), f"{path}.{key}".lstrip("."))
    elif a != b:
        yield path or "parameters"


def document(record: Record, a: str, b: str) -> Document:
    """Verdicts and sentences that changed, then how many figures moved how far, then which."""
    sections = []
    for name, system in record["systems"].items():
        blocks: list[Block] = [Text(_changes(system)), _counts(system["figures"])]
        moved = [f for f in system["figures"] if f["class"] in CLASSES[3:]]
        if moved:
            blocks.append(_moved(moved))
        sections.append(Section(name or "This report", tuple(blocks)))
    head = (
        "a verdict or a claim changed" if record["changed"] else "no verdict and no claim changed"
    )
    return Document("Rerun", f"A: {a}; B: {b}; {head}", None, tuple(sections))


def _changes(system: Record) -> str:
    lines = [
        f"- {change['gate']}: {change['a'] or 'absent'} became {change['b'] or 'absent'}."
        for change in system["verdicts"]
    ]
    for change in system["claims"]:
        lines.append(f"- A says: {change['a'] or 'nothing'}\n- B says: {change['b'] or 'nothing'}")
    return "\n".join(lines) or "Verdict, gates and first sentences say the same."


def _counts(figures: Sequence[Record]) -> Table:
    """Kinds of figures by how far they moved; what is computed should be equal but for rounding."""
    rows: list[list[Cell]] = []
    for kind in KINDS.values():
        seen = Counter(f["class"] for f in figures if f["kind"] == kind)
        if seen:
            rows.append([kind, *(seen[name] for name in CLASSES)])
    notes = [
        f"Rounding: within {ROUNDING:g} of the larger. Inside and outside: of A's interval. Of "
        "figures that are sampled anew one in twenty lies outside or less; of trained ones more, "
        "where the interval is about these weights."
    ]
    return Table("How far figures moved", ["kind", *CLASSES], rows, notes)


def _moved(figures: Sequence[Record]) -> Table:
    rows: list[list[Cell]] = [
        [
            {"text": f["metric"], "detail": f"{f['model']} {f['slice']}".strip()},
            f["kind"],
            {"estimate": f["a"], "lower": f["lower"], "upper": f["upper"], "reason": None}
            if f["lower"] is not None
            else {"value": f["a"], "reason": "undefined" if f["a"] is None else None},
            {"value": f["b"], "reason": "undefined" if f["b"] is None else None},
            f["class"],
        ]
        for f in figures
    ]
    return Table("Figures beyond what was said", ["figure", "kind", "A", "B", "moved"], rows)
