"""The analysis of item rows as one record of plain JSON values, from which all formats are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measurand import ranges
from measurand.analysis import people as labelled
from measurand.analysis.figures import MAX_PAIRS, item_record, model_record, pair_records
from measurand.analysis.scores import Score, scores
from measurand.interop.account import Account, Measure, first
from measurand.interop.rows import ItemRows

SCHEMA = "measurand.analysis/1.4.0"


@dataclass(frozen=True)
class People:
    """People's labels of some of the items, and what is asked of them.

    Attributes:
        rows: item rows of the labels.
        ask: width, items to label next, strata.
    """

    rows: ItemRows
    ask: labelled.Ask


def analyse(
    rows: ItemRows,
    *,
    sources: Sequence[str] = (),
    cluster: str | None = None,
    on_score: Callable[[str], None] = lambda name: None,
    people: People | None = None,
) -> dict[str, Any]:
    """Everything that the rows say.

    Args:
        rows: item rows and where they came from.
        sources: names of the files, for the record.
        cluster: field that names the clusters, for the record.
        on_score: called with the name of each score before it is analysed.
        people: labels by which the means of a judge's scores are corrected.

    Returns:
        Origin, notes, findings (where a log's own figure is another than that of its items), an
        account of what was read and left out, and for each score its models (mean, interval,
        repeats, slices), items and pairs of models, and under ``people`` what labels say of a
        judge; an undefined figure is null with a reason.

    Raises:
        InputError: labels that belong to nothing judged, see
            :func:`measurand.analysis.people.match`.
    """
    from measurand.version import __version__

    account, found = rows.account, []
    every = list(scores(rows.table, account.groups))
    said = _people(every, people)
    for score in every:
        on_score(score.name)
        found.append(_score(score, account))
    return {
        "schema": SCHEMA,
        "version": __version__,
        "origin": rows.origin,
        "sources": list(sources),
        "cluster": cluster,
        "rows": rows.table.num_rows,
        "notes": list(rows.notes),
        "findings": [
            *(text for score in found for text in score["findings"]),
            *(said["findings"] if said else ()),
        ],
        "account": {**account.record(), "one_sided": _one_sided(found)},
        "scores": found,
        "people": said,
        "verdict": None,
    }


def _people(every: Sequence[Score], people: People | None) -> dict[str, Any] | None:
    if people is None:
        return None
    known = labelled.match(every, list(scores(people.rows.table, people.rows.account.groups)))
    found = labelled.record(every, known, people.ask)
    return {"labels": people.rows.account.record()["read"], **found}


def _score(score: Score, account: Account) -> dict[str, Any]:
    import numpy as np

    own = [o for o in account.own if (o.task, o.metric) == (score.task, score.metric)]
    measure = account.measures.get((score.task, score.metric)) or _of_group(score, account)
    models = [model_record(score, model) for model in score.models]
    for model in models:
        model["figure"] = _figure(model["mean"], measure)
        model["own"] = [
            {"log": o.log, "name": o.name, "value": o.value}
            for o in own
            if o.model == model["model"] and math.isfinite(o.value)
        ]
    return {
        "name": score.name,
        "task": score.task,
        "metric": score.metric,
        "higher_is_better": measure.higher_is_better,
        "items": len(score.items),
        "clusters": len(np.unique(score.clusters)) if score.clustered else None,
        "repeats": score.repeats,
        "binary": score.binary,
        "models": models,
        "findings": [
            *(text for model in models for text in _differences(score, model)),
            *_two_scales(score),
        ],
        "pairs": pair_records(score),
        "pairs_left_out": max(math.comb(len(score.models), 2) - MAX_PAIRS, 0),
        "item_statistics": item_record(score),
    }


def _two_scales(score: Score) -> Iterator[str]:
    """Models whose scores look like two scales."""
    if (what := ranges.apart({m: score.column(m) for m in score.models})) is not None:
        yield f"{score.name}: {what}."


def _of_group(score: Score, account: Account) -> Measure:
    """A group's figures are made as those of its tasks."""
    for group in account.groups:
        if group.name == score.task:
            known = [account.measures.get((task, score.metric)) for task in group.tasks]
            if known[0] is not None and len(set(known)) == 1:
                return known[0]
    return Measure()


def _figure(mean: Mapping[str, Any], measure: Measure) -> dict[str, Any] | None:
    """Exp of the mean with its interval, where that is the metric's figure."""
    if not measure.exponential:
        return None
    values = {k: mean[k] if mean[k] is None else _exp(mean[k]) for k in ("value", "ci_lo", "ci_hi")}
    return {"name": measure.shown, "n": mean["n"], "reason": mean["reason"], **values}


def _exp(x: float) -> float | None:
    return math.exp(x) if x < 700 else None


def _differences(score: Score, model: Mapping[str, Any]) -> Iterator[str]:
    """Where the log's own figure is another than that of its items."""
    figure = model["figure"] or model["mean"]
    for own in model["own"]:
        value = figure["value"]
        if value is not None and math.isclose(value, own["value"], rel_tol=1e-6, abs_tol=1e-9):
            continue
        ours = "undefined" if value is None else f"{value:.6g}"
        yield (
            f"{score.name}, {model['model']}: the log's own {own['name']} is {own['value']:.6g}, "
            f"the {figure['n']:,} items with a score give {ours} ({own['log']})."
        )


def _one_sided(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Models that have no score where others have one."""
    every = sorted({m["model"] for score in found for m in score["models"]})
    lines = []
    for score in found:
        missing = [m for m in every if m not in {n["model"] for n in score["models"]}]
        if missing:
            lines.append(f"{score['name']}: no rows of {first(missing)}.")
    return lines
