"""What a pilot says of each gate: single scores by cluster, item and repeat, and the question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand.gates.cases import Case, cases
from measurand.gates.figures.bounds import EvidenceError
from measurand.gates.questions import GateFile
from measurand.gates.reading import items
from measurand.gates.reading.labels import beside
from measurand.gates.reading.sources import Sources
from measurand.results import slice_parts
from measurand.stats.arrays import AnyArray, FloatArray


@dataclass(frozen=True)
class Scores:
    """Single scores, or differences from the baseline's.

    Attributes:
        values: (n,) scores relative to nothing; of a paired gate candidate minus baseline.
        clusters: (n,) cluster of each.
        items: (n,) item of each.
        repeats: (n,) repeat of each.
        paired: whether the values are differences.
        labels: (items,) people's scores in the order of sorted items; None where none are asked.
    """

    values: FloatArray
    clusters: AnyArray
    items: AnyArray
    repeats: AnyArray
    paired: bool = False
    labels: FloatArray | None = None

    @property
    def rate(self) -> bool:
        """Whether they are single 0/1 answers to independent items."""
        n = len(self.values)
        lone = len(np.unique(self.clusters)) == n == len(np.unique(self.items))
        return lone and not self.paired and bool(np.isin(self.values, (0.0, 1.0)).all())


@dataclass(frozen=True)
class Pilot:
    """One gate, model and slice with what the pilot measured of it.

    Attributes:
        case: the gate as it would be decided, with its bound.
        scores: None where there is a ``reason``.
        reason: why nothing can be planned.
    """

    case: Case
    scores: Scores | None
    reason: str | None = None


def pilots(spec: GateFile, sources: Sources) -> Iterator[Pilot]:
    """Every gate's cases with their scores, in the file's order."""
    for gate in spec.gates:
        for case in cases(gate, spec, sources):
            if (why := _unfit(case)) is not None:
                yield Pilot(case, None, why)
                continue
            try:
                yield Pilot(case, _scores(case, sources))
            except EvidenceError as error:
                yield Pilot(case, None, str(Exception.__str__(error)))


def _unfit(case: Case) -> str | None:
    if case.gate.source == "statistics":
        return "a finished statistic has no items: plan a gate on items"
    if case.gate.test == "exact_equal":
        return "exact_equal makes no error: nothing is to be planned"
    if not case.gate.paired:
        return "independent samples are not planned: leave paired: false out"
    if not case.open:
        return case.result.detail or case.result.decision.reason_code
    return None


def _scores(case: Case, sources: Sources) -> Scores:
    gate, rules, model = case.gate, case.rules, case.result.model
    assert model is not None
    parts = slice_parts(case.result.slice)
    own = items.single(sources.items(), gate, rules, model, parts)
    if gate.baseline is not None and gate.baseline.value is None:
        evidence, _ = sources.baseline(gate.baseline)
        other = items.single(evidence, gate, rules, gate.baseline.model or model, parts)
        return _arrays(_paired(own, other), paired=True)
    found = _arrays(own)
    if gate.labels is None:
        return found
    table = items.select(sources.items(), gate, rules, model, parts).items
    known = beside(table, sources.labels(gate.labels, gate.metric, model))
    return Scores(found.values, found.clusters, found.items, found.repeats, labels=known)


def _arrays(rows: pa.Table, *, paired: bool = False) -> Scores:
    rows = rows.sort_by([("item_id", "ascending"), ("repeat", "ascending")])
    names = ("score", "cluster", "item_id", "repeat")
    values, clusters, items, repeats = (rows.column(name).to_numpy() for name in names)
    return Scores(values, clusters, items, repeats, paired)


def _paired(own: pa.Table, other: pa.Table) -> pa.Table:
    """Differences by item and repeat; of items where both sides have other repeats."""
    keys = ["item_id", "repeat"]
    ours, theirs = (t.group_by(keys).aggregate([]).num_rows for t in (own, other))
    both = own.join(other.select([*keys, "score"]), keys, right_suffix="_b", join_type="inner")
    if both.num_rows < max(ours, theirs):
        own, other = _means(own), _means(other)
        both = own.join(other.select([*keys, "score"]), keys, right_suffix="_b", join_type="inner")
    difference = pc.subtract(both.column("score"), both.column("score_b"))
    return both.set_column(both.column_names.index("score"), "score", difference)


def _means(rows: pa.Table) -> pa.Table:
    """One row an item, its repeats averaged and numbered 0."""
    found = rows.group_by("item_id", use_threads=False).aggregate(
        [("cluster", "min"), ("score", "mean")]
    )
    return pa.table(
        {
            "item_id": found.column("item_id"),
            "cluster": found.column("cluster_min"),
            "repeat": pa.repeat(pa.scalar(0, pa.int64()), found.num_rows),
            "score": found.column("score_mean"),
        }
    )
