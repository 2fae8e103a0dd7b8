"""Scores with all that says how far to trust them: interval, reliability, detectable, gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from measurand.reporting.document import Cell, Section, Table
from measurand.reporting.verdict import ordered_gates
from measurand.statistics import EXACT

Row = Mapping[str, Any]
"""A row of ``STATISTICS``."""
COLUMNS = ("estimate", "reliability", "smallest detectable", "n", "clusters", "gate")
INTRO = (
    "Each headline figure, each that a gate reads and each whose reliability is known: estimate "
    "with its interval, reliability of the score behind it, the smallest difference that "
    "such a sample shows in four of five tries (two-sided 5%), and its gate's verdict."
)


def section(rows: Sequence[Row], headlines: Sequence[str], verdict: Row | None) -> Section | None:
    """One table a metric, the same for any order of the rows; None where no figure was made.

    Args:
        rows: the statistics table.
        headlines: the system's own choice of metrics.
        verdict: verdict of its gates, None where none was run.
    """
    gates = gate_states(verdict)
    shown = [
        row
        for row in sorted(rows, key=_key)
        if row["metric"] in headlines or row["reliability"] is not None or _key(row) in gates
    ]
    metrics = sorted({str(row["metric"]) for row in shown}, key=_place(headlines))
    tables = tuple(
        Table(
            metric,
            ("score", *COLUMNS),
            tuple(
                ({"text": row["slice"] or "overall", "detail": row["model"]}, *cells(row, gates))
                for row in shown
                if row["metric"] == metric
            ),
        )
        for metric in metrics
    )
    return Section("Every score", tables, INTRO, folded=True) if tables else None


def gate_states(verdict: Row | None) -> dict[tuple[str, str, str], str]:
    """(model, metric, slice) of a statistic -> state of the gate that reads it, the worst one."""
    found: dict[tuple[str, str, str], str] = {}
    for gate in ordered_gates(verdict):
        if gate.get("source") == "statistics":
            key = (str(gate.get("model")), str(gate.get("metric")), str(gate.get("slice") or ""))
            found.setdefault(key, str(gate.get("state")))
    return found


def chosen(
    rows: Sequence[Row], headlines: Sequence[str], verdict: Row | None, most: int
) -> list[Row]:
    """At most ``most`` figures of each headline metric, in the order of the headlines.

    Those that a gate reads come first, then models that gates judge, then defined figures, then
    the coarsest slices.
    """
    gates = gate_states(verdict)
    judged = {model for model, _, _ in gates}

    def rank(row: Row) -> tuple[Any, ...]:
        parts = str(row["slice"]).count("=")
        plain = row["model"] not in judged, row["estimate"] is None, parts
        return _key(row) not in gates, *plain, row["model"], row["slice"]

    found: list[Row] = []
    for metric in headlines:
        found += sorted((row for row in rows if row["metric"] == metric), key=rank)[:most]
    return found


def figure(row: Row, label: str) -> Cell:
    """The row's figure over its name; null with its reason where undefined."""
    cell = _estimate(row)
    return {**cell, "detail": label} if isinstance(cell, Mapping) else cell


def cells(row: Row, gates: Mapping[tuple[str, str, str], str]) -> tuple[Cell, ...]:
    """The cells of :data:`COLUMNS`; what does not apply is null with its reason."""
    exact = row["method"] == EXACT
    state = gates.get(_key(row))
    return (
        _estimate(row),
        _or(row["reliability"], _no_reliability(exact, row)),
        _or(row["mde"], "a count: no sampling error" if exact else _no_error(row)),
        row["n"],
        row["n_clusters"],
        {"state": state} if state else {"value": None, "reason": "no gate reads it"},
    )


def _estimate(row: Row) -> Cell:
    if row["estimate"] is None or row["ci_lo"] is None or row["method"] == EXACT:
        reason = (row["reason"] or "undefined") if row["estimate"] is None else None
        return {"value": row["estimate"], "reason": reason}
    ends = {"lower": row["ci_lo"], "upper": row["ci_hi"]}
    return {"estimate": row["estimate"], **ends, "reason": row["reason"]}


def _no_reliability(exact: bool, row: Row) -> str:
    if exact:
        return "a count: no error of measurement"
    return "no estimate" if row["estimate"] is None else "its system computes none for this figure"


def _no_error(row: Row) -> str:
    return "no estimate" if row["estimate"] is None else "no standard error"


def _or(value: float | None, reason: str) -> Cell:
    return {"value": value, "reason": None if value is not None else reason}


def _key(row: Row) -> tuple[str, str, str]:
    return str(row["model"]), str(row["metric"]), str(row["slice"])


def _place(headlines: Sequence[str]) -> Any:
    """Headlines in their own order, then the others by name."""
    order = {metric: i for i, metric in enumerate(headlines)}
    return lambda metric: (order.get(metric, len(order)), metric)
