"""From rows of results to one score per item: statuses, missing values, repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand import joining
from measurand.gates.figures.bounds import EvidenceError, FloatArray, Items
from measurand.gates.questions import Gate, Settings
from measurand.gates.reading.evidence import Evidence, cast
from measurand.results import STATUSES, slice_parts, slice_text


@dataclass(frozen=True)
class Scored:
    """One side's items of one metric, model and slice.

    Attributes:
        items: one row per item asked, sorted by ``item_id``: ``value`` (mean over repeats, null
            without a score), ``cluster``, and the first and last of the hashes of its prompts and
            of its documents (null where the rows do not hold them).
        rows: rows asked.
        dropped: rows left out for want of a value.
        infra: rows lost to infrastructure; never the model's failures.
    """

    items: pa.Table
    rows: int
    dropped: int
    infra: int

    @property
    def drop_share(self) -> float:
        """Share of rows left out, of those that reached the model."""
        return self.dropped / max(1, self.rows - self.infra)

    def sample(self) -> Items:
        """Scores of the items that have one.

        Raises:
            EvidenceError: ``empty_slice`` if no item has.
        """
        return sample_of(self.items, self.items.column("value"))


def sample_of(table: pa.Table, values: pa.ChunkedArray, *, paired: bool = False) -> Items:
    """Items with their clusters where ``values`` are not null.

    Raises:
        EvidenceError: ``empty_slice`` if none is, ``overflow`` if one is not finite.
    """
    present = pc.is_valid(values)
    numbers = values.filter(present).to_numpy()
    if not len(numbers):
        raise EvidenceError("no item has a score", code="empty_slice", hint="look at the statuses")
    if not np.isfinite(numbers).all():
        raise EvidenceError("scores overflow", code="overflow", hint="check the scores' scale")
    clusters = table.column("cluster").filter(present).combine_chunks().dictionary_encode()
    names = tuple(clusters.dictionary.to_pylist())
    return Items(numbers, clusters.indices.to_numpy(), paired, names=names)


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
            ``nan_value``, ``too_many_dropped``, ``item_changed`` (one id, two documents).
    """
    rows, dropped, lost = _scored(evidence, gate, rules, model, parts)
    grouped = rows.group_by("item_id", use_threads=False)
    table = grouped.aggregate(
        [("score", "mean"), *((c, f) for c in _OF_ITEM for f in ("min", "max"))]
    ).sort_by("item_id")
    if pc.any(pc.not_equal(table.column("cluster_min"), table.column("cluster_max"))).as_py():
        raise EvidenceError(
            "an item lies in two clusters", code="id_mismatch", hint="one cluster per item"
        )
    columns = {
        "item_id": table.column("item_id"),
        "value": table.column("score_mean"),
        "cluster": table.column("cluster_min"),
        "prompt_first": table.column("prompt_min"),
        "prompt_last": table.column("prompt_max"),
        "document_first": table.column("document_min"),
        "document_last": table.column("document_max"),
    }
    one_document(pa.table(columns))
    return Scored(pa.table(columns), rows=rows.num_rows, dropped=dropped, infra=lost)


def single(
    evidence: Evidence, gate: Gate, rules: Settings, model: str, parts: Mapping[str, str]
) -> pa.Table:
    """Scores of single repeats, the rules of :func:`select` applied.

    Returns:
        A row an item and repeat that has a score: ``item_id``, ``cluster``, ``repeat``, ``score``.

    Raises:
        EvidenceError: as :func:`select`.
    """
    rows, _, _ = _scored(evidence, gate, rules, model, parts)
    kept = rows.select(["item_id", "cluster", "repeat", "score"])
    return kept.filter(pc.is_valid(kept.column("score")))


def _scored(
    evidence: Evidence, gate: Gate, rules: Settings, model: str, parts: Mapping[str, str]
) -> tuple[pa.Table, int, int]:
    """Rows with their ``score``, how many were left out, and how many infrastructure lost."""
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
    scores = pa.array(values, mask=infra | drop)
    return rows.append_column("score", scores), int(drop.sum()), lost


_OF_ITEM = ("cluster", "prompt", "document")


def one_document(*sides: pa.Table) -> None:
    """Refuse items that stand for more than one document, in one side or between two.

    Raises:
        EvidenceError: ``item_changed``.
    """
    rows = pa.concat_tables(
        side.select(["item_id", name]).rename_columns([joining.ITEM, joining.DOCUMENT])
        for side in sides
        for name in ("document_first", "document_last")
    )
    if bad := joining.two_documents(rows):
        error = joining.refuse(bad, rows)
        hint = "run the baseline again on the present items"
        if len(sides) == 1:
            hint = "give every document an id of its own"
        raise EvidenceError(error.args[0], code=error.code, hint=hint)


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
        "prompt": _column(table, "prompt_sha256", pa.string(), where, default="").fill_null(""),
    }
    # A unit that is no item, such as a group of them, may hold many documents.
    columns["document"] = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    if rules.unit == "item_id" and "item_sha256" in table.column_names:
        columns["document"] = cast(table, "item_sha256", pa.string(), where)
    rows = pa.table(columns)
    if parts:
        texts = rows.column("slice").unique().to_pylist()
        wanted = [t for t in texts if parts.items() <= slice_parts(t or "").items()]
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
