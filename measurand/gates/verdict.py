"""The verdict: one object that drives text, JSON, JUnit, Markdown and the exit code."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from measurand.gates.deciding.decisions import Decision, Level, State
from measurand.gates.figures.bounds import Bounds
from measurand.gates.reading.sequences import Stopped
from measurand.gates.telling.causes import reasons

#: What a gate asks about: whether the measurement works, or whether what was measured is good.
Of = Literal["instrument", "subject"]

UNSOUND = "not to be relied on until the instrument passes"
SCHEMA = "measurand.verdict"
VERSION = "1.4.0"
FOURTH_VERSION = "1.3.0"
THIRD_VERSION = "1.2.0"
#: Verdicts that hold nothing of a later version keep to the earlier one, which older readers know.
SECOND_VERSION = "1.1.0"
FIRST_VERSION = "1.0.0"
#: Fields of 1.1, left out where they are empty, and tests of 1.0.
_ADDED = ("p_adjusted", "correction")
_FOURTH = ("trainings_needed",)
_FIRST_TESTS = (None, "threshold", "non_inferiority")
EXIT_CODES: dict[State, int] = {"pass": 0, "fail": 1, "inconclusive": 2, "error": 3}
#: From bad to good: an error outranks a failure, a failure outranks an undecided gate.
WORST_FIRST: tuple[State, ...] = ("error", "fail", "inconclusive", "pass")


@dataclass(frozen=True)
class GateResult:
    """One gate, for one model and one slice.

    Figures are in the metric's own orientation. For a threshold ``found`` is the metric itself; for
    exact equality the largest difference of an item; otherwise the difference candidate minus
    baseline. Files hold all of it flat.

    Attributes:
        id: the gate's id.
        decision: what was decided and why, and what would decide.
        sentence: the same in plain words, figures included.
        found: the figure with its bounds. Its flags: ``degenerate`` (no variation), ``exact`` (no
            sampling error), ``no_baseline``, ``rescaled`` (bounds widened from 95% to another
            level), ``unpaired`` (two samples), ``labelled`` (people's mean, corrected from a
            judge's), ``anytime`` (bounds hold at every look),
            ``crossed`` (bets both ways refuted every mean: luck, or scores that drift along the
            sequence).
        level: at which it was decided.
        of: whether the gate asks about the instrument or about the subject.
        severity: ``block`` or ``warn``.
        on_inconclusive: whether an undecided gate blocks (``fail``) or warns (``warn``).
        looks: how often the question was put, or the sequence begun.
        detail: what the evidence itself says of a missing figure.
        counts: rows seen, dropped and lost, by side.
    """

    id: str
    decision: Decision
    level: Level
    sentence: str = ""
    found: Bounds = field(default_factory=lambda: Bounds(None, None, None))
    of: Of = "subject"
    severity: Literal["block", "warn"] = "block"
    on_inconclusive: Literal["fail", "warn"] = "fail"
    test: str | None = None
    metric: str | None = None
    direction: str | None = None
    source: str | None = None
    model: str | None = None
    slice: str = ""
    limit: float | None = None
    margin: float | None = None
    baseline: str | None = None
    baseline_estimate: float | None = None
    baseline_hash: str | None = None
    candidate_hash: str | None = None
    power: float | None = None
    looks: int = 1
    min_n: int | None = None
    min_clusters: int | None = None
    detail: str | None = None
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def state(self) -> State:
        """What was decided."""
        return self.decision.state

    @property
    def reason_code(self) -> str:
        """Stable word for why."""
        return self.decision.reason_code

    @property
    def name(self) -> str:
        """Id with model and slice: unique within a verdict."""
        parts = [x for x in (self.model, self.slice) if x]
        return f"{self.id} [{'; '.join(parts)}]" if parts else self.id

    @property
    def effect(self) -> State:
        """What this gate contributes to the verdict.

        Errors always count: a gate that could not be put is no warning. A failing gate counts if it
        blocks, an undecided one if it also says ``on_inconclusive: fail``.
        """
        if self.state == "error":
            return "error"
        if self.severity == "warn":
            return "pass"
        if self.state == "inconclusive" and self.on_inconclusive == "warn":
            return "pass"
        return self.state


@dataclass(frozen=True)
class Part:
    """The gates of one kind.

    Attributes:
        of: what they ask about.
        gates: their results in file order.
        stands: whether their answer may be relied on: that of the subject only where the
            instrument passes.
    """

    of: Of
    gates: tuple[GateResult, ...]
    stands: bool = True

    @property
    def state(self) -> State | None:
        """Worst effect of these gates; None without any."""
        return _worst(self.gates) if self.gates else None

    def sentence(self) -> str:
        """How many came out how, without a full stop."""
        if not self.gates:
            return f"none asks about the {self.of}"
        text = _counts(self.gates, f" on the {self.of}")
        if not self.stands:
            text += f", {UNSOUND}"
        return text

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "state": self.state,
            "exit_code": None if self.state is None else EXIT_CODES[self.state],
            "stands": self.stands,
            "sentence": self.sentence(),
            "gates": {s: sum(g.state == s for g in self.gates) for s in WORST_FIRST},
        }


@dataclass(frozen=True)
class Problem:
    """Why no gate could be put at all."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class FamilyNote:
    """Which gates were corrected for being many.

    Attributes:
        correction: ``holm``, ``bh`` or ``none``.
        alpha: level of the family.
        gates: names of the gates that it applies to.
        others: how many gates it does not apply to.
    """

    correction: str
    alpha: float
    gates: tuple[str, ...]
    others: int

    def sentence(self) -> str:
        """What was done, and why not to the others."""
        how = {"holm": "Holm's correction", "bh": "Benjamini and Hochberg's correction"}
        count = len(self.gates)
        text = (
            f"family: {how.get(self.correction, 'no correction')} at {100 * self.alpha:.4g}% over "
            f"{count} gate{'' if count == 1 else 's'} of superiority or regression"
        )
        if self.others:
            text += f"; the other {self.others} need none, since all that block must pass"
        return text + "."


@dataclass(frozen=True)
class Verdict:
    """The outcome of a gate file.

    Attributes:
        gates: results in file order.
        problem: set if the file or the evidence as a whole could not be used.
        warnings: what a reader should know although it changes no state.
        looks: how many different candidates were tested with this file against this baseline.
        family: what the correction over gates did; None where it applies to none.
        sequence: how far a run came that ended when its gates were decided; None of any other.
    """

    gate_file: str
    gates: tuple[GateResult, ...] = ()
    problem: Problem | None = None
    warnings: tuple[str, ...] = ()
    system: str | None = None
    gate_file_sha256: str | None = None
    lock_sha256: str | None = None
    looks: int = 1
    family: FamilyNote | None = None
    sequence: Stopped | None = None

    @property
    def state(self) -> State:
        """Worst effect of any gate; a verdict without gates is an error."""
        if self.problem is not None or not self.gates:
            return "error"
        return _worst(self.gates)

    @property
    def apart(self) -> bool:
        """Whether the file says of any gate that it asks about the instrument."""
        return any(gate.of == "instrument" for gate in self.gates)

    @property
    def instrument(self) -> Part:
        """The gates on whether the measurement works."""
        return Part("instrument", tuple(g for g in self.gates if g.of == "instrument"))

    @property
    def subject(self) -> Part:
        """The gates on whether what was measured is good enough."""
        gates = tuple(g for g in self.gates if g.of == "subject")
        return Part("subject", gates, stands=self.instrument.state in (None, "pass"))

    @property
    def exit_code(self) -> int:
        """0 all blocking gates pass, 1 one fails, 2 one is undecided, 3 error; worst wins."""
        return EXIT_CODES[self.state]

    def count(self, state: State) -> int:
        """How many gates are in ``state``."""
        return sum(gate.state == state for gate in self.gates)

    def sentence(self) -> str:
        """The verdict in one sentence that names what decides it."""
        if self.problem is not None:
            return f"Error ({self.problem.code}): nothing was tested. {self.problem.message}"
        head = {
            "pass": "Pass",
            "fail": "Fail",
            "inconclusive": "Undecided",
            "error": "Error",
        }[self.state]
        why = reasons([_plain(gate, self.apart) for gate in self.gates])
        return f"{head}: {why}{'; ' if why else ''}{self._passes()}."

    def _passes(self) -> str:
        """How many gates pass, those on the instrument apart where the file tells them apart."""
        if not self.apart:
            return f"{_passing(self.gates, 'gates')} pass"
        text = _passing(self.instrument.gates, "gates on the instrument")
        if not self.subject.gates:
            return f"{text} pass, none asks about the subject"
        text += f" and {_passing(self.subject.gates, 'on the subject')} pass"
        unsound = self.subject.state == "pass" and not self.subject.stands
        return f"{text}, {UNSOUND}" if unsound else text

    def to_dict(self) -> dict[str, Any]:
        """Plain data, schema-versioned."""
        content = {
            "schema": SCHEMA,
            "version": self._version(),
            "state": self.state,
            "exit_code": self.exit_code,
            "sentence": self.sentence(),
            "system": self.system,
            "gate_file": self.gate_file,
            "gate_file_sha256": self.gate_file_sha256,
            "lock_sha256": self.lock_sha256,
            "looks": self.looks,
            "problem": dataclasses.asdict(self.problem) if self.problem else None,
            "warnings": list(self.warnings),
            "gates": [_plain(gate, self.apart) for gate in self.gates],
        }
        if self.apart:
            content["instrument"] = self.instrument.to_dict()
            content["subject"] = self.subject.to_dict()
        if self.family is not None:
            note = dataclasses.asdict(self.family) | {"gates": list(self.family.gates)}
            content["family"] = note | {"sentence": self.family.sentence()}
        if self.sequence is not None:
            content["sequence"] = self.sequence.to_dict()
        return content

    def _version(self) -> str:
        """The first version that knows all that the verdict holds."""
        if self.sequence is not None:
            return VERSION
        if any(getattr(g.decision, k) is not None for g in self.gates for k in _FOURTH):
            return FOURTH_VERSION
        if self.apart:
            return THIRD_VERSION
        later = self.family is not None or any(
            g.test not in _FIRST_TESTS
            or any(getattr(g.level, k) is not None for k in _ADDED)
            or {"unpaired", "anytime"} & set(g.found.flags)
            for g in self.gates
        )
        return SECOND_VERSION if later else FIRST_VERSION

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no NaN; equal verdicts give equal bytes."""
        text = json.dumps(
            self.to_dict(), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False
        )
        return text.encode("utf-8", "replace").decode("utf-8") + "\n"


def _worst(gates: Sequence[GateResult]) -> State:
    effects = {gate.effect for gate in gates}
    return next(state for state in WORST_FIRST if state in effects)


def _passing(gates: Sequence[GateResult], what: str) -> str:
    return f"{sum(g.state == 'pass' for g in gates)} of {len(gates)} {what}"


def _counts(gates: Sequence[GateResult], on: str = "") -> str:
    found = [(sum(g.state == state for g in gates), _COUNTED[state]) for state in WORST_FIRST]
    parts = ", ".join(f"{n} {word}" for n, word in found if n)
    return f"of {len(gates)} gate{'s' if len(gates) != 1 else ''}{on} {parts}"


def _plain(gate: GateResult, apart: bool) -> dict[str, Any]:
    """One gate as files hold it: flat, without what is empty of later versions."""
    own = {k: v for k, v in vars(gate).items() if k not in ("found", "decision", "level")}
    found = {k: v for k, v in vars(gate.found).items() if k not in ("se", "df", "reason")}
    fields = {
        **own,
        **found,
        **vars(gate.decision),
        **vars(gate.level),
        "method": gate.found.method or None,
    }
    empty = {
        "plain",
        *(k for k in (*_ADDED, *_FOURTH) if fields.get(k) is None),
        *(() if apart else ("of",)),
    }
    return {
        **{k: v for k, v in fields.items() if k not in empty},
        "flags": list(gate.found.flags),
        "counts": dict(gate.counts),
        "name": gate.name,
        "effect": gate.effect,
    }


_COUNTED: dict[State, str] = {
    "pass": "pass",
    "fail": "fail",
    "inconclusive": "undecided",
    "error": "could not be put",
}
