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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from measurand import machines, project
from measurand.comparison.sides import STATISTICS_FILE
from measurand.errors import InputError, MeasurandError
from measurand.reporting.document import Block, Cell, Document, Section, Table, Text
from measurand.results import STATISTICS, current

ROUNDING = 1e-3
"""Relative difference below which two figures differ in their rounding, within their interval."""
LAST_BITS = 1e-9
"""The same, whatever the interval."""
CLASSES = ("equal", "rounding", "inside", "outside", "no interval", "one undefined")
AGAIN = 0.166
"""Share outside A's interval where B is drawn anew: P(|z| > 1.96 / sqrt 2), as two independent
figures of one spread differ by sqrt 2 times it."""
FREE = ("seed", "processes", "device", "compile")
"""Parameters in which reruns may differ."""
_NUMBER = re.compile(r"(?<![\w.])[-+\u2212]?\d+([.,]\d+)*%?(?!\w|[.,]\d)")
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

    Args:
        word: the folder or revision.
        systems: only these, if any are named.

    Raises:
        InputError: code ``no_side``: there is no report, or two of one system.
    """
    path = Path(word)
    found: dict[str, Run] = {}
    for read in _files(path) if path.exists() else _blobs(word):
        statistics, report = read(STATISTICS_FILE), read(_REPORT)
        if statistics is None or report is None:
            continue
        table = pq.ParquetFile(pa.BufferReader(statistics)).read()
        rows = STATISTICS.conform(current(table)).to_pylist()
        name = rows[0]["system"] if rows else ""
        if name in found:
            raise InputError(
                f"{word!r} holds two reports of {name}", hint="name one folder", code="no_side"
            )
        if not systems or name in systems:
            keyed = {(row["model"], row["metric"], row["slice"]): row for row in rows}
            found[name] = Run(keyed, json.loads(report))
    if not found:
        wanted = f" of {', '.join(systems)}" if systems else ""
        raise InputError(
            f"{word!r} holds no report{wanted}",
            hint="give a report's folder, a folder of such folders, or a revision",
            code="no_side",
        )
    return found


Read = Callable[[str], bytes | None]


def _files(path: Path) -> Iterator[Read]:
    """Readers of the folder itself, else of those below it that hold statistics."""
    inside = (path / STATISTICS_FILE).is_file()
    below = path / "reports" if (path / "reports").is_dir() else path
    files = [path / STATISTICS_FILE] if inside else sorted(below.rglob(STATISTICS_FILE))
    for folder in (file.parent for file in files):

        def read(file: str, folder: Path = folder) -> bytes | None:
            return (folder / file).read_bytes() if (folder / file).is_file() else None

        yield read


def _blobs(word: str) -> Iterator[Read]:
    root = project.find_root()
    for name in project.systems(root):

        def read(file: str, name: str = name) -> bytes | None:
            shown = f"{word}:reports/{name}/{file}"
            done = subprocess.run(
                ["git", "show", "--end-of-options", shown], cwd=root, capture_output=True
            )
            return done.stdout if done.returncode == 0 else None

        yield read


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
    written = [run.report["provenance"].get("parameters") or {} for run in (a, b)]
    here, there = (_whole(name, some) for some in written)
    if other := sorted(_differences(here, there)):
        raise InputError(
            f"{name or 'the report'}: {other[0]} differs, so this is no rerun",
            hint="leave --as rerun out to compare what changed",
            code="other_parameters",
        )
    figures, moves = [], _declared(name)
    for key in sorted({*a.statistics, *b.statistics}):
        one, two = a.statistics.get(key), b.statistics.get(key)
        start, end = (None if row is None else row["estimate"] for row in (one, two))
        kind = moves(one or two or {})
        figures.append({
            "model": key[0], "metric": key[1], "slice": key[2],
            "kind": "not declared" if kind is None else machines.words(kind),
            "as_declared": kind is None or machines.holds(start, end, kind),
            "a": start, "b": end,
            "lower": one and one["ci_lo"], "upper": one and one["ci_hi"],
            "class": class_of(one, two),
        })  # fmt: skip
    return {
        "since": [
            {"side": side, "parameter": path, "taken_as": value}
            for side, some, whole in zip("ab", written, (here, there), strict=True)
            for path, value in _since(some, whole)
        ],
        "verdicts": list(_verdicts(a.report["verdict"], b.report["verdict"])),
        "claims": list(_claims(a.report, b.report)),
        "figures": figures,
    }


def _whole(name: str, written: Record) -> Record:
    """Parameters with the values of those that there were none of yet when the run was made.

    Away from their project, or where today's model does not read them, they are as written.
    """
    try:
        model = project.system(project.find_root(), name).module("params").Params
        found: Record = model.model_validate(written).model_dump(mode="json")
    except (MeasurandError, ValidationError):
        return written
    return found


def _since(written: Any, whole: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values that are in the whole and were not written."""
    if isinstance(whole, Mapping) and isinstance(written, Mapping):
        for key, value in whole.items():
            inner = f"{path}.{key}".lstrip(".")
            if key in written:
                yield from _since(written[key], value, inner)
            else:
                yield inner, value
    elif isinstance(whole, list) and isinstance(written, list) and len(whole) == len(written):
        for place, (one, other) in enumerate(zip(written, whole, strict=True)):
            yield from _since(one, other, f"{path}[{place}]")


def _declared(name: str) -> Callable[[Record], machines.Moves | None]:
    """What the system says of its figures; away from its project only what was trained is known."""
    try:
        return machines.moves_of(project.system(project.find_root(), name))
    except InputError:
        return lambda row: None if row["scope"] is None else "trained"


def class_of(a: Record | None, b: Record | None) -> str:
    """One of :data:`CLASSES`: how far a figure moved, by the interval that A gave it.

    An interval that is narrower than rounding decides all the same.
    """
    one, two = (None if row is None else row["estimate"] for row in (a, b))
    if one == two:
        return "equal"
    if a is None or one is None or two is None:
        return "one undefined"
    apart = abs(one - two) / max(abs(one), abs(two))
    bare = a["ci_lo"] is None or a["ci_hi"] is None or a["ci_lo"] == a["ci_hi"]
    # A corrected interval need not hold its own figure.
    outside = not (bare or min(a["ci_lo"], one) <= two <= max(a["ci_hi"], one))
    if apart <= LAST_BITS or (apart <= ROUNDING and not outside):
        return "rounding"
    return "no interval" if bare else "outside" if outside else "inside"


def claim(sentence: str) -> str:
    """A sentence without its numbers: what it says, whatever it counts.

    Digits of names stay: ``fixed16`` is another one than ``fixed64``.
    """
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
        moved = [f for f in system["figures"] if f["class"] in CLASSES[3:] or not f["as_declared"]]
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
    lines = lines or ["Verdict, gates and first sentences say the same."]
    for one in system["since"]:
        told = f"- {one['side'].upper()} knew no {one['parameter']}: taken as {one['taken_as']!r}."
        lines.append(told)
    return "\n".join(lines)


def _counts(figures: Sequence[Record]) -> Table:
    """Kinds of figures, as declared, by how far they moved."""
    rows: list[list[Cell]] = []
    for kind in dict.fromkeys(f["kind"] for f in figures):
        mine = [f for f in figures if f["kind"] == kind]
        seen = Counter(f["class"] for f in mine)
        beyond = sum(not f["as_declared"] for f in mine)
        rows.append([kind, *(seen[name] for name in CLASSES), beyond])
    notes = [
        f"Rounding: within {ROUNDING:g} of the larger. Inside and outside: of A's interval. Of "
        f"figures whose whole sample is drawn anew about one in six ({AGAIN:g}) lies outside an "
        "interval of 95%, since B varies as much as A; where both runs share their items it is "
        "less, and of figures of these weights it may be more.",
        "Declared: what the system says another machine makes of the figure; the last column "
        "counts those that moved further.",
    ]
    columns = ["declared", *CLASSES, "beyond what is declared"]
    return Table("How far figures moved", columns, rows, notes)


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
    title = "Figures that left A's interval, that have none, or moved beyond what is declared"
    return Table(title, ["figure", "kind", "A", "B", "moved"], rows)
