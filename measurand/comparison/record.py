"""The comparison as one record of plain JSON values: paired where items are known, else not.

A change is B minus A. Where both sides have item rows, the same items are compared with themselves
(repeats averaged first), which takes their common difficulty out of the error. Figures that exist
as statistics alone (reliability coefficients, correlations) are compared through their standard
errors as if the samples were independent; over the same items that is usually too wide, and it
says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand import joining, ranges
from measurand.analysis.figures import difference_record
from measurand.analysis.scores import Score, scores
from measurand.comparison.sides import Side
from measurand.errors import InputError
from measurand.interop.account import Group
from measurand.interop.account import first as listed
from measurand.statistics import EXACT
from measurand.stats.arrays import IntArray
from measurand.stats.multiplicity import benjamini_hochberg, holm

SCHEMA = "measurand.comparison/1.0.0"
UNPAIRED = "difference of two estimates, standard errors added as for independent samples"

Record = dict[str, Any]


def compare(a: Side, b: Side, changed: str = "refuse") -> Record:
    """Everything that changed from A to B, with what could have been seen.

    Args:
        a: one side.
        b: the other.
        changed: ``refuse`` items of one id that are two documents, or ``leave-out``.

    Raises:
        InputError: code ``item_changed``, or ``no_common_item``: both sides have item rows and no
            item is on both.

    Returns:
        ``items``: paired changes of each metric (over all items) and of each slice of it;
        ``statistics``: changed figures; how many did not change; what only one side has; notes.
        p values are adjusted within each of the three families: metrics, slices, statistics.
    """
    from measurand.version import __version__

    notes = [*a.notes, *b.notes]
    metrics, slices = _items(a, b, notes, changed)
    figures, same, only_a, only_b = _statistics(a, b)
    if not (figures or same or any(row["difference"]["n"] for row in metrics)):
        _refuse_nothing(a, b, notes)
    for family in (metrics, slices, figures):
        _adjust(family)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "a": a.name,
        "b": b.name,
        "notes": notes,
        "account": {"a": a.account.record(), "b": b.account.record()},
        "metrics": metrics,
        "slices": slices,
        "statistics": figures,
        "unchanged_statistics": same,
        "only_in_a": only_a,
        "only_in_b": only_b,
    }


def _refuse_nothing(a: Side, b: Side, notes: Sequence[str]) -> None:
    """An error where both sides have items and none is compared."""
    if a.items is None or b.items is None:
        return
    said = [note for note in notes if note not in (*a.notes, *b.notes)]
    raise InputError(
        f"no item of {a.name} is compared with one of {b.name}: {' '.join(said)}",
        hint="compare runs on the same items; --by-content joins them by what they say",
        code="no_common_item",
    )


def _items(a: Side, b: Side, notes: list[str], changed: str) -> tuple[list[Record], list[Record]]:
    if a.items is None or b.items is None:
        lacking = [side.name for side in (a, b) if side.items is None]
        notes.append(f"No paired comparison: {' and '.join(lacking)} without item rows.")
        return [], []
    metrics: list[Record] = []
    slices: list[Record] = []
    groups = list(dict.fromkeys([*a.account.groups, *b.account.groups]))
    systems = sorted(set(_systems(a.items)) & set(_systems(b.items)))
    for system in systems:
        first, second = _of(a.items, system), _of(b.items, system)
        pairs = _models(first, second)
        _lone_models(system, (first, second), pairs, notes)
        for left, right in pairs:
            sides = _model(first, left), _model(second, right)
            sides = _same_documents(*sides, changed, notes)
            name = left if left == right else f"{left} -> {right}"
            whole, parts = _pair({"system": system, "model": name}, *sides, groups, notes)
            metrics += whole
            slices += parts
    if not systems:
        notes.append("The sides come from different systems: nothing to pair.")
    return metrics, slices


def _same_documents(
    a: pa.Table, b: pa.Table, changed: str, notes: list[str]
) -> tuple[pa.Table, pa.Table]:
    """Both sides without items that are two documents, or an error."""
    column = "item_sha256"
    if column not in a.column_names or column not in b.column_names:
        return a, b
    names = ["item_id", column]
    rows = pa.concat_tables([a.select(names), b.select(names)])
    rows = rows.rename_columns([joining.ITEM, joining.DOCUMENT])
    bad = joining.two_documents(rows)
    if not bad:
        return a, b
    if changed != "leave-out":
        raise joining.refuse(bad, rows)
    notes.append(f"{len(bad):,} items are two documents and were left out, such as {bad[0]}.")
    other = pc.invert(pc.is_in(a.column("item_id"), value_set=pa.array(bad, pa.string())))
    return a.filter(other), b


def _lone_models(
    system: str, sides: tuple[pa.Table, pa.Table], pairs: list[tuple[str, str]], notes: list[str]
) -> None:
    if not pairs:
        notes.append(f"{system}: the sides have no model in common.")
        return
    for label, table, at in (("A", sides[0], 0), ("B", sides[1], 1)):
        paired = {pair[at] for pair in pairs}
        alone = [m for m in sorted(table.column("model").unique().to_pylist()) if m not in paired]
        if alone:
            notes.append(f"Models in {label} only: {listed(alone)}.")


def _pair(
    about: Record, a: pa.Table, b: pa.Table, groups: Sequence[Group], notes: list[str]
) -> tuple[list[Record], list[Record]]:
    found: list[dict[tuple[str, str], Score]] = []
    for label, table in (("A", a), ("B", b)):
        at = table.column_names.index("model")
        named = table.set_column(at, "model", pa.repeat(label, table.num_rows))
        found.append({(s.task, s.metric): s for s in scores(named, groups)})
    for label, own, other in (("A", found[0], found[1]), ("B", found[1], found[0])):
        if alone := sorted(own[key].name for key in own.keys() - other.keys()):
            notes.append(f"{about['model']}: scores in {label} only: {listed(alone)}.")
    metrics, slices = [], []
    for key in sorted(found[0].keys() & found[1].keys()):
        one, two = found[0][key], found[1][key]
        row, what = {**about, "metric": one.name}, f"{about['model']}, {one.name}"
        metrics.append({**row, "slice": "", **_change(one, two, what, notes)})
        names = sorted(one.slices.keys() | two.slices.keys())
        for label, side, opposite in (("A", one, two), ("B", two, one)):
            if alone := sorted(side.slices.keys() - opposite.slices.keys()):
                notes.append(f"{what}: slices in {label} only: {listed(alone)}.")
        if len(names) > 1:
            slices += [
                {**row, "slice": s, **_change(one.slices[s], two.slices[s], f"{what}, {s}", [])}
                for s in names
                if s in one.slices and s in two.slices
            ]
    return metrics, slices


def _change(a: Score, b: Score, what: str, notes: list[str]) -> Record:
    """Paired figures of B - A for one model each, on the items that both have a score for."""
    index = {item: i for i, item in enumerate(b.items)}
    rows = [(i, index[item]) for i, item in enumerate(a.items) if item in index]
    left, right = (np.array([r[side] for r in rows], dtype=np.int64) for side in (0, 1))
    x, y = a.values[left, 0], b.values[right, 0]
    both = ~(np.isnan(x) | np.isnan(y))
    clusters = _clusters(a.clusters[left], b.clusters[right], what, notes)
    lost = next((w for s in (a, b) if (w := s.lost_most(s.models[0]))), None)
    single = a.repeats == b.repeats == 1
    plain = a.binary and b.binary and single and clusters is None
    x, y = x[both], y[both]
    clusters = None if clusters is None else clusters[both]
    figures = difference_record(y, x, clusters, plain=plain, lost=lost)
    whole = len(x) > 0 and lost is None
    unpaired = sum(int((~np.isnan(s.values[:, 0])).sum()) for s in (a, b)) - 2 * len(x)
    if (scales := ranges.apart({"A": x, "B": y})) is not None:
        notes.append(f"{what}: {scales}.")
    if unpaired:
        notes.append(f"{what}: {unpaired:,} items are scored on one side only.")
    return {
        "mean_a": float(x.mean()) if whole else None,
        "mean_b": float(y.mean()) if whole else None,
        "unpaired_items": unpaired,
        **figures,
    }


def _clusters(a: IntArray, b: IntArray, what: str, notes: list[str]) -> IntArray | None:
    """Clusters of common items: the coarser of the two sides; None where items are independent.

    Args:
        a: (n,) cluster of each item on one side.
        b: (n,) on the other.
        what: the score, for messages.
        notes: where it is said that the sides differ.

    Raises:
        InputError: code ``item_in_two_clusters``: neither side's clusters lie within the other's.
    """
    sizes = [len(np.unique(side)) for side in (a, b)]
    joint = len(np.unique(np.stack([a, b], axis=1), axis=0))
    if joint > max(sizes):
        raise InputError(
            f"{what}: the sides put the same items into different clusters",
            hint="name the same field for both",
            code="item_in_two_clusters",
        )
    coarser = a if sizes[0] <= sizes[1] else b
    if sizes[0] != sizes[1]:
        label = "A" if coarser is a else "B"
        notes.append(f"{what}: the clusters are those of {label}, the other side has smaller ones.")
    return coarser if min(sizes) < len(a) else None


def _statistics(a: Side, b: Side) -> tuple[list[Record], int, int, int]:
    if a.statistics is None or b.statistics is None:
        return [], 0, 0, 0
    key = ("system", "model", "metric", "slice")
    first = {tuple(r[k] for k in key): r for r in a.statistics.to_pylist()}
    second = {tuple(r[k] for k in key): r for r in b.statistics.to_pylist()}
    shared = sorted(first.keys() & second.keys())
    found, same = [], 0
    for one in shared:
        x, y = first[one], second[one]
        if _equal(x["estimate"], y["estimate"]) and _equal(x["se"], y["se"]):
            same += 1
            continue
        found.append({**dict(zip(key, one, strict=True)), **_figure_change(x, y)})
    return found, same, len(first) - len(shared), len(second) - len(shared)


def _equal(x: float | None, y: float | None) -> bool:
    """Equal to six digits: the last bits of float32 scores differ between machines."""
    if x is None or y is None:
        return x is y
    return math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-9)


def _figure_change(x: Record, y: Record) -> Record:
    from scipy.special import ndtri

    p, low, high, detectable, reason = None, None, None, None, None
    value = None
    if x["estimate"] is None or y["estimate"] is None:
        side = "A" if x["estimate"] is None else "B"
        reason = f"undefined in {side}: {(x if side == 'A' else y)['reason']}"
    else:
        value = y["estimate"] - x["estimate"]
        if x["method"] == EXACT and y["method"] == EXACT:
            reason = "a count: no sampling error"
        elif x["se"] is None or y["se"] is None:
            reason = "no interval: a side has no standard error"
        else:
            se = math.hypot(x["se"], y["se"])
            low, high = value - ndtri(0.975) * se, value + ndtri(0.975) * se
            detectable = float(ndtri(0.975) + ndtri(0.8)) * se
            p = math.erfc(abs(value) / se / math.sqrt(2)) if se > 0 else None
    return {
        "mean_a": x["estimate"],
        "mean_b": y["estimate"],
        "difference": {
            "value": value,
            "ci_lo": low,
            "ci_hi": high,
            "n": y["n"],
            "method": UNPAIRED,
            "reason": reason,
        },
        "p": p,
        "p_reason": None if p is not None else reason or "no standard error",
        "smallest_detectable": detectable,
    }


def _adjust(family: Sequence[Record]) -> None:
    raw = [row["p"] for row in family]
    for row, first, second in zip(family, holm(raw), benjamini_hochberg(raw), strict=True):
        row["p_holm"], row["p_bh"] = first, second


def _systems(table: pa.Table) -> list[str]:
    return [str(s) for s in table.column("system").unique().to_pylist()]


def _of(table: pa.Table, system: str) -> pa.Table:
    return table.filter(pc.equal(table.column("system"), system))


def _model(table: pa.Table, model: str) -> pa.Table:
    return table.filter(pc.equal(table.column("model"), model))


def _models(a: pa.Table, b: pa.Table) -> list[tuple[str, str]]:
    """Models of one name on both sides; two that stand alone are a pair under any names."""
    first = sorted(map(str, a.column("model").unique().to_pylist()))
    second = sorted(map(str, b.column("model").unique().to_pylist()))
    shared = [(m, m) for m in first if m in second]
    return shared or ([(first[0], second[0])] if len(first) == len(second) == 1 else [])
