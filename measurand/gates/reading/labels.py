"""People's scores of some of the items, for gates on what people would say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from measurand.errors import InputError
from measurand.gates.figures.bounds import EvidenceError, FloatArray


def labels_of(file: Path, metric: str, model: str) -> dict[str, float]:
    """Mean label of each item, of the metric and model of that name or of the only ones.

    Args:
        file: anything that ``measurand analyse`` reads.
        metric: the judged metric.
        model: whose answers were judged.

    Raises:
        EvidenceError: ``labels_unmatched`` where several metrics or models are labelled and none
            has the name, or what reading raises.
    """
    from measurand.interop.read import read
    from measurand.interop.rows import Wish

    try:
        table = read([file], Wish(reruns="repeats")).table
    except InputError as error:
        raise EvidenceError(
            f"labels: {Exception.__str__(error)}", code=error.code, hint=error.hint
        ) from error
    table = table.filter(
        pc.and_(pc.equal(table.column("status"), "ok"), pc.is_valid(table.column("value")))
    )
    for name, wanted in (("metric", metric), ("model", model)):
        known = table.column(name).unique().to_pylist()
        if len(known) > 1 or wanted in known:
            if wanted not in known:
                raise EvidenceError(
                    f"{file.name}: labels of {', '.join(sorted(known))}, none of {wanted!r}",
                    code="labels_unmatched",
                    hint=f"name the {name} in a column {name!r}",
                )
            table = table.filter(pc.equal(table.column(name), wanted))
    means = table.group_by("item_id", use_threads=False).aggregate([("value", "mean")])
    return dict(
        zip(
            means.column("item_id").to_pylist(), means.column("value_mean").to_pylist(), strict=True
        )
    )


def beside(items: pa.Table, labels: dict[str, float]) -> FloatArray:
    """(n,) label of each item that has a score, NaN where there is none.

    Args:
        items: as of :class:`measurand.gates.reading.items.Scored`.
        labels: label by item.

    Raises:
        EvidenceError: ``labels_unmatched`` if no item has one.
    """
    kept = items.filter(pc.is_valid(items.column("value"))).column("item_id").to_pylist()
    found = np.array([labels.get(item, np.nan) for item in kept], np.float64)
    if np.isnan(found).all():
        raise EvidenceError(
            "no label belongs to a judged item",
            code="labels_unmatched",
            hint="labels and results need the same item ids",
        )
    return found
