"""Figures of a score: means, repeats, items, and models against each other."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np

from measurand.analysis.scores import Score
from measurand.stats.arrays import AnyArray, FloatArray
from measurand.stats.bounded import bounded, share
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.items import alpha_of_long_test, item_statistics, repeat_reliability
from measurand.stats.means import (
    cluster_mean,
    paired_difference,
    proportion,
    smallest_detectable,
    within_unit,
)
from measurand.stats.multiplicity import benjamini_hochberg, holm
from measurand.stats.paired import mcnemar, t_test
from measurand.stats.passes import passes
from measurand.stats.ratios import ratio_of_sums
from measurand.stats.unbalanced import one_way

MAX_PAIRS = 300
SHOWN_ITEMS = 20
MAPPED = 400
"""Items of a map; more would hide each other."""

Record = dict[str, Any]


def mean(score: Score, model: str) -> Estimate:
    """Mean over items, repeats averaged within the item first.

    Single 0/1 answers to independent items are a rate (Wilson). Otherwise the error is made over
    clusters (CR1, t with G - 1); for shares the interval is made on the logit scale. Where all
    answers are right or all wrong, clusters are counted as trials of a rate.

    Args:
        score: the score.
        model: one of its models.
    """
    if model not in score.models:
        return undefined("no item has a score", n=0)
    if (why := score.lost_most(model)) is not None:
        return undefined(why, n=score.status[model].get("ok", 0))
    x = score.column(model)
    kept = ~np.isnan(x)
    x, clusters = x[kept], score.clusters[kept]
    single = score.binary and score.repeats == 1
    return mean_of(x, clusters if score.clustered else None, single=single, binary=score.binary)


def mean_of(x: FloatArray, clusters: AnyArray | None, *, single: bool, binary: bool) -> Estimate:
    """The mean of items with the interval that suits them, see :func:`mean`.

    Args:
        x: (n,) score of each item, its repeats averaged.
        clusters: (n,) cluster of each; None where items are independent.
        single: whether each is one 0/1 answer.
        binary: whether every single score is 0 or 1.
    """
    if not len(x):
        return undefined("no item has a score", n=0)
    if single and clusters is None:
        return proportion(int(x.sum()), len(x))
    found = cluster_mean(x, clusters)
    if found.se == 0 and binary and found.value in (0.0, 1.0):
        return _without_exception(found)
    if found.se == 0:
        # Values without a known range that are all equal say nothing of how far others lie.
        return bounded(found, x, clusters, low=-math.inf, high=math.inf)
    inside = float(x.min()) >= 0 and float(x.max()) <= 1
    return within_unit(found) if inside else found


def _without_exception(found: Estimate) -> Estimate:
    """All answers right, or all wrong: an error of 0 would claim to know; clusters are trials."""
    units = found.n if found.n_clusters is None else found.n_clusters
    assert units is not None
    rate = proportion(units if found.value else 0, units)
    return dataclasses.replace(
        rate,
        n=found.n,
        n_clusters=found.n_clusters,
        method=f"{rate.method}, over clusters or items as no answer differs",
    )


def model_record(score: Score, model: str) -> Record:
    """One model: its mean, what was lost, how far its repeats agree, its slices."""
    found = mean(score, model)
    table = score.by_repeat(model)
    single, averaged = _repeats(table)
    status = score.status[model]
    return {
        "model": model,
        "mean": estimate(found),
        "smallest_detectable": _detectable(found),
        "rows": sum(status.values()),
        "lost": {name: n for name, n in status.items() if name != "ok"},
        "lost_as_failures": _lost_as_failures(score, model),
        "unread": _unread(score, model),
        "tokens": _tokens(score, model),
        "tokens_per_success": _per_success(score, model),
        "passes": _passes(score, model),
        "repeats": score.repeats if len(table) else 0,
        "repeat_reliability": estimate(single),
        "mean_of_repeats_reliability": estimate(averaged),
        "slices": [
            {"slice": name, "mean": estimate(mean(part, model))}
            for name, part in score.slices.items()
        ],
    }


def _lost_as_failures(score: Score, model: str) -> Record | None:
    """The mean where rows lost to infrastructure count 0; None where none was lost.

    The other denominator: what a user got, whoever is to blame.
    """
    lost, successes, tries = score.tries(model)
    if not lost.any() or not score.binary:
        return None
    asked = tries + lost
    kept = asked > 0
    clusters = score.clusters[kept] if score.clustered else None
    return estimate(share((successes[kept] / asked[kept]), clusters))


def _unread(score: Score, model: str) -> Record | None:
    """Share of answers that no score could be read from; None where all were read.

    A figure of its own: an answer that is not understood is no wrong answer.
    """
    lost, answers = score.unread(model)
    if not lost.any():
        return None
    kept = answers > 0
    return estimate(
        share(lost[kept] / answers[kept], score.clusters[kept] if score.clustered else None)
    )


def _tokens(score: Score, model: str) -> float | None:
    """Mean tokens of a try; None where rows do not tell them."""
    total = score.tokens(model)
    if total is None:
        return None
    return float(total.sum()) / sum(score.status[model].values())


def _per_success(score: Score, model: str) -> Record | None:
    """Tokens of all tries for each that succeeds; None for other scores than 0/1."""
    total = score.tokens(model)
    if total is None or not score.binary:
        return None
    _, successes, _ = score.tries(model)
    return estimate(ratio_of_sums(total, successes, score.clusters if score.clustered else None))


def _passes(score: Score, model: str) -> list[Record]:
    """pass@k and pass^k for k = 2, 4, 8, ... and for all repeats of single 0/1 answers."""
    if not score.binary or score.repeats < 2:
        return []
    _, successes, tries = score.tries(model)
    clusters = score.clusters if score.clustered else None
    most = int(tries.max())
    ks = sorted({k for k in (2, 4, 8, 16, 32, 64) if k < most} | {most})
    return [
        {
            "k": k,
            "any": estimate(passes(successes, tries, k, clusters=clusters)),
            "all": estimate(passes(successes, tries, k, "all", clusters=clusters)),
        }
        for k in ks
        if k > 1
    ]


def _repeats(table: np.ndarray) -> tuple[Estimate, Estimate]:
    """Agreement of one repeat, and of the mean of all, whatever repeats are missing."""
    if not np.isnan(table).any():
        return repeat_reliability(table)
    single = one_way(table)
    n = round(float((~np.isnan(table)).sum(axis=1).mean()))
    if single.value is None or 1 + (n - 1) * single.value <= 0:
        why = single.reason or "undefined"
        return single, undefined(why, method=f"ICC({n})", n=single.n)
    averaged = n * single.value / (1 + (n - 1) * single.value)
    return single, dataclasses.replace(
        single, value=averaged, method=f"ICC({n}), by Spearman-Brown"
    )


def item_record(score: Score) -> Record:
    """What the items do: difficulty, item-rest correlation, dead items, reliability over models."""
    kept = score.complete()
    table = score.values[kept].T
    names = np.array(score.items, dtype=object)[kept]
    found = item_statistics(table)
    spread = _spread(score)[kept]
    # An item with one answer in all is not dead: it has had no chance to differ.
    asked_twice = len(score.models) * score.repeats > 1
    dead = spread == 0 if asked_twice else np.zeros(len(names), np.bool_)
    top = float(np.nanmax(score.values)) if len(names) else 0.0
    low = float(np.nanmin(score.values)) if len(names) else 0.0
    negative = found.item_rest < 0
    order = np.lexsort((names.astype(str), found.item_rest))[: int(negative.sum())]
    edges = np.linspace(low, top, 11) if top > low else np.array([low, low + 1])
    return {
        "items": len(names),
        "left_out": int((~kept).sum()),
        "alpha": estimate(alpha_of_long_test(table)),
        "item_rest_reason": found.reason,
        "item_rest_median": _median(found.item_rest),
        "negative_item_rest": int(negative.sum()),
        "dead": int(dead.sum()) if asked_twice else None,
        "dead_at_top": int((dead & (found.difficulty == top)).sum()) if asked_twice else None,
        "dead_at_bottom": int((dead & (found.difficulty == low)).sum()) if asked_twice else None,
        "dead_reason": None if asked_twice else "one model and one repeat: no item could differ",
        "map": _map(found.difficulty, found.item_rest, names),
        "dead_shown": names[dead][:SHOWN_ITEMS].tolist(),
        "difficulty": {
            "edges": edges.tolist(),
            "counts": np.histogram(found.difficulty, edges)[0].tolist(),
        },
        "negative_shown": [
            {
                "item": str(names[j]),
                "difficulty": float(found.difficulty[j]),
                "item_rest": float(found.item_rest[j]),
            }
            for j in order[:SHOWN_ITEMS]
        ],
    }


def _map(difficulty: FloatArray, item_rest: FloatArray, names: AnyArray) -> list[Record]:
    """Items with their two figures, evenly spaced over the difficulty where there are many."""
    known = np.flatnonzero(np.isfinite(item_rest))
    order = known[np.lexsort((names[known].astype(str), difficulty[known]))]
    if len(order) > MAPPED:
        order = order[np.linspace(0, len(order) - 1, MAPPED).round().astype(int)]
    return [
        {
            "item": str(names[j]),
            "difficulty": float(difficulty[j]),
            "item_rest": float(item_rest[j]),
        }
        for j in order
    ]


def pair_records(score: Score) -> list[Record]:
    """The first ``MAX_PAIRS`` pairs of models on common items, p values adjusted over them."""
    chosen = itertools.islice(itertools.combinations(score.models, 2), MAX_PAIRS)
    records = [pair_record(score, a, b) for a, b in chosen]
    raw = [r["p"] for r in records]
    for record, first, second in zip(records, holm(raw), benjamini_hochberg(raw), strict=True):
        record["p_holm"], record["p_bh"] = first, second
    return records


def pair_record(score: Score, a: str, b: str) -> Record:
    """Paired difference a - b, with what the sample could have shown."""
    x, y = score.column(a), score.column(b)
    both = ~(np.isnan(x) | np.isnan(y))
    lost = score.lost_most(a) or score.lost_most(b)
    clusters = score.clusters[both] if score.clustered else None
    plain = score.binary and score.repeats == 1 and clusters is None
    return {
        "a": a,
        "b": b,
        "only_one": int((np.isnan(x) != np.isnan(y)).sum()),
        **difference_record(x[both], y[both], clusters, plain=plain, lost=lost),
    }


def difference_record(
    x: np.ndarray,
    y: np.ndarray,
    clusters: np.ndarray | None,
    *,
    plain: bool,
    lost: str | None = None,
) -> Record:
    """Figures of the paired difference x - y.

    Args:
        x: (n,) scores.
        y: (n,) scores of the same items.
        clusters: (n,) clusters, None where items are independent.
        plain: whether these are single 0/1 answers to independent items, for McNemar's test.
        lost: why a side has no mean; then neither has the difference.

    Differences of shares lie within -1 and 1, and so does the interval. Where no difference differs
    from another an error of 0 would claim to know: of shares, so many items may differ as a rate of
    none allows; of other values there is no interval.
    """
    if lost is not None:
        x, y, plain = x[:0], y[:0], False
        clusters = None if clusters is None else clusters[:0]
    found = _difference(x, y, clusters) if len(x) else undefined(lost or "no common item", n=0)
    only_x, only_y = int(((x == 1) & (y == 0)).sum()), int(((x == 0) & (y == 1)).sum())
    p = mcnemar(only_x, only_y, "mid_p") if plain else t_test(found)
    test = "t over items" if clusters is None else "t over clusters"
    return {
        "difference": estimate(found),
        "p": p,
        "p_method": "McNemar, mid-p" if plain else test,
        "p_reason": None if p is not None else lost or "no item separates the two",
        "correlation": _correlation(x, y),
        "smallest_detectable": _detectable(found),
    }


def _difference(x: FloatArray, y: FloatArray, clusters: AnyArray | None) -> Estimate:
    found = paired_difference(x, y, clusters)
    shares = min(x.min(), y.min()) >= 0 and max(x.max(), y.max()) <= 1
    if shares:
        return bounded(found, x - y, clusters, low=-1.0, high=1.0)
    if found.se == 0:
        return bounded(found, x - y, clusters, low=-math.inf, high=math.inf)
    return found


def estimate(found: Estimate) -> Record:
    """An estimate as plain JSON values."""
    return dataclasses.asdict(found)


def _detectable(found: Estimate) -> float | None:
    units = found.n if found.n_clusters is None else found.n_clusters
    if not found.se or units is None or units < 2:
        return None
    return smallest_detectable(found.se, df=units - 1)


def _correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _spread(score: Score) -> np.ndarray:
    """(n,) range of all single scores of an item, over models and repeats."""
    low, high = (np.full(len(score.items), sign * np.inf) for sign in (1, -1))
    np.minimum.at(low, score.rows.item, score.rows.value)
    np.maximum.at(high, score.rows.item, score.rows.value)
    return np.where(high >= low, high - low, np.nan)


def _median(r: np.ndarray) -> float | None:
    kept = r[np.isfinite(r)]
    return float(np.median(kept)) if len(kept) else None
