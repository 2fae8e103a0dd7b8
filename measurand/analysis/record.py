"""The analysis of item rows as one record of plain JSON values, from which all formats are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from measurand.analysis.figures import item_record, model_record, pair_records
from measurand.analysis.scores import Score, scores
from measurand.interop.rows import ItemRows

SCHEMA = "measurand.analysis/1.0.0"


def analyse(
    rows: ItemRows,
    *,
    sources: Sequence[str] = (),
    cluster: str | None = None,
    on_score: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Everything that the rows say.

    Args:
        rows: item rows and where they came from.
        sources: names of the files, for the record.
        cluster: field that names the clusters, for the record.
        on_score: called with the name of each score before it is analysed.

    Returns:
        Origin, notes, and for each score its models (mean, interval, repeats, slices), items and
        pairs of models; an undefined figure is null with a reason.
    """
    from measurand import __version__

    found = []
    for score in scores(rows.table):
        on_score(score.name)
        found.append(_score(score))
    return {
        "schema": SCHEMA,
        "version": __version__,
        "origin": rows.origin,
        "sources": list(sources),
        "cluster": cluster,
        "rows": rows.table.num_rows,
        "notes": list(rows.notes),
        "scores": found,
        "verdict": None,
    }


def _score(score: Score) -> dict[str, Any]:
    import numpy as np

    return {
        "name": score.name,
        "task": score.task,
        "metric": score.metric,
        "items": len(score.items),
        "clusters": len(np.unique(score.clusters)) if score.clustered else None,
        "repeats": score.repeats,
        "binary": score.binary,
        "models": [model_record(score, model) for model in score.models],
        "pairs": pair_records(score),
        "item_statistics": item_record(score),
    }
