"""``measurand report --index``: one page over all systems, from their reports as they lie.

One line a system: its verdict and why, its main finding, the figure behind that, and how the figure
went over the revisions. Headline scores are folded below.

Reads ``report.json``, ``statistics.parquet``, ``metrics.json`` and ``verdict.json`` of each system,
and the git history of ``metrics.json``. Writes ``reports/index.html`` and ``reports/index.md``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import project
from measurand.errors import InputError
from measurand.reporting.document import Cell, Document, Opening, Section, Table, Text, from_json

if TYPE_CHECKING:
    from measurand.history import History

MOST = 3
"""Figures of each headline metric."""
_WORST_FIRST = ("error", "fail", "inconclusive", "pass")
_FILES = ("report.json", "statistics.parquet", "metrics.json")


@dataclass(frozen=True)
class Found:
    """What lies in the report folder of one system.

    Attributes:
        name: the system.
        title: title of its report.
        subtitle: subtitle of its report.
        verdict: its verdict object, None where no gate was run.
        opening: what its first screen says, None where it has none.
        rows: its statistics.
        headlines: its headline metrics.
        history: what ``metrics.json`` said over the revisions.
        digests: sha256 of the files read.
    """

    name: str
    title: str
    subtitle: str
    verdict: Mapping[str, Any] | None
    opening: Opening | None
    rows: list[dict[str, Any]]
    headlines: tuple[str, ...]
    history: History
    digests: dict[str, str]


def write_index(root: Path) -> Path:
    """Write both forms of the page; returns the path of the HTML one.

    The page is a function of the reports and their history: rebuilt, it has equal bytes.

    Raises:
        InputError: a report is damaged, or there is none at all.
    """
    from measurand.manifest import write_text
    from measurand.reporting import render

    names = project.systems(root)
    found = [_found(project.system(root, name)) for name in names]
    if not any(found):
        raise InputError(
            f"{root / 'reports'} holds no report", hint="run `measurand report` or `dvc repro`"
        )
    content = document(dict(zip(names, found, strict=True)))
    out = root / "reports" / "index.html"
    write_text(out.with_suffix(".md"), render.to_markdown(content))
    write_text(out, render.to_html(content))
    return out


def document(systems: Mapping[str, Found | None]) -> Document:
    """The page: one line a system, then each system's headline scores, folded.

    Args:
        systems: what lies in each listed system's folder, None where it has no report.
    """
    there = [found for found in systems.values() if found is not None]
    sections = [
        Section("Systems", (_lines(systems),)),
        *(_section(found) for found in there),
        Section("How to read this page", (Text(_READ),)),
    ]
    return Document(
        title="All systems",
        subtitle=", ".join(systems),
        verdict=_overall(systems),
        sections=tuple(sections),
        provenance={found.name: found.digests for found in there},
    )


_READ = (
    "The main finding is the first one of a system's own report, its figure the statistic behind "
    "it. Below, a row is one figure of one model; its second line names the model and the slice. "
    f"At most {MOST} figures of a metric are shown: those that a gate reads first, then the "
    "coarsest. Estimates have 95% intervals. Reliability is that of the score behind the figure. "
    "Smallest detectable: the difference that such a sample shows in four of five tries "
    "(two-sided 5%); a smaller one may be there unseen.\n\n"
    "The small line is the figure over the git revisions that changed it, the band its interval, "
    "the dot the report as it lies. A step may come from the model, the data, the parameters or "
    "the method: `measurand compare` tells what changed and whether the sample could see it."
)


def _found(system: project.System) -> Found | None:
    """What lies in a system's folder; None where it has no report."""
    if not (system.reports / "report.json").is_file():
        return None
    import pyarrow.parquet as pq

    from measurand.history import history

    verdict = system.reports / "verdict" / "verdict.json"
    paths = [system.reports / name for name in _FILES]
    paths += [verdict] if verdict.is_file() else []
    hint = f"run `measurand report {system.name}` again"
    try:
        digests = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}
        about = from_json(paths[0].read_text(encoding="utf-8"))
        return Found(
            name=system.name,
            title=about.title,
            subtitle=about.subtitle,
            opening=about.opening,
            verdict=json.loads(verdict.read_text(encoding="utf-8")) if len(paths) > 3 else None,
            rows=pq.read_table(paths[1]).to_pylist(),
            headlines=system.module("report").HEADLINES,
            history=history(system.root, paths[2]),
            digests=digests,
        )
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        raise InputError(f"{system.reports}: {error!r}", hint=hint, code="bad_report") from error


def _overall(systems: Mapping[str, Found | None]) -> dict[str, Any]:
    """The worst of all verdicts; a system without one leaves the whole undecided."""
    from measurand.reporting.cells import STATES
    from measurand.reporting.verdict import state_of

    states = {n: "none" if f is None else state_of(f.verdict) for n, f in systems.items()}
    kept = [s for s in states.values() if s != "none"] or ["inconclusive"]
    lacking = [name for name, state in states.items() if state == "none"]
    worst = min(kept, key=_WORST_FIRST.index)
    if lacking and worst == "pass":
        worst = "inconclusive"
    named = {state: [n for n, s in states.items() if s == state] for state in _WORST_FIRST}
    words = [
        f"{len(names)} {STATES[state]} ({', '.join(names)})"
        for state, names in named.items()
        if names
    ]
    words += [f"without a verdict: {', '.join(lacking)}"] if lacking else []
    return {"state": worst, "sentence": f"Of {len(states)} systems {', '.join(words)}."}


def _lines(systems: Mapping[str, Found | None]) -> Table:
    from measurand.reporting.verdict import sentence_of, state_of

    rows: list[tuple[Cell, ...]] = []
    for name, found in systems.items():
        if found is None:
            none = _none(f"no report: run `measurand report {name}`")
            rows.append((name, none, "", none, none))
            continue
        judged = state_of(found.verdict) != "none"
        finding = found.opening.findings[0] if found.opening else ""
        why = sentence_of(found.verdict)
        rows.append(
            (
                {"text": name, "detail": found.title, "link": f"{name}/report"},
                {"state": state_of(found.verdict), "detail": _kinds(found)}
                if judged
                else _none("no gate was run"),
                {"text": finding or why, "detail": why if finding else ""},
                *_main(found),
            )
        )
    columns = ("system", "verdict", "main finding, and why the verdict", "main figure",
               "over revisions")  # fmt: skip
    return Table("Each name leads to the system's own report", columns, tuple(rows))


def _kinds(found: Found) -> str:
    """How the gates on the instrument and those on the subject came out; empty if not apart."""
    from measurand.reporting.cells import STATES
    from measurand.reporting.verdict import states_of

    states = states_of(found.verdict)
    return ", ".join(f"{kind}: {STATES.get(state, 'not asked')}" for kind, state in states.items())


def _none(reason: str) -> Cell:
    return {"value": None, "reason": reason}


def _main(found: Found) -> tuple[Cell, Cell]:
    """The figure behind the main finding, and its way over the revisions."""
    from measurand.reporting import scores

    none = _none("its report names no main figure")
    named = found.opening.figure if found.opening else None
    if named is None:
        return none, none
    key = tuple(named[part] for part in ("model", "metric", "slice"))
    rows = [r for r in found.rows if (r["model"], r["metric"], r["slice"]) == key]
    if not rows:
        return _none(f"{' '.join(key)} is no statistic of it"), none
    return scores.figure(rows[0], named["label"]), _trend(rows[0], found.history)


def _section(found: Found) -> Section:
    from measurand.reporting import scores

    shown = scores.chosen(found.rows, found.headlines, found.verdict, MOST)
    gates = scores.gate_states(found.verdict)
    rows = tuple(
        (
            {"text": row["metric"], "detail": _of(row)},
            *scores.cells(row, gates),
            _trend(row, found.history),
        )
        for row in shown
    )
    left = sum(row["metric"] in found.headlines for row in found.rows) - len(shown)
    notes = (f"{left:,} more figures of these metrics stand in the report.",) if left else ()
    table = Table(
        f"Headline scores of {found.name}",
        ("score", *scores.COLUMNS, "over revisions"),
        rows,
        notes,
    )
    blocks = (table,) if rows else (Text("Its headline metrics have no figure."),)
    return Section(found.title, blocks, found.subtitle, folded=bool(rows))


def _of(row: Mapping[str, Any]) -> str:
    return "; ".join(str(part) for part in (row["model"], row["slice"]) if part)


def _trend(row: Mapping[str, Any], history: History) -> Cell:
    from measurand.reporting.sparkline import in_words

    if history.reason is not None:
        return {"value": None, "reason": history.reason}
    name = row["metric"] + (f"[{row['slice']}]" if row["slice"] else "")
    points = history.series(str(row["model"]), name)
    if sum(point is not None for point in points) < 2:
        return {"value": None, "reason": "in fewer than two revisions"}
    return {"trend": [None if p is None else list(p) for p in points], "text": in_words(points)}
