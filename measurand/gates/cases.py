"""From a gate to cases: one per model and slice, with the evidence gathered or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from measurand.gates import items
from measurand.gates.bounds import Bounds, EvidenceError, Items, from_items, from_statistic
from measurand.gates.comparable import compare, dataset_hash
from measurand.gates.evidence import Evidence
from measurand.gates.gatefile import Gate, GateFile, Settings
from measurand.gates.pairing import pair
from measurand.gates.sources import Sources
from measurand.gates.verdict import GateResult
from measurand.results import slice_text

#: A baseline nearer to zero than this has no share that could be a margin.
ZERO = 1e-9
#: What "there is no baseline yet" looks like.
ABSENT = ("baseline_unresolved", "missing_metric", "empty_slice")


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


def cases(gate: Gate, spec: GateFile, sources: Sources) -> Iterator[Case]:
    """The gate's cases: its models, as listed or as found, times its slices."""
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
        return replace(case, result=as_error(blank, error), measure=None)


def _from_statistics(case: Case, sources: Sources, model: str | None) -> Case:
    gate = case.gate
    evidence = sources.statistics()
    rows = [r for r in evidence.rows if r["metric"] == gate.metric]
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
        dataset=dataset_hash(evidence, sources.spec),
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
    case = replace(case, result=result, dataset=dataset_hash(evidence, sources.spec))
    if gate.test == "threshold":
        assert gate.limit is not None
        return replace(case, bound=gate.limit, measure=_measure(candidate.sample(), case))
    assert gate.baseline is not None
    if gate.baseline.value is not None:
        case = replace(case, measure=_measure(candidate.sample(), case))
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
    if baseline.hash == evidence.hash:
        sources.warn(f"{gate.id}: candidate and baseline ({name}) are the same results")
    differences, level = pair(candidate, other, same_dataset=same, max_drop=rules.max_drop)
    margin = _margin(gate, float(level.values.mean()), level)
    counts = (
        *case.result.counts,
        ("baseline_rows", other.rows),
        ("baseline_dropped", other.dropped),
        ("baseline_infra_errors", other.infra),
        ("items", candidate.items.num_rows),
        ("baseline_items", other.items.num_rows),
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


def as_error(result: GateResult, error: EvidenceError) -> GateResult:
    """``result`` as an error, with what to do about it."""
    hint = f" ({error.hint})" if error.hint else ""
    detail = f"{Exception.__str__(error)}{hint}"
    return replace(result, state="error", reason_code=error.code, detail=detail)
