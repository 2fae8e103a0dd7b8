"""From a gate file to a verdict."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from measurand.errors import MeasurandError
from measurand.gates import baselines, items, looks
from measurand.gates.bounds import Bounds, EvidenceError, Items, from_items, from_statistic
from measurand.gates.decisions import Rules, decide
from measurand.gates.evidence import (
    Evidence,
    items_path,
    load_items,
    load_statistics,
    major,
    schema_drift,
)
from measurand.gates.gatefile import (
    Baseline,
    Gate,
    GateFile,
    GateFileError,
    Settings,
    read_gate_file,
)
from measurand.gates.sentences import describe
from measurand.gates.verdict import GateResult, Problem, Verdict
from measurand.results import slice_text

#: A baseline nearer to zero than this has no share that could be a margin.
ZERO = 1e-9
#: What "there is no baseline yet" looks like.
ABSENT = ("baseline_unresolved", "missing_metric", "empty_slice")


@dataclass
class Sources:
    """Evidence of one run, each read once; a failure is kept and raised again."""

    spec: GateFile
    root: Path
    folder: Path
    items_folder: Path
    statistics_file: Path
    warnings: list[str] = field(default_factory=list)
    _kept: dict[Any, Any] = field(default_factory=dict)

    def items(self) -> Evidence:
        """The candidate's item results."""
        return _whole(self._once("items", lambda: load_items(self.items_folder)))

    def statistics(self) -> Evidence:
        """The candidate's statistics."""
        results = self.items_folder if self.items_folder.is_dir() else None
        return _whole(
            self._once("statistics", lambda: load_statistics(self.statistics_file, results))
        )

    def baseline(self, baseline: Baseline) -> tuple[Evidence, str]:
        """The baseline's item results and its name."""
        key = (baseline.file, baseline.ref, baseline.role)
        found: tuple[Evidence, str] = self._once(
            key, lambda: baselines.resolve(baseline, self.items_folder, self.root)
        )
        return _whole(found[0]), found[1]

    def warn(self, text: str) -> None:
        """Note a warning once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def _once(self, key: Any, load: Callable[[], Any]) -> Any:
        if key not in self._kept:
            try:
                self._kept[key] = load()
            except EvidenceError as error:
                self._kept[key] = error
        if isinstance(self._kept[key], EvidenceError):
            raise self._kept[key]
        return self._kept[key]


@dataclass(frozen=True)
class Case:
    """One gate on one model and slice, ready to be decided at any level.

    Attributes:
        measure: alpha and the natural-orientation limit to bounds; None if ``result`` is final.
        reference: number that estimates are taken relative to (a baseline of kind value).
        bound: limit, or largest acceptable difference, in the metric's orientation.
        result: what is known before the decision.
    """

    gate: Gate
    rules: Settings
    result: GateResult
    measure: Callable[[float, float], Bounds] | None = None
    reference: float = 0.0
    bound: float = 0.0
    dataset: str | None = None


def run_gates(
    file: Path,
    *,
    root: Path = Path("."),
    out: Path | None = None,
    results: Path | None = None,
    statistics: Path | None = None,
) -> Verdict:
    """Put every gate of a file to its evidence.

    Args:
        file: the gate file.
        root: the project's root: evidence and baseline paths are relative to it.
        out: folder where looks are counted (``looks.json``); without it, each run is look 1.
        results: results folder to read instead of ``<evidence folder>/results``.
        statistics: statistics table to read instead of ``<evidence folder>/statistics.parquet``.

    Returns:
        The verdict; whatever is wrong with file or evidence is an error in it, not an exception.
    """
    file, root = Path(file), Path(root)
    name = _shown(file, root)
    digest = None
    try:
        spec = read_gate_file(file)
        digest = spec.digest()
        lock = _lock(spec, root)
        seen = looks.read(out) if out is not None else {}
        sources = _sources(spec, root, results, statistics)
        _advise(spec, sources)
        cases = [case for gate in spec.gates for case in _cases(gate, spec, sources)]
        k = 1
        if any(case.measure for case in cases):
            key, evidence = _question(digest, cases)
            k = looks.number(seen, key, evidence)
            if out is not None:
                looks.record(out, seen, key, evidence)
        return Verdict(
            gate_file=name,
            gates=tuple(judge(case, k) for case in cases),
            warnings=tuple(sources.warnings),
            system=spec.system,
            gate_file_sha256=digest,
            lock_sha256=lock,
            looks=k,
        )
    except MeasurandError as error:
        problem = Problem(error.code, str(Exception.__str__(error)), error.hint)
        return Verdict(gate_file=name, problem=problem, gate_file_sha256=digest)


def judge(case: Case, k: int = 1) -> GateResult:
    """Decide a case at alpha / k."""
    if case.measure is None:
        return replace(case.result, sentence=describe(case.result), looks=k)
    gate, rules = case.gate, case.rules
    alpha = gate.alpha / k
    try:
        found = case.measure(alpha, case.bound + case.reference)
    except EvidenceError as error:
        failed = _error(case.result, error)
        return replace(failed, sentence=describe(failed), looks=k)
    found = found.minus(case.reference) if case.reference else found
    decision = decide(
        gate.test,
        found,
        case.bound,
        gate.direction,
        Rules(alpha, rules.power, rules.min_n, rules.min_clusters, gate.undefined),
    )
    result = replace(
        case.result,
        state=decision.state,
        reason_code=decision.reason_code,
        estimate=found.estimate,
        lower=found.lower,
        upper=found.upper,
        ci_lo=found.ci_lo,
        ci_hi=found.ci_hi,
        confidence=found.confidence,
        p=found.p,
        alpha=alpha,
        looks=k,
        n=found.n,
        clusters=found.clusters,
        sd=found.sd,
        mde=decision.mde,
        n_needed=decision.n_needed,
        clusters_needed=decision.clusters_needed,
        method=found.method,
        resamples=found.resamples,
        seed=found.seed,
        detail=found.reason,
        flags=found.flags,
    )
    result = _finite(result)
    return replace(result, sentence=describe(result))


def _sources(spec: GateFile, root: Path, results: Path | None, statistics: Path | None) -> Sources:
    folder = (
        root / spec.results if spec.results is not None else root / "reports" / str(spec.system)
    )
    given = items_path(results) if results is not None else items_path(folder)
    table = folder if folder.is_file() else folder / "statistics.parquet"
    return Sources(spec, root, folder, given, statistics or table)


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
    if spec.family is not None:
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


def _cases(gate: Gate, spec: GateFile, sources: Sources) -> Iterator[Case]:
    for model in _models(gate, spec, sources):
        for parts in gate.slices():
            yield prepare(gate, spec, sources, model, parts)


def _models(gate: Gate, spec: GateFile, sources: Sources) -> tuple[str | None, ...]:
    """The models to gate: as listed, else all that have the metric; None if that is unknown."""
    if spec.models is not None:
        return spec.models
    try:
        evidence = sources.items() if gate.source == "items" else sources.statistics()
        return tuple(items.models_of(evidence, gate.metric)) or (None,)
    except EvidenceError:
        return (None,)


def prepare(
    gate: Gate, spec: GateFile, sources: Sources, model: str | None, parts: dict[str, str]
) -> Case:
    """Gather the evidence for one gate, model and slice; what is wrong becomes an error case."""
    rules = spec.settings(gate)
    blank = GateResult(
        id=gate.id,
        state="error",
        reason_code="",
        sentence="",
        severity=gate.severity,
        on_inconclusive=rules.on_inconclusive,
        test=gate.test,
        metric=gate.metric,
        direction=gate.direction,
        source=gate.source,
        model=model,
        slice=slice_text(parts),
        limit=gate.limit,
        alpha=gate.alpha,
        power=rules.power,
        min_n=rules.min_n,
        min_clusters=rules.min_clusters,
    )
    case = Case(gate, rules, blank)
    try:
        if gate.source == "statistics":
            return _from_statistics(case, sources, model)
        return _from_items(case, sources, model, parts)
    except EvidenceError as error:
        return replace(case, result=_error(blank, error), measure=None)


def _from_statistics(case: Case, sources: Sources, model: str | None) -> Case:
    gate = case.gate
    evidence = sources.statistics()
    rows = [r for r in evidence.table.to_pylist() if r["metric"] == gate.metric]
    if not rows:
        raise EvidenceError(
            f"{evidence.where}: no statistic {gate.metric!r}",
            code="missing_metric",
            hint="mend metric",
        )
    rows = [r for r in rows if r["model"] == model]
    if not rows:
        raise EvidenceError(
            f"{evidence.where}: no {gate.metric!r} of model {model!r}",
            code="missing_metric",
            hint="mend models",
        )
    rows = [r for r in rows if r["slice"] == case.result.slice]
    if not rows:
        raise EvidenceError(
            f"{evidence.where}: no {gate.metric!r} in slice {case.result.slice!r}",
            code="empty_slice",
            hint="mend slice; a statistic is matched by its whole slice",
        )
    row = rows[0]
    result = replace(case.result, candidate_hash=evidence.hash)
    case = replace(
        case,
        result=result,
        dataset=_dataset_hash(evidence, sources.spec),
        measure=lambda alpha, null: from_statistic(row, alpha=alpha),
    )
    if gate.test == "threshold":
        assert gate.limit is not None
        return replace(case, bound=gate.limit)
    assert gate.baseline is not None
    if gate.baseline.value is None:
        raise EvidenceError(
            "a statistic cannot be paired with another run's",
            code="unpaired_statistic",
            hint="use from: items, or baseline: {value: ...}",
        )
    return _against_value(case, gate.baseline.value)


def _from_items(case: Case, sources: Sources, model: str | None, parts: dict[str, str]) -> Case:
    gate = case.gate
    evidence = sources.items()
    if model is None:
        raise EvidenceError(
            f"{evidence.where}: no rows of metric {gate.metric!r}",
            code="missing_metric",
            hint="mend metric",
        )
    candidate = items.select(evidence, gate, case.rules, model, parts)
    counts = (
        ("rows", candidate.rows),
        ("dropped", candidate.dropped),
        ("infra_errors", candidate.infra),
    )
    result = replace(case.result, candidate_hash=evidence.hash, counts=counts)
    case = replace(case, result=result, dataset=_dataset_hash(evidence, sources.spec))
    if gate.test == "threshold":
        assert gate.limit is not None
        return replace(case, bound=gate.limit, measure=_measure(items.single(candidate), case))
    assert gate.baseline is not None
    if gate.baseline.value is not None:
        case = replace(case, measure=_measure(items.single(candidate), case))
        return _against_value(case, gate.baseline.value)
    return _against_items(case, sources, evidence, candidate, model, parts)


def _measure(sample: Items, case: Case) -> Callable[[float, float], Bounds]:
    gate = case.gate
    return lambda alpha, null: from_items(
        sample,
        alpha=alpha,
        confidence=case.rules.ci,
        interval=gate.interval,
        null=null,
        better=gate.direction,
    )


def _against_value(case: Case, value: float) -> Case:
    margin = _margin(case.gate, value, None)
    result = replace(
        case.result,
        margin=margin,
        baseline=f"value {value:.6g}",
        baseline_estimate=value,
    )
    return replace(case, result=result, reference=value, bound=_loss(case.gate, margin))


def _against_items(
    case: Case,
    sources: Sources,
    evidence: Evidence,
    candidate: items.Scored,
    model: str,
    parts: dict[str, str],
) -> Case:
    gate, rules = case.gate, case.rules
    assert gate.baseline is not None
    try:
        baseline, name = sources.baseline(gate.baseline)
        same = compare(evidence, baseline, sources)
        other = items.select(baseline, gate, rules, gate.baseline.model or model, parts)
    except EvidenceError as error:
        if error.code not in ABSENT:
            raise _about_baseline(error, error.code) from error
        if not gate.baseline.bootstrap:
            raise _about_baseline(error, "baseline_unresolved") from error
        return _no_baseline(case, sources, error)
    differences, level = items.pair(candidate, other, same, rules.max_drop)
    margin = _margin(gate, float(level.values.mean()), level)
    counts = (
        *case.result.counts,
        ("baseline_rows", other.rows),
        ("baseline_dropped", other.dropped),
        ("baseline_infra_errors", other.infra),
        ("items", len(candidate.all_ids)),
        ("baseline_items", len(other.all_ids)),
        ("pairs", len(differences.values)),
    )
    result = replace(
        case.result,
        margin=margin,
        baseline=name,
        baseline_hash=baseline.hash,
        baseline_estimate=float(level.values.mean()),
        counts=counts,
    )
    case = replace(case, result=result, bound=_loss(gate, margin))
    return replace(case, measure=_measure(differences, case))


def _about_baseline(error: EvidenceError, code: str) -> EvidenceError:
    message = Exception.__str__(error)
    return EvidenceError(f"baseline: {message}", code=code, hint=error.hint)


def _no_baseline(case: Case, sources: Sources, error: EvidenceError) -> Case:
    gate = case.gate
    absolute = any(
        g.test == "threshold" and g.severity == "block" and g.metric == gate.metric
        for g in sources.spec.gates
    )
    if not absolute:
        raise EvidenceError(
            f"{Exception.__str__(error)}; bootstrap needs a blocking threshold on {gate.metric!r}",
            code="baseline_unresolved",
            hint="add one: the first run would otherwise pass whatever it shows",
        ) from error
    sources.warn(f"{gate.id}: passed without a baseline: {Exception.__str__(error)}")
    result = replace(
        case.result,
        state="pass",
        reason_code="no_baseline",
        detail=Exception.__str__(error),
        flags=("no_baseline",),
    )
    return replace(case, result=result)


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
    mine, theirs = _dataset_hash(candidate, spec), _dataset_hash(baseline, spec)
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


def _dataset_hash(evidence: Evidence, spec: GateFile) -> str | None:
    if not evidence.parents:
        return None
    if spec.dataset is not None and spec.dataset.name is not None:
        return evidence.parents.get(spec.dataset.name)
    parts = "\n".join(f"{k}={v}" for k, v in sorted(evidence.parents.items()))
    return hashlib.sha256(parts.encode()).hexdigest()


def _margin(gate: Gate, baseline: float, level: Items | None) -> float:
    """The margin in the metric's unit; a share is of the baseline's estimate, taken as known.

    Raises:
        EvidenceError: ``rel_margin_undefined`` if the baseline is 0 or not told apart from 0.
    """
    assert gate.margin is not None
    if gate.margin.abs is not None:
        return gate.margin.abs
    assert gate.margin.rel is not None
    near_zero = abs(baseline) < ZERO
    if level is not None and not near_zero:
        found = from_items(
            level, alpha=0.025, confidence=0.95, interval="t", null=0.0, better="higher"
        )
        near_zero = found.lower is None or found.upper is None or found.lower <= 0 <= found.upper
    if near_zero:
        raise EvidenceError(
            f"the baseline is {baseline:.4g}, not told apart from 0, so a share of it is no margin",
            code="rel_margin_undefined",
            hint="give margin: {abs: ...}",
        )
    return gate.margin.rel * abs(baseline)


def _loss(gate: Gate, margin: float) -> float:
    return -margin if gate.direction == "higher" else margin


def _error(result: GateResult, error: EvidenceError) -> GateResult:
    hint = f" ({error.hint})" if error.hint else ""
    detail = f"{Exception.__str__(error)}{hint}"
    return replace(result, state="error", reason_code=error.code, detail=detail)


def _finite(result: GateResult) -> GateResult:
    """Figures that overflowed are undefined, never infinite."""
    names = ("estimate", "lower", "upper", "ci_lo", "ci_hi", "p", "sd", "mde", "baseline_estimate")
    bad = [n for n in names if (v := getattr(result, n)) is not None and not math.isfinite(v)]
    if not bad:
        return result
    error = EvidenceError("figures overflow", code="overflow", hint="check the scores' scale")
    return _error(replace(result, **dict.fromkeys(bad)), error)  # type: ignore[arg-type]


def _whole(evidence: Evidence) -> Evidence:
    if evidence.partial:
        raise EvidenceError(
            f"{evidence.where}: a partial run (--limit), good for looking, not for deciding",
            code="partial_run",
            hint="evaluate without --limit",
        )
    return evidence


def _question(digest: str, cases: list[Case]) -> tuple[str, str]:
    tested = [c for c in cases if c.measure is not None]
    baselines_seen = [c.result.baseline_hash for c in tested if c.result.baseline_hash]
    datasets = [c.dataset for c in tested if c.dataset]
    hashes = [c.result.candidate_hash for c in tested if c.result.candidate_hash]
    return looks.question(digest, baselines_seen, datasets), looks.candidate(hashes)


def _shown(file: Path, root: Path) -> str:
    """The file's name relative to the root: verdicts do not depend on where a clone lies."""
    try:
        return Path(os.path.abspath(file)).relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        return file.name
