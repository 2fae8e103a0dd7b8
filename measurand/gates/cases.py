"""From a gate to cases: one per model and slice, with the evidence gathered or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from measurand.gates.deciding.decisions import Decision, Level, hypotheses
from measurand.gates.figures import anytime, exact, intervals
from measurand.gates.figures.bounds import (
    Bounds,
    Direction,
    EvidenceError,
    Items,
    from_items,
)
from measurand.gates.figures.rows import from_statistic, statistic_p
from measurand.gates.questions import Gate, GateFile, Settings
from measurand.gates.reading import items
from measurand.gates.reading.comparable import belongs, compare, dataset_hash
from measurand.gates.reading.evidence import Evidence
from measurand.gates.reading.labels import beside
from measurand.gates.reading.pairing import in_one_order, pair, unpaired
from measurand.gates.reading.sources import Sources
from measurand.gates.verdict import GateResult
from measurand.results import slice_text

#: A baseline nearer to zero than this has no share that could be a margin.
ZERO = 1e-9
#: What "there is no baseline yet" looks like.
ABSENT = ("baseline_unresolved", "missing_metric", "empty_slice")
#: Column of the clusters that a run which may stop asks in order.
CLUSTER = "cluster_id"
#: Evidence at a one-sided level, against a null in the direction of the alternative.
Measure = Callable[[float, float, Direction], Bounds]


@dataclass(frozen=True)
class Case:
    """One gate on one model and slice, ready to be decided at any level.

    Attributes:
        measure: alpha, null and direction to bounds, in the metric's orientation; None if
            ``result`` is final or the evidence is a ``line``.
        line: clusters in the order of their bets, of a sequential gate.
        reference: number that estimates are taken relative to (a baseline of kind value).
        bound: limit, or largest acceptable difference, in the metric's orientation.
        result: what is known before the decision.
    """

    gate: Gate
    rules: Settings
    result: GateResult
    measure: Measure | None = None
    line: anytime.Line | None = None
    reference: float = 0.0
    bound: float = 0.0
    dataset: str | None = None

    @property
    def open(self) -> bool:
        """Whether there is something left to decide."""
        return self.measure is not None or self.line is not None

    def bounds(self, alpha: float) -> Bounds:
        """The figure at one level, relative to the reference, with the p of its hypotheses.

        Raises:
            EvidenceError: what measuring raises.
        """
        asked = hypotheses(self.gate.test, self.bound, self.gate.direction)
        nulls = [null + self.reference for null, _ in asked]
        found = [
            self._measured(alpha, nulls, null + self.reference, better) for null, better in asked
        ]
        if any(one.p is None for one in found):
            p = None
        else:
            p = max(one.p for one in found if one.p is not None)
        return replace(found[0].minus(self.reference) if self.reference else found[0], p=p)

    def _measured(self, alpha: float, nulls: list[float], null: float, better: Direction) -> Bounds:
        if self.line is not None:
            return anytime.bounds(
                self.line,
                alpha=alpha,
                confidence=self.rules.ci,
                nulls=nulls,
                null=null,
                better=better,
            )
        assert self.measure is not None
        return self.measure(alpha, null, better)


def cases(gate: Gate, spec: GateFile, sources: Sources) -> Iterator[Case]:
    """The gate's cases: its models, as listed or as found, times its slices."""
    for model in _models(gate, spec, sources):
        for parts in gate.slices():
            yield prepare(gate, spec, sources, model, parts)


def _models(gate: Gate, spec: GateFile, sources: Sources) -> tuple[str | None, ...]:
    """The models to gate: as listed, else all that have the metric; None if that is unknown."""
    if (listed := gate.models or spec.models) is not None:
        return listed
    try:
        evidence = sources.items() if gate.source == "items" else sources.statistics()
        return tuple(items.models_of(evidence, gate.metric)) or (None,)
    except EvidenceError:
        return (None,)


# Means that overflow are found when the result is made, as not finite.
@np.errstate(all="ignore")
def prepare(
    gate: Gate, spec: GateFile, sources: Sources, model: str | None, parts: dict[str, str]
) -> Case:
    """Gather the evidence for one gate, model and slice; what is wrong becomes an error case."""
    rules = spec.settings(gate)
    blank = GateResult(
        id=gate.id,
        decision=Decision("error", ""),
        level=Level(gate.alpha, gate.alpha),
        of=gate.of,
        severity=gate.severity,
        on_inconclusive=rules.on_inconclusive,
        test=gate.test,
        metric=gate.metric,
        direction=gate.direction,
        source=gate.source,
        model=model,
        slice=slice_text(parts),
        limit=gate.limit,
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
    belongs(evidence, sources.spec)
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
        measure=lambda alpha, null, better: _statistic(row, gate, alpha, null, better),
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
    if gate.test == "exact_equal":
        value = gate.baseline.value
        case = replace(
            case, measure=lambda *_: exact.of_figure(from_statistic(row, alpha=0.05), value)
        )
        return _named_value(case, value)
    return _against_value(case, gate.baseline.value)


def _statistic(
    row: Mapping[str, Any], gate: Gate, alpha: float, null: float, better: Direction
) -> Bounds:
    found = from_statistic(row, alpha=alpha)
    if gate.test in ("threshold", "non_inferiority"):
        return found
    return replace(found, p=statistic_p(row, null, better))


def _from_items(case: Case, sources: Sources, model: str | None, parts: dict[str, str]) -> Case:
    gate = case.gate
    evidence = sources.items()
    belongs(evidence, sources.spec)
    if model is None:
        raise EvidenceError(
            f"{evidence.where}: no rows of metric {gate.metric!r}",
            code="missing_metric",
            hint="mend metric",
        )
    candidate = items.select(evidence, gate, case.rules, model, parts)
    counts: tuple[tuple[str, int], ...] = (
        ("rows", candidate.rows),
        ("dropped", candidate.dropped),
        ("infra_errors", candidate.infra),
    )
    sample = (
        candidate.sample() if gate.baseline is None or gate.baseline.value is not None else None
    )
    if sample is not None and gate.labels is not None:
        labels = beside(candidate.items, sources.labels(gate.labels, gate.metric, model))
        sample = replace(sample, labels=labels)
        counts = (*counts, ("labels", int((~np.isnan(labels)).sum())))
    result = replace(case.result, candidate_hash=evidence.hash, counts=counts)
    case = replace(case, result=result, dataset=dataset_hash(evidence, sources.spec))
    if gate.test == "threshold":
        assert gate.limit is not None
        assert sample is not None
        return replace(_put(case, sample, evidence.sequence), bound=gate.limit)
    assert gate.baseline is not None
    if gate.baseline.value is not None:
        assert sample is not None
        value = gate.baseline.value
        if gate.test == "exact_equal":
            found = exact.of_items(sample, value)
            return _named_value(replace(case, measure=lambda *_: found), value)
        return _against_value(_put(case, sample, evidence.sequence), value)
    return _against_items(case, sources, evidence, candidate, model, parts)


def _put(case: Case, sample: Items, seed: int | None, other: Items | None = None) -> Case:
    """The case with its evidence: a line to bet on, or a measure of the sample."""
    gate, result = case.gate, case.result
    if gate.sequential is not None:
        if seed is not None and case.rules.cluster != CLUSTER:
            raise EvidenceError(
                f"bets on {case.rules.cluster}: a run that ends when it is decided asks the "
                f"clusters of {CLUSTER} in order",
                code="orders_mixed",
                hint="leave cluster out",
            )
        line = anytime.line_of(sample, gate.sequential.low, gate.sequential.high, seed)
        return replace(case, line=line)
    words = ("gate", gate.id, gate.metric, result.model or "", result.slice)
    return replace(
        case,
        measure=lambda alpha, null, better: intervals.measure(
            sample,
            alpha=alpha,
            confidence=case.rules.ci,
            interval=gate.interval,
            null=null,
            better=better,
            other=other,
            seed_words=words,
        ),
    )


def _named_value(case: Case, value: float) -> Case:
    result = replace(case.result, baseline=f"value {value:.6g}", baseline_estimate=value)
    return replace(case, result=result)


def _against_value(case: Case, value: float) -> Case:
    margin = _margin(case.gate, value, None)
    case = _named_value(case, value)
    return replace(
        case,
        result=replace(case.result, margin=margin),
        reference=value,
        bound=_loss(case.gate, margin),
    )


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
        candidate, other = in_one_order(candidate, other, evidence.sequence, baseline.sequence)
    except EvidenceError as error:
        if error.code not in ABSENT:
            raise _about_baseline(error, error.code) from error
        if not gate.baseline.bootstrap:
            raise _about_baseline(error, "baseline_unresolved") from error
        return _no_baseline(case, sources, error)
    if baseline.hash == evidence.hash:
        sources.warn(f"{gate.id}: candidate and baseline ({name}) are the same results")
    if gate.paired:
        sample, level = pair(candidate, other, same_dataset=same, max_drop=rules.max_drop)
        pairs: tuple[tuple[str, int], ...] = (("pairs", len(sample.values)),)
    else:
        sample, level = unpaired(candidate, other, max_drop=rules.max_drop)
        pairs = ()
    margin = _margin(gate, float(level.values.mean()), level)
    counts = (
        *case.result.counts,
        ("baseline_rows", other.rows),
        ("baseline_dropped", other.dropped),
        ("baseline_infra_errors", other.infra),
        ("items", candidate.items.num_rows),
        ("baseline_items", other.items.num_rows),
        *pairs,
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
    if gate.test == "exact_equal":
        found = exact.of_items(sample)
        unequal = ("unequal", exact.unequal(sample))
        case = replace(case, result=replace(result, counts=(*counts, unequal)))
        return replace(case, measure=lambda *_: found)
    return _put(case, sample, evidence.sequence, None if gate.paired else level)


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
        decision=Decision("pass", "no_baseline"),
        detail=Exception.__str__(error),
        found=Bounds(None, None, None, flags=("no_baseline",)),
    )
    return replace(case, result=result)


def _margin(gate: Gate, baseline: float, level: Items | None) -> float | None:
    """The margin in the metric's unit; a share is of the baseline's estimate, taken as known.

    Raises:
        EvidenceError: ``rel_margin_undefined`` if the baseline is 0 or not told apart from 0.
    """
    if gate.margin is None:
        return None
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


def _loss(gate: Gate, margin: float | None) -> float:
    if margin is None:
        return 0.0
    return -margin if gate.direction == "higher" else margin


def as_error(result: GateResult, error: EvidenceError) -> GateResult:
    """``result`` as an error, with what to do about it."""
    hint = f" ({error.hint})" if error.hint else ""
    detail = f"{Exception.__str__(error)}{hint}"
    return replace(result, decision=Decision("error", error.code), detail=detail)
