"""The verdict as a sentence and a table, from the plain object that the gates write."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurand.gates.telling.causes import Cause, causes
from measurand.reporting.cells import STATES
from measurand.reporting.document import Cell, Table
from measurand.results import slice_parts

_WORST_FIRST = ("error", "fail", "inconclusive", "pass")
_FATES = {"error": "could not be put", "fail": "fail", "inconclusive": "undecided"}
UNSOUND = "Not to be relied on until the instrument passes."
PARTS = {
    "instrument": "Instrument: does the measurement work?",
    "subject": "Subject: is what was measured good enough?",
    "": "",
}
"""What a gate asks about, as a heading; the empty one where the gate file does not tell."""


@dataclass(frozen=True)
class Line:
    """Gates that share a fate, as one line.

    Attributes:
        state: the state that they share.
        head: who they are.
        words: why, or what was found.
        names: the single gates where there are several, else empty.
    """

    state: str
    head: str
    words: str
    names: str = ""


@dataclass(frozen=True)
class Part:
    """The gates of one kind.

    Attributes:
        title: what they ask about, or "".
        open: failing and undecided gates, one line a cause.
        passing: one line a gate.
        note: what a reader must know of all of them, or "".
    """

    title: str
    open: tuple[Line, ...]
    passing: tuple[Line, ...]
    note: str = ""


def state_of(verdict: Mapping[str, Any] | None) -> str:
    """pass, fail, inconclusive, error, or none where no gate was run."""
    state = str((verdict or {}).get("state") or "none")
    return state if state in STATES else ("none" if verdict is None else "error")


def word_of(verdict: Mapping[str, Any] | None) -> str:
    """The state as the reader's word."""
    state = state_of(verdict)
    return STATES.get(state, "no verdict")


def sentence_of(verdict: Mapping[str, Any] | None) -> str:
    """The verdict's own sentence, or a count of its gates."""
    if verdict is None:
        return "No gate was run on these results."
    if verdict.get("sentence"):
        # The word stands beside the sentence already.
        word, _, rest = str(verdict["sentence"]).partition(": ")
        said = rest and word.lower() in (state_of(verdict), word_of(verdict))
        return rest[:1].upper() + rest[1:] if said else str(verdict["sentence"])
    gates = ordered_gates(verdict)
    counts = [(sum(gate.get("state") == s for gate in gates), STATES[s]) for s in _WORST_FIRST]
    return (
        f"{len(gates)} gate{'' if len(gates) == 1 else 's'}: "
        + ", ".join(f"{n} {word}" for n, word in counts if n)
        + "."
    )


def warnings_of(verdict: Mapping[str, Any] | None) -> list[str]:
    """What a reader should know although it changes no state.

    How to mend a problem, and what a run that ended when it was decided did not ask, stand first.
    """
    problem = (verdict or {}).get("problem") or {}
    hints = [str(problem["hint"])] if problem.get("hint") else []
    saved = saved_of(verdict)
    return (
        hints
        + ([saved] if saved else [])
        + [str(warning) for warning in (verdict or {}).get("warnings") or ()]
    )


def saved_of(verdict: Mapping[str, Any] | None) -> str:
    """That a run ended when it was decided and what it saved; empty of any other."""
    said = str(((verdict or {}).get("sequence") or {}).get("sentence") or "")
    return said[:1].upper() + said[1:]


def states_of(verdict: Mapping[str, Any] | None) -> dict[str, str]:
    """States of instrument and subject, where the gates tell them apart; a kind without: none."""
    told = verdict or {}
    kinds = ("instrument", "subject")
    if not all(isinstance(told.get(kind), Mapping) for kind in kinds):
        return {}
    return {kind: str(told[kind].get("state") or "none") for kind in kinds}


def next_step(verdict: Mapping[str, Any] | None) -> str:
    """What a reader does after the first screen.

    A gate that fails is a finding of a run that went well, unless it asks about the instrument.
    """
    state = state_of(verdict)
    instrument = str(((verdict or {}).get("instrument") or {}).get("state") or "pass")
    if state == "error":
        return "mend what the gates name, then build the report again."
    if state == "none":
        return "write a gate file to say what must hold: docs/how-to/gate-in-ci.md"
    if instrument != "pass":
        return (
            "the run is complete; its gates say that these answers measure too little to rest on. "
            "Read which in the report, then measure another model with `measurand evaluate "
            "--model`, or a larger sample with another preset."
        )
    if state == "pass":
        return "read the report, or measure another model with `measurand evaluate --model`."
    return (
        "the run is complete; what does not pass is a finding about what was measured, not a "
        "fault of the run. Read why in the report, or measure another model with "
        "`measurand evaluate --model`."
    )


def ordered_gates(verdict: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """All gates, those that need attention first, otherwise in the file's order."""
    gates: Sequence[Mapping[str, Any]] = (verdict or {}).get("gates") or ()
    rank = {state: i for i, state in enumerate(_WORST_FIRST)}
    return sorted(gates, key=lambda gate: rank.get(str(gate.get("state")), 0))


def parts_of(verdict: Mapping[str, Any] | None) -> tuple[Part, ...]:
    """The gates as a reader meets them: instrument before subject, causes before gates."""
    gates = ordered_gates(verdict)
    named = list(zip(short_names(gates), gates, strict=True))
    apart = any(gate.get("of") == "instrument" for gate in gates)
    parts = []
    for kind, title in PARTS.items():
        own = [(n, g) for n, g in named if (str(g.get("of") or "subject") if apart else "") == kind]
        if own:
            told = (verdict or {}).get(kind) or {}
            note = "" if told.get("stands", True) else UNSOUND
            parts.append(Part(title, *_lines(own), note))
    return tuple(parts)


def _lines(
    named: Sequence[tuple[str, Mapping[str, Any]]],
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    names = {id(gate): name for name, gate in named}
    lines = tuple(
        _line(cause, [names[id(gate)] for gate in cause.gates])
        for cause in causes(gate for _, gate in named)
    )
    passing = tuple(
        Line("pass", name, why_of(gate)) for name, gate in named if gate.get("state") == "pass"
    )
    return lines, passing


def _line(cause: Cause, names: Sequence[str]) -> Line:
    gate = cause.gates[0]
    if len(names) == 1:
        words = why_of(gate) if gate.get("sentence") else cause.why
        return Line(cause.state, names[0], words)
    head = f"{len(names)} gates {_FATES[cause.state]} for one cause"
    return Line(cause.state, head, cause.why, grouped(names))


def grouped(names: Sequence[str]) -> str:
    """``reliable: m (EXT, AGR); discriminant``: what names begin with, once."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in names:
        head, _, tail = name.partition(": ")
        first, _, rest = tail.partition(", ")
        found.setdefault(head, {}).setdefault(first, []).extend([rest] if rest else [])
    return "; ".join(
        f"{head}: {', '.join(_behind(*one) for one in tails.items())}" if any(tails) else head
        for head, tails in found.items()
    )


def _behind(first: str, rest: Sequence[str]) -> str:
    return f"{first} ({', '.join(rest)})" if len(rest) > 1 else ", ".join([first, *rest])


def gates_table(verdict: Mapping[str, Any] | None) -> Table | None:
    """What each gate read, found and would need; None without gates."""
    gates = ordered_gates(verdict)
    if not gates:
        return None
    columns = ("Gate", "Verdict", "Estimate [bounds]", "Limit or margin", "n", "Clusters")
    tail = ("Detectable", "n needed")
    warned = any(gate.get("severity") not in (None, "block") for gate in gates)
    notes = [
        f"Bounds are one-sided at {_levels(gates)}: a gate passes where the bound on its bad side "
        "keeps the limit, fails where the other bound breaks it, and is undecided between the two. "
        "Comparisons show the difference from their baseline. Detectable: the smallest difference "
        f"that this sample would show with {_powers(gates)} power."
    ]
    if warned:
        notes.append("A gate marked as a warning does not change the verdict.")
    rows = tuple(_row(g, name) for g, name in zip(gates, short_names(gates), strict=True))
    return Table("Gates", columns + tail, rows, tuple(notes))


def limit_of(gate: Mapping[str, Any]) -> float | None:
    """The gate's limit, or the margin of a comparison."""
    for key in ("limit", "margin", "threshold"):
        if gate.get(key) is not None:
            return float(gate[key])
    return None


def name_of(gate: Mapping[str, Any]) -> str:
    """The gate's name, or its id with its slice."""
    if gate.get("name"):
        return str(gate["name"])
    name = str(gate.get("id") or gate.get("metric") or "gate")
    part = str(gate.get("slice") or "")
    return name if not part or part in name else f"{name} [{part}]"


def short_names(gates: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names that tell the gates of one verdict apart: the id, and what differs within it.

    ``reliable: EXT`` where the gates called ``reliable`` differ in one part of their slices only.
    """
    models = {str(gate.get("model") or "") for gate in gates}
    parts = [slice_parts(str(gate.get("slice") or "")) for gate in gates]
    values: defaultdict[tuple[Any, str], Counter[str]] = defaultdict(Counter)
    same = Counter(gate.get("id") for gate in gates)
    for gate, own in zip(gates, parts, strict=True):
        for k, v in own.items():
            values[gate.get("id"), k][v] += 1
    found = []
    for gate, own in zip(gates, parts, strict=True):
        differing = [k for k in own if values[gate.get("id"), k][own[k]] < same[gate.get("id")]]
        words = [own[k] if len(differing) == 1 else f"{k} {own[k]}" for k in differing]
        if len(models) > 1 and gate.get("model"):
            words.insert(0, str(gate["model"]))
        name = str(gate.get("id") or gate.get("metric") or "gate")
        found.append(f"{name}: {', '.join(words)}" if words else name)
    return found


def why_of(gate: Mapping[str, Any]) -> str:
    """The gate's own sentence without its name."""
    why = str(gate.get("sentence") or gate.get("reason_code") or "")
    why = why.removeprefix(name_of(gate)).lstrip()
    return f"Warning only. {why}" if str(gate.get("severity") or "block") != "block" else why


def _row(gate: Mapping[str, Any], name: str) -> tuple[Cell, ...]:
    flags = ", ".join(str(flag) for flag in gate.get("flags") or ())
    detail = " ".join(part for part in (why_of(gate), f"({flags})" if flags else "") if part)
    return (
        {"text": name, "detail": detail},
        {"state": gate.get("state") or "error"},
        {
            "estimate": gate.get("estimate"),
            "lower": gate.get("lower"),
            "upper": gate.get("upper"),
            "reason": str(gate.get("reason_code") or "no estimate"),
        },
        limit_of(gate),
        _count(gate.get("n")),
        _count(gate.get("clusters")),
        gate.get("mde"),
        _count(gate.get("n_needed")),
    )


def _levels(gates: Sequence[Mapping[str, Any]]) -> str:
    return _percents(1 - float(gate.get("alpha") or 0.05) for gate in gates)


def _powers(gates: Sequence[Mapping[str, Any]]) -> str:
    return _percents(float(gate.get("power") or 0.8) for gate in gates)


def _percents(shares: Iterable[float]) -> str:
    """``95%``, or ``95% or 99%`` where gates differ."""
    return " or ".join(f"{share:.4g}%" for share in sorted({round(100 * s, 6) for s in shares}))


def _count(value: float | None) -> int | None:
    return None if value is None else round(value)
