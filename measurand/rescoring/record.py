"""What a new parser changes, as plain JSON values."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from measurand.analysis.figures import difference_record, estimate, mean_of
from measurand.columns import decoded
from measurand.errors import InputError
from measurand.rescoring.parsers import Parser, right
from measurand.responses import Responses
from measurand.stats.arrays import FloatArray
from measurand.stats.bounded import share

SCHEMA = "measurand.rescore/1.0.0"
SHOWN = 20
SNIPPET = 160
"""Characters of an answer that a page shows: its end, where answers stand."""
Record = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """Stored answers with their old and new scores.

    Attributes:
        texts: (n,) what was answered.
        read: (n,) what the parser reads out of each; None where nothing.
        items: (n,) item of each.
        models: (n,) model of each.
        clusters: (n,) cluster of each.
        old: (n,) score that each had, NaN where none; None where the table has no scores.
        new: (n,) 1 where right, 0 where wrong, NaN where nothing was read.
    """

    texts: list[str]
    read: list[str | None]
    items: np.ndarray
    models: np.ndarray
    clusters: np.ndarray
    old: FloatArray | None
    new: FloatArray


def score(
    table: Responses, parser: Parser, columns: dict[str, str], *, ignore_case: bool = False
) -> Answers:
    """Read every answer anew.

    Args:
        table: a row an answer.
        parser: what reads.
        columns: columns by role: answer, target, item_id; value, model, cluster_id where there are.
        ignore_case: whether case counts when an answer is compared with its target.

    Raises:
        InputError: code ``no_column``, or what the parser raises.
    """
    texts, targets = (_texts(table, columns[role]) for role in ("answer", "target"))
    read = parser(texts)
    new = np.array(
        [
            np.nan if one is None else float(right(one, target, ignore_case=ignore_case))
            for one, target in zip(read, targets, strict=True)
        ]
    )
    items = np.array(_texts(table, columns["item_id"]), dtype=object)
    old = None
    if columns["value"] in table.names:
        old = table.numbers(columns["value"]).values
    names = {
        role: np.array(_texts(table, columns[role]), dtype=object)
        for role in ("model", "cluster_id")
        if columns[role] in table.names
    }
    one_model = np.full(len(items), "all", dtype=object)
    return Answers(
        texts, read, items, names.get("model", one_model), names.get("cluster_id", items), old, new
    )


def _texts(table: Responses, column: str) -> list[str]:
    if column not in table.names:
        raise InputError(
            f"{table.name} has no column {column!r}; it has {', '.join(table.names[:20])}",
            hint="name it with --map ROLE=COLUMN",
            code="no_column",
        )
    found = decoded(table.column(column)).to_pylist()
    return ["" if cell is None else str(cell) for cell in found]


def describe(answers: Answers, name: str, parser: str) -> Record:
    """Of each model: scores old and new, what was not read, the paired difference; what changed."""
    from measurand.version import __version__

    models = [_model(answers, model) for model in dict.fromkeys(answers.models.tolist())]
    changed = _changed(answers)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "answers": name,
        "parser": parser,
        "rows": len(answers.texts),
        "models": models,
        "changed": len(changed),
        "changed_shown": [_shown(answers, at) for at in changed[:SHOWN]],
    }


def _model(answers: Answers, model: str) -> Record:
    own = answers.models == model
    items, clusters, new = answers.items[own], answers.clusters[own], answers.new[own]
    old = None if answers.old is None else answers.old[own]
    return {
        "model": model,
        "answers": int(own.sum()),
        "new": _side(new, items, clusters),
        "old": None if old is None else _side(old, items, clusters),
        "difference": None if old is None else _difference(new, old, items, clusters),
        "gained": None if old is None else int((_filled(new) > _filled(old)).sum()),
        "lost": None if old is None else int((_filled(new) < _filled(old)).sum()),
    }


def _side(values: FloatArray, items: np.ndarray, clusters: np.ndarray) -> Record:
    """Means with answers that were not read as wrong, and without them; their share."""
    known = ~np.isnan(values)
    whole, units, single = _of_items(_filled(values), items, clusters)
    some, some_units, _ = _of_items(values[known], items[known], clusters[known])
    unread, _, _ = _of_items(1.0 - known, items, clusters)
    binary = bool(np.isin(values[known], (0.0, 1.0)).all())
    return {
        "mean": estimate(mean_of(whole, units, single=single and binary, binary=binary)),
        "of_read": estimate(mean_of(some, some_units, single=single and binary, binary=binary)),
        "unread": estimate(share(unread, units)),
        "n_unread": int((~known).sum()),
    }


def _difference(
    new: FloatArray, old: FloatArray, items: np.ndarray, clusters: np.ndarray
) -> Record:
    """New minus old on the same answers, those that were not read being wrong."""
    a, units, single = _of_items(_filled(new), items, clusters)
    b, _, _ = _of_items(_filled(old), items, clusters)
    plain = single and units is None and bool(np.isin(b, (0.0, 1.0)).all())
    return difference_record(a, b, units, plain=plain)


def _filled(values: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), 0.0, values)


def _of_items(
    values: FloatArray, items: np.ndarray, clusters: np.ndarray
) -> tuple[FloatArray, np.ndarray | None, bool]:
    """Mean of each item, its cluster (None where items are independent), whether none is twice."""
    names, first, at = np.unique(items.astype(str), return_index=True, return_inverse=True)
    means = np.bincount(at, values, len(names)) / np.maximum(
        np.bincount(at, minlength=len(names)), 1
    )
    units = clusters[first].astype(str)
    lone = len(np.unique(units)) == len(names)
    return means, None if lone else units, len(names) == len(items)


def item_rows(answers: Answers) -> list[Record]:
    """The new scores as a table that every verb reads; an answer that was not read has none."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    columns = (answers.items, answers.models, answers.clusters, answers.new)
    for item, model, cluster, new in zip(*columns, strict=True):
        lost = bool(np.isnan(new))
        found.append(
            {
                "item_id": str(item),
                "model": str(model),
                "metric": "rescored",
                "repeat": seen[item, model],
                "cluster_id": str(cluster),
                "value": None if lost else float(new),
                "status": "model_error" if lost else "ok",
            }
        )
        seen[item, model] += 1
    return found


def as_csv(answers: Answers) -> str:
    """:func:`item_rows` as CSV."""
    file = io.StringIO()
    rows = item_rows(answers)
    writer = csv.DictWriter(file, list(rows[0]) if rows else (), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {"value": "" if row["value"] is None else f"{row['value']:g}"})
    return file.getvalue()


def _changed(answers: Answers) -> Sequence[int]:
    if answers.old is None:
        return []
    found: list[int] = np.flatnonzero(_filled(answers.new) != _filled(answers.old)).tolist()
    return found


def _shown(answers: Answers, at: int) -> Record:
    assert answers.old is not None
    old, new = float(answers.old[at]), float(answers.new[at])
    return {
        "item": str(answers.items[at]),
        "model": str(answers.models[at]),
        "read": answers.read[at],
        "old": None if np.isnan(old) else old,
        "new": None if np.isnan(new) else new,
        "end": answers.texts[at][-SNIPPET:],
    }
