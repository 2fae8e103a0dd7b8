"""From a gate file to a verdict."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from measurand.errors import MeasurandError
from measurand.gates.cases import Case, as_error, cases
from measurand.gates.deciding import looks, tries
from measurand.gates.deciding.decisions import Decision, Level, decide
from measurand.gates.deciding.family import levels
from measurand.gates.deciding.samples import Rules
from measurand.gates.figures.bounds import Bounds, EvidenceError
from measurand.gates.gatefile import GateFileError, read_gate_file
from measurand.gates.questions import FAMILY, GateFile
from measurand.gates.reading import sequences
from measurand.gates.reading.sequences import Stopped
from measurand.gates.reading.sources import Sources, open_sources
from measurand.gates.telling.sentences import describe
from measurand.gates.verdict import FamilyNote, GateResult, Problem, Verdict


def run_gates(
    file: Path,
    *,
    root: Path = Path("."),
    out: Path | None = None,
    results: Path | None = None,
    statistics: Path | None = None,
    models: Sequence[str] | None = None,
) -> Verdict:
    """Put every gate of a file to its evidence.

    Args:
        file: the gate file.
        root: the project's root: evidence and baseline paths are relative to it.
        out: folder where looks are counted (``looks.json``) and sequences kept (``tries.json``);
            without it, each run is look 1.
        results: results folder to read instead of ``<evidence folder>/results``.
        statistics: statistics table to read instead of ``<evidence folder>/statistics.parquet``.
        models: models to gate instead of those that the file lists.

    Returns:
        The verdict; whatever is wrong with file or evidence is an error in it, not an exception.
    """
    file, root = Path(file), Path(root)
    name = _name_in(file, root)
    digest = None
    try:
        spec = read_gate_file(file)
        digest = spec.digest()
        if models is not None:
            spec = spec.model_copy(update={"models": tuple(models)})
        lock = _lock(spec, root)
        sources = open_sources(spec, root, results, statistics)
        sequence = sequences.read(sources.items_folder)
        _advise(spec, sources)
        _advise_stopped(spec, sequence, digest, sources)
        found = [case for gate in spec.gates for case in cases(gate, spec, sources)]
        k = _look(found, digest, out)
        found, each = _sequences(found, digest, out, k)
        gates = judge_all(found, spec, each)
        return Verdict(
            gate_file=name,
            gates=gates,
            warnings=tuple(sources.warnings),
            system=spec.system,
            gate_file_sha256=digest,
            lock_sha256=lock,
            looks=k,
            family=family_note(spec, gates),
            sequence=sequence,
        )
    except MeasurandError as error:
        problem = Problem(error.code, str(Exception.__str__(error)), error.hint)
        return Verdict(gate_file=name, problem=problem, gate_file_sha256=digest)


def judge_all(found: Sequence[Case], spec: GateFile, each: Sequence[int]) -> tuple[GateResult, ...]:
    """Decide all cases of a file, each at its look and with the file's family."""
    at = levels(found, spec.family, each)
    return tuple(judge(case, k, level) for case, k, level in zip(found, each, at, strict=True))


def judge(case: Case, k: int = 1, level: Level | None = None) -> GateResult:
    """Decide a case at a level; by default at alpha / k."""
    if not case.open:
        return _with_sentence(replace(case.result, looks=k))
    level = level or Level(case.gate.alpha / k, case.gate.alpha / k)
    try:
        found = case.bounds(level.alpha)
        decision = _decide(case, found, level)
    except EvidenceError as error:
        return _with_sentence(replace(as_error(case.result, error), looks=k))
    result = replace(
        case.result, decision=decision, found=found, level=level, looks=k, detail=found.reason
    )
    return _with_sentence(result)


def _with_sentence(result: GateResult) -> GateResult:
    result = _without_overflow(result)
    return replace(result, sentence=describe(result))


#: What a finding that the correction took away is called.
_LOST = {"better": "better_uncorrected", "regressed": "regressed_uncorrected"}


def _decide(case: Case, found: Bounds, level: Level) -> Decision:
    gate, rules = case.gate, case.rules

    def at(alpha: float, known: Bounds) -> Decision:
        asked = Rules(alpha, rules.power, rules.min_n, rules.min_clusters, gate.undefined)
        return decide(gate.test, known, case.bound, gate.direction, asked)

    decision = at(level.alpha, found)
    if level.alpha < level.plain:
        before = at(level.plain, case.bounds(level.plain)).reason_code
        if before in _LOST and before != decision.reason_code:
            return replace(decision, reason_code=_LOST[before])
    return decision


def _look(found: Sequence[Case], digest: str, out: Path | None) -> int:
    """Which look at this question it is; noted in ``out``. Bets count their tries instead."""
    seen = looks.read(out) if out is not None else {}
    if not any(case.measure for case in found):
        return 1
    key, evidence = _question(digest, found)
    if out is not None:
        looks.record(out, seen, key, evidence)
    return looks.number(seen, key, evidence)


def _sequences(
    found: Sequence[Case], digest: str, out: Path | None, k: int
) -> tuple[list[Case], list[int]]:
    """Lines in the order of their bets, and at which look or try each case is."""
    if all(case.line is None for case in found):
        return list(found), [k] * len(found)
    seen = tries.read(out) if out is not None else {}
    placed, numbers = [], []
    for case in found:
        if case.line is None:
            placed.append(case)
            numbers.append(k)
            continue
        key = tries.key(digest, case.result.name)
        number, line = tries.place(case.line, seen.get(key, ()))
        seen[key] = tries.noted(seen.get(key, ()), number, line)
        placed.append(replace(case, line=line))
        numbers.append(number)
    if out is not None:
        tries.write(out, seen)
    return placed, numbers


def family_note(spec: GateFile, gates: Sequence[GateResult]) -> FamilyNote | None:
    """What the family did, for the verdict; None without gates that it applies to."""
    if spec.family is None or not any(gate.test in FAMILY for gate in gates):
        return None
    corrected = tuple(gate.name for gate in gates if gate.level.correction is not None)
    return FamilyNote(
        spec.family.correction, spec.family.alpha, corrected, len(gates) - len(corrected)
    )


def _lock(spec: GateFile, root: Path) -> str | None:
    if spec.dataset is None or spec.dataset.lock is None:
        return None
    path = root / spec.dataset.lock
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise GateFileError(
            f"dataset.lock: {path} cannot be read", hint="mend the path or leave lock out"
        ) from error


def _advise(spec: GateFile, sources: Sources) -> None:
    """Warnings that follow from the file alone."""
    if spec.family is not None and not any(gate.test in FAMILY for gate in spec.gates):
        sources.warn(
            "family changes nothing here: that all blocking gates must pass needs no correction"
        )
    for gate in spec.gates:
        if (
            gate.baseline is None
            or gate.baseline.role == "anchor"
            or gate.baseline.value is not None
        ):
            continue
        held = any(
            g.metric == gate.metric
            and g.severity == "block"
            and (g.test == "threshold" or (g.baseline is not None and g.baseline.role == "anchor"))
            for g in spec.gates
        )
        if not held:
            sources.warn(
                f"{gate.id}: nothing stops many small losses of {gate.metric} from adding up; add "
                "a gate against a pinned baseline with role: anchor, or a threshold"
            )


def _advise_stopped(
    spec: GateFile, sequence: Stopped | None, digest: str, sources: Sources
) -> None:
    """Warnings about results of a run that ended when its gates were decided."""
    if sequence is None:
        return
    if sequence.gates_sha256 != digest:
        sources.warn(
            "another gate file ended this run: bets of this one hold, but may have needed more"
        )
    fixed = [gate.id for gate in spec.gates if gate.sequential is None]
    if sequence.early and fixed:
        sources.warn(
            "the run ended by what was answered, and bounds of a fixed sample do not allow for "
            f"that: read {', '.join(fixed)} with care; only gates with sequential keep their level"
        )


def _without_overflow(result: GateResult) -> GateResult:
    """Figures that overflowed are undefined, never infinite; what they decided is an error."""
    known: GateResult = _finite_fields(
        result,
        found=_finite_fields(result.found),
        decision=_finite_fields(result.decision),
        level=_finite_fields(result.level),
    )
    if known == result:
        return result
    if known.state == "error":
        return known
    error = EvidenceError("figures overflow", code="overflow", hint="check the scores' scale")
    return as_error(known, error)


def _finite_fields(value: Any, **more: Any) -> Any:
    """A dataclass with null in place of each of its own figures that is not finite."""
    own = ((field.name, getattr(value, field.name)) for field in fields(value))
    bad = {k: None for k, v in own if isinstance(v, float) and not math.isfinite(v)}
    return replace(value, **bad, **more)


def _question(digest: str, found: Sequence[Case]) -> tuple[str, str]:
    tested = [c for c in found if c.measure is not None]
    baselines_seen = [c.result.baseline_hash for c in tested if c.result.baseline_hash]
    datasets = [c.dataset for c in tested if c.dataset]
    hashes = [c.result.candidate_hash for c in tested if c.result.candidate_hash]
    return looks.question(digest, baselines_seen, datasets), looks.candidate(hashes)


def _name_in(file: Path, root: Path) -> str:
    """The file's name relative to the root: verdicts do not depend on where a clone lies."""
    try:
        return Path(os.path.abspath(file)).relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        return file.name
