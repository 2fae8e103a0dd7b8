"""From rows of results to one score per item: statuses, missing values, repeats, pairing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand.gates.bounds import EvidenceError, FloatArray, Items
from measurand.gates.evidence import Evidence, cast
from measurand.gates.gatefile import Gate, Settings
from measurand.results import STATUSES, slice_text

#: Least share of common items where the datasets may differ.
MIN_OVERLAP = 0.95


@dataclass(frozen=True)
class Scored:
    """One side's items of one metric, model and slice.

    Attributes:
        ids: (n,) item ids with a score, sorted.
        values: (n,) mean over an item's repeats.
        clusters: (n,) cluster of each item.
        all_ids: every item id asked, scored or not.
        prompts: prompt hashes per item id, joined; empty where rows carry none.
        rows: rows asked.
        dropped: rows left out for want of a value.
        infra: rows lost to infrastructure; never the model's failures.
    """

    ids: np.ndarray
    values: FloatArray
    clusters: np.ndarray
    all_ids: frozenset[str]
    prompts: Mapping[str, str]
    rows: int
    dropped: int
    infra: int

    @property
    def drop_share(self) -> float:
        """Share of rows left out, of those that reached the model."""
        return self.dropped / max(1, self.rows - self.infra)


def models_of(evidence: Evidence, metric: str) -> list[str]:
    """Models that have rows of ``metric``, sorted."""
    table = evidence.table
    if "model" not in table.column_names or "metric" not in table.column_names:
        return []
    mask = pc.equal(cast(table, "metric", pa.string(), evidence.where), metric)
    found = cast(table.filter(mask), "model", pa.string(), evidence.where).unique().to_pylist()
    return sorted(x for x in found if x is not None)


def select(
    evidence: Evidence, gate: Gate, rules: Settings, model: str, parts: Mapping[str, str]
) -> Scored:
    """One score per item.

    Raises:
        EvidenceError: ``missing_metric`` (column, metric or model absent), ``empty_slice``,
            ``id_mismatch`` (duplicate rows, an item in two clusters), ``infra_errors``,
            ``nan_value``, ``too_many_dropped``.
    """
    rows = _rows(evidence, gate, rules, model, parts)
    _no_duplicates(rows, evidence.where)
    n = rows.num_rows
    status = rows.column("status")
    infra = pc.equal(status, "infra_error").to_numpy(zero_copy_only=False)
    lost = int(infra.sum())
    if lost > rules.max_infra_errors * n:
        raise EvidenceError(
            f"{lost} of {n} rows of model {model!r} were lost to infrastructure errors; at most "
            f"{rules.max_infra_errors:.4g} of them may be",
            code="infra_errors",
            hint="evaluate again; finished calls are not repeated",
        )
    values = rows.column("value").to_numpy(zero_copy_only=False).astype(float)
    ok = pc.equal(status, "ok").to_numpy(zero_copy_only=False)
    values, drop = _missing(values, ok, infra, status, rules, gate.direction)
    use = ~infra & ~drop
    ids = np.asarray(rows.column("item_id").to_pylist(), dtype=str)
    clusters = np.asarray(rows.column("cluster").to_pylist(), dtype=str)
    unique, first, inverse = np.unique(ids[use], return_index=True, return_inverse=True)
    cluster_of = clusters[use][first] if len(unique) else np.asarray([], dtype=str)
    if len(unique) and (clusters[use] != cluster_of[inverse]).any():
        raise EvidenceError(
            "an item lies in two clusters", code="id_mismatch", hint="one cluster per item"
        )
    repeats = np.bincount(inverse, minlength=len(unique))
    with np.errstate(all="ignore"):
        means = np.bincount(inverse, values[use], minlength=len(unique)) / repeats
    if not np.isfinite(means).all():
        raise EvidenceError("scores overflow", code="overflow", hint="check the scores' scale")
    return Scored(
        ids=unique,
        values=means,
        clusters=cluster_of,
        all_ids=frozenset(ids.tolist()),
        prompts=_prompts(rows, ids),
        rows=n,
        dropped=int(drop.sum()),
        infra=lost,
    )


def single(side: Scored) -> Items:
    """Scores of one side.

    Raises:
        EvidenceError: ``empty_slice`` if no item has a score.
    """
    if not len(side.ids):
        raise EvidenceError("no item has a score", code="empty_slice", hint="look at the statuses")
    return Items(side.values, side.clusters)


def pair(
    candidate: Scored, baseline: Scored, same_dataset: bool, max_drop: float
) -> tuple[Items, Items]:
    """Differences candidate - baseline on common items, and the baseline's scores on them.

    Args:
        candidate: one side.
        baseline: the other.
        same_dataset: item ids must be equal; else an overlap of 95% is enough.
        max_drop: largest difference in the share of dropped rows.

    Raises:
        EvidenceError: ``id_mismatch``, ``low_overlap``, ``uneven_drop``, ``instrument_changed``
            (other prompts for the same items), ``empty_slice``.
    """
    common = candidate.all_ids & baseline.all_ids
    union = candidate.all_ids | baseline.all_ids
    if same_dataset and len(common) < len(union):
        sample = sorted(union - common)[:3]
        raise EvidenceError(
            f"{len(union) - len(common)} item ids are on one side only, such as {sample}",
            code="id_mismatch",
            hint="run both sides on the same items",
        )
    if len(common) < MIN_OVERLAP * len(union):
        raise EvidenceError(
            f"only {len(common)} of {len(union)} items are common, not {MIN_OVERLAP:.0%} of them",
            code="low_overlap",
            hint="run the baseline again on the present dataset",
        )
    changed = [
        i
        for i in common
        if candidate.prompts.get(i)
        and baseline.prompts.get(i)
        and candidate.prompts[i] != baseline.prompts[i]
    ]
    if changed:
        raise EvidenceError(
            f"{len(changed)} common items were asked with other prompts, such as {min(changed)!r}",
            code="instrument_changed",
            hint="run the baseline again with the present prompts",
        )
    if abs(candidate.drop_share - baseline.drop_share) > max_drop:
        raise EvidenceError(
            f"dropped rows differ: {candidate.drop_share:.2%} of the candidate, "
            f"{baseline.drop_share:.2%} of the baseline",
            code="uneven_drop",
            hint="a loss on one side biases the difference: mend the scoring",
        )
    _, left, right = np.intersect1d(
        candidate.ids, baseline.ids, assume_unique=True, return_indices=True
    )
    if not len(left):
        raise EvidenceError(
            "no common item has a score", code="empty_slice", hint="look at the statuses"
        )
    if same_dataset and (candidate.clusters[left] != baseline.clusters[right]).any():
        raise EvidenceError(
            "an item lies in different clusters on the two sides",
            code="id_mismatch",
            hint="run both sides on the same items",
        )
    clusters = candidate.clusters[left]
    with np.errstate(all="ignore"):
        differences = candidate.values[left] - baseline.values[right]
    if not np.isfinite(differences).all():
        raise EvidenceError("scores overflow", code="overflow", hint="check the scores' scale")
    return Items(differences, clusters, paired=True), Items(baseline.values[right], clusters)


def _rows(
    evidence: Evidence, gate: Gate, rules: Settings, model: str, parts: Mapping[str, str]
) -> pa.Table:
    """Rows of metric, model and slice with the columns needed, each of its declared type."""
    where = evidence.where
    table = _of(evidence.table, "metric", gate.metric, where)
    table = _of(table, "model", model, where)
    columns = {
        "item_id": _column(table, rules.unit, pa.string(), where),
        "cluster": _column(table, rules.cluster, pa.string(), where),
        "value": _column(table, "value", pa.float64(), where),
        "repeat": _column(table, "repeat", pa.int64(), where, default=0),
        "status": _column(table, "status", pa.string(), where, default="ok"),
        "slice": _column(table, "slice", pa.string(), where, default=""),
        "prompt": _column(table, "prompt_sha256", pa.string(), where, default=""),
    }
    rows = pa.table(columns)
    if parts:
        texts = rows.column("slice").unique().to_pylist()
        wanted = [t for t in texts if parts.items() <= _parts(t).items()]
        rows = rows.filter(pc.is_in(rows.column("slice"), pa.array(wanted, pa.string())))
        if not rows.num_rows:
            raise EvidenceError(
                f"{where}: no rows of metric {gate.metric!r} in slice {slice_text(dict(parts))!r}",
                code="empty_slice",
                hint="mend slice",
            )
    for name in ("item_id", "cluster", "repeat", "status"):
        if rows.column(name).null_count:
            raise EvidenceError(
                f"{where}: null in column {name}", code="id_mismatch", hint="every row needs it"
            )
    if strange := sorted(set(rows.column("status").unique().to_pylist()) - set(STATUSES)):
        raise EvidenceError(
            f"{where}: unknown status {strange[0]!r}",
            code="schema_drift",
            hint=f"one of {', '.join(STATUSES)}",
        )
    return rows


def _of(table: pa.Table, column: str, value: str, where: str) -> pa.Table:
    """Rows with ``value`` in ``column``; there must be some."""
    rows = table.filter(pc.equal(_column(table, column, pa.string(), where), value))
    if not rows.num_rows:
        raise EvidenceError(
            f"{where}: no rows of {column} {value!r}",
            code="missing_metric",
            hint=f"mend {column} in the gate file, or evaluate it",
        )
    return rows


def _column(
    table: pa.Table, name: str, dtype: pa.DataType, where: str, default: str | int | None = None
) -> pa.ChunkedArray:
    """A column as ``dtype``, or ``default`` in every row where the table lacks an optional one."""
    if name in table.column_names:
        return cast(table, name, dtype, where)
    if default is None:
        raise EvidenceError(
            f"{where}: no column {name}",
            code="missing_metric",
            hint="see the data dictionary of the results table",
        )
    return pa.chunked_array([pa.repeat(pa.scalar(default, dtype), table.num_rows)])


def _parts(text: str | None) -> dict[str, str]:
    pairs = (p.split("=", 1) for p in (text or "").split(",") if "=" in p)
    return {k: v for k, v in pairs}


def _no_duplicates(rows: pa.Table, where: str) -> None:
    groups = rows.group_by(["item_id", "repeat"], use_threads=False).aggregate([])
    if groups.num_rows < rows.num_rows:
        raise EvidenceError(
            f"{where}: {rows.num_rows - groups.num_rows} rows repeat an item id and repeat number",
            code="id_mismatch",
            hint="one row per item, repeat, metric and model",
        )


def _missing(
    values: FloatArray,
    ok: np.ndarray,
    infra: np.ndarray,
    status: pa.ChunkedArray,
    rules: Settings,
    direction: str,
) -> tuple[FloatArray, np.ndarray]:
    """Apply the gate's rule for rows without a finite value.

    ``skipped`` rows were never asked: no rule makes them failures, they can only be dropped.
    """
    bad = ~infra & (~ok | ~np.isfinite(values))
    none = np.zeros(len(values), dtype=bool)
    if not bad.any():
        return values, none
    asked = int((~infra).sum())
    if rules.nan == "error":
        raise EvidenceError(
            f"{int(bad.sum())} of {asked} rows have no finite value",
            code="nan_value",
            hint="mend the scoring, or set nan: worst or nan: drop",
        )
    drop = bad
    if rules.nan == "worst":
        skipped = pc.equal(status, "skipped").to_numpy(zero_copy_only=False)
        drop = bad & skipped
        good = values[~bad & ~infra]
        if len(good) and not ((good >= 0) & (good <= 1)).all():
            raise EvidenceError(
                "nan: worst is for scores between 0 and 1",
                code="nan_value",
                hint="set nan: drop, or score on 0..1",
            )
        values = np.where(bad & ~skipped, 0.0 if direction == "higher" else 1.0, values)
    if int(drop.sum()) > rules.max_drop * asked:
        raise EvidenceError(
            f"{int(drop.sum())} of {asked} rows would be dropped; at most {rules.max_drop:.4g} of "
            "them may be",
            code="too_many_dropped",
            hint="mend the scoring",
        )
    return values, drop


def _prompts(rows: pa.Table, ids: np.ndarray) -> dict[str, str]:
    if "prompt" not in rows.column_names:
        return {}
    hashes: dict[str, set[str]] = {}
    for item, prompt in zip(ids.tolist(), rows.column("prompt").to_pylist(), strict=True):
        hashes.setdefault(item, set()).add(prompt or "")
    return {item: " ".join(sorted(found)).strip() for item, found in hashes.items()}
