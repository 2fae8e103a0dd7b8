"""The plan of every gate as plain JSON values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from measurand.gates.questions import GateFile
from measurand.gates.reading.sources import open_sources
from measurand.planning import designs
from measurand.planning.costs import PerCall, per_call
from measurand.planning.designs import Design
from measurand.planning.pilot import Pilot, Scores, pilots
from measurand.planning.question import Question, question
from measurand.planning.wish import Wish
from measurand.stats.components import Components, nested
from measurand.stats.corrected import corrected_mean, labels_needed
from measurand.stats.planned import sd_interval

SCHEMA = "measurand.plan/1.0.0"
FEW = 10
"""Clusters of a pilot below which its variance is hardly known."""
ROOM = 0.21
"""Part of the items' squared error that repeats may add to it: the error grows by a tenth."""
SHOWN = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, 1.25, 1.5, 2.0)
"""Shares of the planned clusters at which the curve of power is shown."""
NO_VARIANCE = "the pilot's scores do not vary: it says nothing of how many are needed"
Record = dict[str, Any]


def plan(
    spec: GateFile, results: Path, wish: Wish, *, root: Path, ours: bool, name: str = ""
) -> Record:
    """What every gate of a file needs.

    Args:
        spec: the gate file.
        results: the pilot's item rows.
        wish: what is asked.
        root: folder that paths in the gate file are relative to.
        ours: whether the rows lie where an evaluation put them, costs beside them.
        name: of the pilot, for the record.

    Raises:
        EvidenceError: the pilot cannot be read.
    """
    from measurand.version import __version__

    sources = open_sources(spec, root, results, None)
    rows = sources.items().table
    gates = []
    for pilot in pilots(spec, sources):
        cost = per_call(rows, pilot.case.result.model, results if ours else None)
        gates.append(_gate(pilot, wish, cost))
    return {
        "schema": SCHEMA,
        "version": __version__,
        "pilot": name,
        "width": wish.width,
        "prices": dict(wish.prices),
        "most": dict(wish.most),
        "budget": None if wish.budget is None else {"unit": wish.budget[0], "of": wish.budget[1]},
        "notes": list(sources.warnings),
        "gates": gates,
    }


def _gate(pilot: Pilot, wish: Wish, cost: PerCall) -> Record:
    case = pilot.case
    record: Record = {
        "gate": case.gate.id,
        "metric": case.gate.metric,
        "model": case.result.model,
        "slice": case.result.slice,
        "test": case.gate.test,
        "power": wish.power if wish.power is not None else case.rules.power,
        "alpha": case.gate.alpha,
        "reason": pilot.reason,
        "per_call": dataclasses.asdict(cost),
        "question": None,
        "components": None,
        "plan": None,
        "range": None,
        "labels": None,
        "designs": [],
        "curve": [],
        "within_budget": None,
        "notes": [],
    }
    if pilot.scores is None:
        return record
    found = pilot.scores
    parts = nested(found.values, found.clusters, found.items, found.repeats)
    asked = question(case, found, parts, wish)
    record["components"] = _components(parts)
    record["question"] = {
        "truth": asked.truth,
        "assumed": asked.assumed,
        "bound": case.bound,
        "gap": None if wish.width is not None else asked.gap,
        "sequential": asked.sequential,
        "rate": asked.rate is not None,
    }
    record["reason"] = _why_not(asked)
    record["notes"] = list(_notes(asked))
    if record["reason"] is None:
        _fill(record, asked, wish, cost)
        record["labels"] = _labels(found, asked)
    return record


def _components(parts: Components) -> Record:
    shown = dataclasses.asdict(parts)
    shown["error"] = None if math.isnan(parts.error) else math.sqrt(parts.error)
    return shown


def _why_not(asked: Question) -> str | None:
    parts = asked.parts
    if parts.n_clusters < 2:
        return "the pilot has one cluster: two tell the least of their variance"
    free = asked.rate is not None and asked.width is None
    if not parts.error > 1e-24 * max(1.0, parts.mean**2) and not free:
        return NO_VARIANCE
    if asked.width is None and asked.gap <= 0:
        told = "the pilot's" if asked.assumed == "pilot" else "a"
        return f"with {told} figure of {asked.truth:.4g} the gate would rightly not pass: --truth"
    return None


def _notes(asked: Question) -> Iterator[str]:
    parts = asked.parts
    if asked.assumed == "pilot":
        yield (
            f"What is true is taken from the pilot ({asked.truth:.4g}), which may be far off: "
            "give the least figure that should be found with --truth."
        )
    if not parts.error > 0:
        yield "The pilot's scores do not vary; the plan stands on the rate that is assumed."
    elif parts.n_clusters < FEW:
        yield f"{parts.n_clusters} clusters say little of their variance: the plan allows for it."
    if parts.repeats is None:
        yield "No item was measured twice: what repeats would bring is not known."
    if asked.sequential:
        yield "The gate bets: a run that stops when it is decided takes fewer than planned."
    if parts.shared:
        rest = parts.error
        seeds = math.ceil(parts.shared / (ROOM * rest)) if rest > 0 else 1
        yield (
            f"Items of one repeat share {math.sqrt(parts.shared):.3g} (standard deviation), which "
            f"no number of items makes smaller and the gate's interval does not hold: "
            f"{seeds:,} repeats (seeds) make it a tenth of the error."
        )


def _fill(record: Record, asked: Question, wish: Wish, cost: PerCall) -> None:
    best, every = designs.cheapest(asked, wish)
    own = designs.as_pilot(asked.parts)
    record["designs"] = [
        {**_design(one, cost), "as_pilot": (one.per_cluster, one.repeats) == own,
         "fits": designs.fits(one, wish)}
        for one in _some(every, best, own)
    ]  # fmt: skip
    if best is not None:
        low, high = asked.range(best.per_cluster, best.repeats)
        record["plan"] = _design(best, cost)
        record["range"] = {"clusters": [low, high], "confidence": 0.95}
        record["curve"] = list(_curve(asked, best))
    elif every:
        record["reason"] = "no design does within what there can be at most: see the designs"
    else:
        record["reason"] = "no realistic number would do"
    record["within_budget"] = _within(asked, wish, cost)


def _some(every: Sequence[Design], best: Design | None, own: tuple[int, int]) -> list[Design]:
    """The pilot's shape, the cheapest, and those whose items or repeats are halved or doubled."""
    m, r = own
    near = {own, (m, 1), (m, 2 * r), (max(1, m // 2), r), (2 * m, r), (1, r)}
    kept = [d for d in every if (d.per_cluster, d.repeats) in near or d == best]
    return sorted(kept, key=lambda d: (d.cost, d.calls))


def _design(one: Design, cost: PerCall) -> Record:
    def times(each: float | None) -> float | None:
        return None if each is None else one.calls * each

    return {
        "clusters": one.clusters,
        "items_per_cluster": one.per_cluster,
        "items": one.items,
        "repeats": one.repeats,
        "calls": one.calls,
        "cost": one.cost,
        "tokens": times(cost.tokens),
        "seconds": times(cost.seconds),
    }


def _curve(asked: Question, best: Design) -> Iterator[Record]:
    sd = asked.sd(best.per_cluster, best.repeats)
    degrees = asked.parts.degrees(best.per_cluster, best.repeats)
    ends = sd_interval(sd, degrees) if sd > 0 else (0.0, 0.0)
    for n in sorted({max(2, round(share * best.clusters)) for share in SHOWN}):
        low, high = sorted(asked.at(n, end, None) for end in ends)
        yield {"clusters": n, "power": asked.at(n, sd, degrees), "low": low, "high": high}


def _within(asked: Question, wish: Wish, cost: PerCall) -> Record | None:
    """What the budget buys at its best; None without a budget."""
    if wish.budget is None:
        return None
    unit, amount = wish.budget
    each = {"tokens": cost.tokens, "seconds": cost.seconds, "calls": 1.0, "cost": None}[unit]
    if unit in ("tokens", "seconds") and each is None:
        return {"design": None, "power": None, "reason": f"the pilot does not tell its {unit}"}
    calls = math.inf if each is None else amount / each
    best = designs.affordable(asked, wish, calls, amount if unit == "cost" else math.inf)
    if best is None:
        return {"design": None, "power": None, "reason": "it does not buy two clusters"}
    power = asked.shown(best.clusters, best.per_cluster, best.repeats)
    shown = None if asked.width is not None else power
    return {"design": _design(best, cost), "power": shown, "reason": None}


def _labels(found: Scores, asked: Question) -> Record | None:
    """People's labels of the pilot's items that would do; None where none are asked for."""
    from scipy.special import ndtri

    if found.labels is None:
        return None
    names, first, at = np.unique(found.items, return_index=True, return_inverse=True)
    size = np.bincount(at)
    judged = np.bincount(at, found.values) / size
    clusters = found.clusters[first]
    lone = len(np.unique(clusters)) == len(names)
    known = corrected_mean(judged, found.labels, None if lone else clusters)
    width = asked.width
    if width is None:
        # The width of the two-sided 95% interval whose error leaves the gap to bound and power.
        width = 2 * 1.96 * asked.gap / float(ndtri(1 - asked.alpha) + ndtri(asked.power))
    total = labels_needed(known, width)
    reason = None if total is not None else "labelling all of the pilot's items does not do"
    return {"labels": total, "labelled": known.labelled, "width": width, "reason": reason}
