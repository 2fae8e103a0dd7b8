"""Whether results are those that a gate file asks for, and may be compared with others at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pyarrow as pa

from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.questions import GateFile
from measurand.gates.reading.evidence import Evidence, cast, major, schema_drift
from measurand.gates.reading.sources import Sources


def belongs(evidence: Evidence, spec: GateFile) -> None:
    """Refuse results of another system, or made from other datasets, than the gate file names.

    Raises:
        EvidenceError: ``other_system``, ``dataset_unknown``.
    """
    if spec.system is not None and "system" in evidence.table.column_names:
        column = cast(evidence.table, "system", pa.string(), evidence.where)
        same_system(column.unique().to_pylist(), spec, evidence.where)
    name = spec.dataset.name if spec.dataset is not None else None
    if name is not None and evidence.parents is not None and name not in evidence.parents:
        known = ", ".join(sorted(evidence.parents)) or "none"
        raise EvidenceError(
            f"{evidence.where}: not made from a dataset {name!r}; known: {known}",
            code="dataset_unknown",
            hint="mend dataset.name in the gate file",
        )


def same_system(systems: Iterable[str | None], spec: GateFile, where: str) -> None:
    """Refuse results of another system than the gate file names; no name, or none known, is fine.

    Raises:
        EvidenceError: ``other_system``.
    """
    found = sorted({x for x in systems if x is not None})
    if spec.system is not None and found and found != [spec.system]:
        raise EvidenceError(
            f"{where}: results of system {', '.join(found)}, not {spec.system}",
            code="other_system",
            hint=f"write `system: {found[0]}` in the gate file, or mend the path",
        )


def compare(candidate: Evidence, baseline: Evidence, sources: Sources) -> bool:
    """Whether two results may be compared; true if over one dataset, so that ids must be equal.

    Raises:
        EvidenceError: ``schema_drift``, ``dataset_changed``, ``dataset_unknown``,
            ``instrument_changed``.
    """
    drift, added = schema_drift(baseline.table.schema, candidate.table.schema)
    old, new = major(baseline.version), major(candidate.version)
    if drift is None and None not in (old, new) and old != new:
        drift = f"the schema's major version was {old} and is {new}"
    if drift is not None:
        raise EvidenceError(drift, code="schema_drift", hint="run the baseline again")
    for text in added:
        sources.warn(f"{text} since the baseline")
    if None not in (candidate.instrument, baseline.instrument):
        if candidate.instrument != baseline.instrument:
            raise EvidenceError(
                "scorer, judge or prompts changed since the baseline",
                code="instrument_changed",
                hint="score the baseline again with the present instrument",
            )
    elif candidate.instrument != baseline.instrument:
        sources.warn("only one side states its instrument: whether it changed is unknown")
    return _same_dataset(candidate, baseline, sources.spec)


def _same_dataset(candidate: Evidence, baseline: Evidence, spec: GateFile) -> bool:
    required = spec.dataset is None or spec.dataset.require_same_hash
    mine, theirs = dataset_hash(candidate, spec), dataset_hash(baseline, spec)
    if mine is None or theirs is None:
        if spec.dataset is not None and required:
            raise EvidenceError(
                "the results do not say which dataset they were run on",
                code="dataset_unknown",
                hint="write them with a manifest, or set require_same_hash: false",
            )
        return required
    if mine != theirs and required:
        raise EvidenceError(
            f"the dataset changed since the baseline: {theirs[:12]} then, {mine[:12]} now",
            code="dataset_changed",
            hint="run the baseline again, or set require_same_hash: false to pair common items",
        )
    return mine == theirs


def dataset_hash(evidence: Evidence, spec: GateFile) -> str | None:
    """Hash of the dataset behind results: the named parent, else all; None if not stated."""
    if not evidence.parents:
        return None
    if spec.dataset is not None and spec.dataset.name is not None:
        return evidence.parents.get(spec.dataset.name)
    parts = "\n".join(f"{k}={v}" for k, v in sorted(evidence.parents.items()))
    return hashlib.sha256(parts.encode()).hexdigest()
