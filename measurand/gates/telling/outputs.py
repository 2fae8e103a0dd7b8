"""The verdict as JSON, JUnit XML, Markdown, plain text and lines for GitHub Actions."""

from __future__ import annotations

import os
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from measurand.errors import InputError
from measurand.gates.deciding.decisions import State
from measurand.gates.telling.sentences import figures
from measurand.gates.verdict import EXIT_CODES, WORST_FIRST, GateResult, Part, Verdict
from measurand.manifest import write_text

#: A comment on a pull request holds at most 65,536 characters.
SUMMARY_CHARACTERS = 65_000
#: A step summary holds at most 1 MiB, whatever was written there before.
STEP_SUMMARY_BYTES = 1 << 20
#: GitHub shows at most ten annotations of a kind a step.
ANNOTATIONS = 10
#: Lets a bot find its earlier comment and replace it.
MARKER = "<!-- measurand-gate -->"

_WORDS: dict[State, str] = {
    "pass": "PASS ✓",
    "fail": "FAIL ✗",
    "inconclusive": "UNDECIDED ?",
    "error": "ERROR !",
}


#: What stands in place of a limit where a test has none.
_AGAINST: dict[str | None, str] = {
    "superiority": "better",
    "regression": "no loss shown (weak)",
    "exact_equal": "equal",
}


def write_outputs(verdict: Verdict, out: Path, *, stream: TextIO | None = None) -> None:
    """The files of :func:`write_files` and the lines of :func:`annotate`.

    Raises:
        InputError: ``out_unwritable``.
    """
    write_files(verdict, out)
    annotate(verdict, stream or sys.stdout)


def annotate(verdict: Verdict, stream: TextIO) -> None:
    """In GitHub Actions (``GITHUB_ACTIONS``), print annotations; elsewhere nothing."""
    if os.environ.get("GITHUB_ACTIONS"):
        for line in workflow_commands(verdict):
            print(line, file=stream)


def write_files(verdict: Verdict, out: Path) -> None:
    """Write the three files into ``out``, each whole or not at all.

    In GitHub Actions (``GITHUB_STEP_SUMMARY``) the summary is also appended to the step's summary.

    Args:
        verdict: what to write.
        out: folder, made if missing; earlier outputs are replaced.

    Raises:
        InputError: ``out_unwritable``.
    """
    out = Path(out)
    files = {
        "verdict.json": verdict.to_json(),
        "junit.xml": to_junit(verdict),
        "summary.md": to_markdown(verdict),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_text(out / name, text.encode("utf-8", "replace").decode())
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            _append(Path(summary), verdict)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error}", hint="choose another --out", code="out_unwritable"
        ) from error


def to_text(verdict: Verdict) -> str:
    """Plain text: the verdict, then one line per gate, worst first in file order."""
    lines = [verdict.sentence(), *(f"warning: {w}" for w in verdict.warnings)]
    if verdict.family is not None:
        lines.append(verdict.family.sentence())
    if verdict.sequence is not None:
        lines.append(verdict.sequence.sentence())
    if verdict.problem is not None and verdict.problem.hint:
        lines.append(f"what to do: {verdict.problem.hint}")
    for part, gates in _parts(verdict):
        lines += [part] if part else []
        lines += [f"{_WORDS[g.state]}  {_soft(g)}{g.sentence}" for g in gates]
    return "\n".join(map(printable, lines)) + "\n"


def to_junit(verdict: Verdict) -> str:
    """JUnit XML with one test case per gate; instrument and subject are suites of their own.

    A gate that makes the exit code non-zero is a ``failure`` (type ``fail`` or ``inconclusive``) or
    an ``error``; one that only warns is ``skipped``, so XML and exit code cannot disagree.
    """
    name = printable(f"measurand gate {verdict.system or verdict.gate_file}")
    if verdict.apart:
        parts = [(f"{name}: {p.of}", p.state, p.gates) for p in _kinds(verdict)]
    else:
        parts = [(name, verdict.state, verdict.gates)]
    suites = [_suite(n, s, [_case(g, n) for g in gates]) for n, s, gates in parts if gates]
    if verdict.problem is not None or not verdict.gates:
        case = ET.Element("testcase", classname=name, name="gate file", time="0")
        code = verdict.problem.code if verdict.problem else "no_gates"
        child = ET.SubElement(case, "error", type=code, message=printable(verdict.sentence()))
        child.text = printable(verdict.problem.hint if verdict.problem else "")
        suites = [_suite(name, "error", [case])]
    root = ET.Element("testsuites", {"name": "measurand gate", **_totals(suites), "time": "0"})
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, state: State | None, cases: list[ET.Element]) -> ET.Element:
    counts = {
        "tests": len(cases),
        "failures": sum(c.find("failure") is not None for c in cases),
        "errors": sum(c.find("error") is not None for c in cases),
        "skipped": sum(c.find("skipped") is not None for c in cases),
    }
    totals = {k: str(v) for k, v in counts.items()}
    suite = ET.Element("testsuite", {"name": name, **totals, "time": "0"})
    properties = ET.SubElement(suite, "properties")
    for key, value in (("state", state), ("exit_code", EXIT_CODES[state or "error"])):
        ET.SubElement(properties, "property", name=key, value=str(value))
    suite.extend(cases)
    return suite


def _totals(suites: Sequence[ET.Element]) -> dict[str, str]:
    keys = ("tests", "failures", "errors", "skipped")
    return {k: str(sum(int(s.get(k, "0")) for s in suites)) for k in keys}


def to_markdown(verdict: Verdict, limit: int = SUMMARY_CHARACTERS) -> str:
    """Markdown summary of at most ``limit`` characters; passing gates are left out first."""
    head = [MARKER, f"## Gate: {_WORDS[verdict.state]}", "", _md(verdict.sentence())]
    if verdict.problem is not None and verdict.problem.hint:
        head += ["", f"What to do: {_md(verdict.problem.hint)}"]
    head += ["", *(f"- Warning: {_md(w)}" for w in verdict.warnings[:20])]
    if verdict.family is not None:
        head += ["", _md(verdict.family.sentence().capitalize())]
    if verdict.sequence is not None:
        text = verdict.sequence.sentence()
        head += ["", _md(text[:1].upper() + text[1:])]
    table = [
        "",
        "| gate | verdict | estimate | bounds | limit | n | what it means |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    parts = [(["", f"### {_md(part)}"] if part else [], gates) for part, gates in _parts(verdict)]
    rows = {g.name: _row(g) for g in _sorted(verdict)}
    kept: set[str] = set()
    around = [*head, *(line for title, _ in parts for line in [*title, *table])]
    size = sum(len(x) + 1 for x in around) + 200
    for name, row in rows.items():
        size += len(row) + 1
        if size > limit:
            break
        kept.add(name)
    body: list[str] = []
    for title, gates in parts:
        body += [*title, *table, *(rows[g.name] for g in gates if g.name in kept)]
    tail = []
    if len(kept) < len(rows):
        tail = ["", f"{len(rows) - len(kept)} more gates, none worse: see verdict.json."]
    text = "\n".join([*head, *(body if rows else []), *tail]) + "\n"
    return text if len(text) <= limit else text[: limit - 2] + "…\n"


def _kinds(verdict: Verdict) -> tuple[Part, Part]:
    """Instrument first: whether the rest may be read at all."""
    return verdict.instrument, verdict.subject


def _parts(verdict: Verdict) -> list[tuple[str, list[GateResult]]]:
    """What stands under which heading, worst first; one part without a heading if none is told."""
    if not verdict.apart:
        return [("", _sorted(verdict))]
    return [
        (f"{p.of}: {p.sentence()}", [g for g in _sorted(verdict) if g.of == p.of])
        for p in _kinds(verdict)
        if p.gates
    ]


def workflow_commands(verdict: Verdict) -> list[str]:
    """Workflow commands for GitHub Actions, worst first, at most ten errors and ten warnings."""
    errors: list[str] = []
    warnings: list[str] = []
    if verdict.problem is not None:
        errors.append(_command("error", verdict.problem.code, verdict.sentence()))
    for gate in _sorted(verdict):
        kind = f"{gate.of}, " if verdict.apart else ""
        title = f"{kind}{gate.id}: {gate.reason_code}"
        if gate.effect != "pass":
            errors.append(_command("error", title, gate.sentence))
        elif gate.state != "pass":
            warnings.append(_command("warning", title, gate.sentence))
    warnings += [_command("warning", "gate", text) for text in verdict.warnings]
    return errors[:ANNOTATIONS] + warnings[:ANNOTATIONS]


def printable(text: str) -> str:
    """``text`` without characters that XML forbids or that steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def _sorted(verdict: Verdict) -> list[GateResult]:
    """Worst first: by effect on the verdict, then by own state, then in file order."""
    order = {state: i for i, state in enumerate(WORST_FIRST)}
    return sorted(verdict.gates, key=lambda g: (order[g.effect], order[g.state]))


def _soft(gate: GateResult) -> str:
    return "(warning only) " if gate.state != "pass" and gate.effect == "pass" else ""


def _case(gate: GateResult, suite: str) -> ET.Element:
    case = ET.Element("testcase", classname=suite, name=printable(gate.name), time="0")
    message = printable(gate.sentence)
    if gate.effect == "error":
        ET.SubElement(case, "error", type=gate.reason_code, message=message)
    elif gate.effect in ("fail", "inconclusive"):
        ET.SubElement(case, "failure", type=gate.effect, message=message)
    elif gate.state != "pass":
        ET.SubElement(case, "skipped", message=f"warning only: {message}")
    else:
        ET.SubElement(case, "system-out").text = message
    return case


def _row(gate: GateResult) -> str:
    estimate, lower, upper, limit = figures(
        gate.found.estimate,
        gate.found.lower,
        gate.found.upper,
        gate.margin if gate.margin is not None else gate.limit,
    )
    if gate.margin is not None:
        limit = f"margin {limit}"
    elif gate.test in _AGAINST:
        limit = _AGAINST[gate.test]
    elif gate.limit is not None:
        limit = f"{'≥' if gate.direction == 'higher' else '≤'} {limit}"
    else:
        limit = ""
    n = "" if gate.found.n is None else str(gate.found.n)
    n += (
        f" / {gate.found.clusters}"
        if gate.found.clusters is not None and gate.found.clusters != gate.found.n
        else ""
    )
    word = _WORDS[gate.state] + (" (warning only)" if _soft(gate) else "")
    known = gate.found.estimate is not None
    bounds = (
        f"{lower} to {upper}"
        if known and (gate.found.lower, gate.found.upper) != (None, None)
        else ""
    )
    cells = (gate.name, word, estimate if known else "", bounds, limit, n, gate.sentence)
    return "| " + " | ".join(_md(cell) for cell in cells) + " |"


def _md(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no links, no mentions."""
    return "".join(_ENTITIES.get(c, c) for c in printable(text)[:2000])


_ENTITIES = {c: f"&#{ord(c)};" for c in "|<>&`*_[]@#\\~!$"}


def _append(path: Path, verdict: Verdict) -> None:
    used = path.stat().st_size if path.exists() else 0
    left = STEP_SUMMARY_BYTES - used - 1
    text = to_markdown(verdict)
    if len(text.encode()) > left:
        text = f"{_md(verdict.sentence())}\n"
    if len(text.encode()) <= left:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)


def _command(level: str, title: str, message: str) -> str:
    def data(text: str) -> str:
        return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    name = data(title[:200]).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={name}::{data(message[:4000])}"
