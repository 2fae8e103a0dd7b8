"""Evaluations to a target, how many times fewer than the baseline's, and at what price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import polars as pl

from evaluators.guided_evolution.context import FloatArray, Material, mean_of
from measurand.results import Rows
from measurand.statistics import exact
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import proportion
from measurand.stats.ratios import ratio_of_sums
from schemas.guided_evolution.params import Task

BEATS = {"optimiser": "beats_momentum", "rl_loss": "beats_dqn"}
"""Share of winners that beat something known on problems held out, by the kind of task."""


def reaching_rows(material: Material) -> Rows:
    """``reached``, ``evaluations``, ``speedup`` and what it costs, of every method and target."""
    base = material.params.build.baseline.id
    for task, method in material.methods():
        for target, _ in material.levels(task.id):
            parts = {"task": task.id, "target": target}
            found = material.reached(task.id, method.id, target)
            hit = found["evaluations"].is_not_null()
            rate = proportion(int(hit.sum()), len(found))
            yield material.replaced(method.id).row("reached", parts, rate)
            own = capped(found)
            mean = mean_of(own, low=0, high=task.budget)
            mean = replace(mean, method=f"restricted mean, at most {task.budget}; {mean.method}")
            yield material.replaced(method.id).row("evaluations", parts, mean)
            if method.id == base:
                continue
            against = capped(material.reached(task.id, base, target))
            ratio = _ratio(against, own, bool(hit.any()))
            yield material.replaced(method.id).row("speedup", parts, ratio)
            for name, estimate in _prices(material, task, method.id, target):
                yield material.replaced(method.id).row(name, parts, estimate)


def capped(found: pl.DataFrame) -> FloatArray:
    """(seeds,) evaluations to a target, the budget where it was not reached."""
    out: FloatArray = found["evaluations"].fill_null(found["budget"]).to_numpy().astype(float)
    return out


def _ratio(above: FloatArray, below: FloatArray, hit: bool) -> Estimate:
    """Baseline over method, paired by seed."""
    if not hit and (above == above.max()).all() and (below == above.max()).all():
        return undefined("neither side reached the target", method="ratio of sums", n=len(above))
    return ratio_of_sums(above, below)


def _prices(
    material: Material, task: Task, method: str, target: str
) -> Iterator[tuple[str, Estimate]]:
    """Speed-up in seconds, and the cost of an evaluation from which the method pays."""
    base = material.params.build.baseline.id
    own, against = (_times(material, task.id, m, target) for m in (method, base))
    if own is None or against is None:
        why = undefined("times stand in the journal of the run that made them, which is not here")
        yield "speedup_seconds", why
        yield "break_even", why
        return
    yield "speedup_seconds", ratio_of_sums(against["seconds"].to_numpy(), own["seconds"].to_numpy())
    yield "break_even", break_even(own, against)


def break_even(own: pl.DataFrame, against: pl.DataFrame) -> Estimate:
    """Seconds that an evaluation must take for a method to be as fast as the baseline.

    What a method spends beside evaluations, less what the baseline does, over the evaluations that
    it saves: with dearer evaluations it is faster. Undefined where it saves none.

    Args:
        own: a method's searches with ``seconds``, ``evaluation`` and ``capped`` up to the target.
        against: the baseline's.
    """
    method = "difference of mean overheads over difference of mean evaluations"
    beside = [float((x["seconds"] - x["evaluation"]).mean()) for x in (own, against)]  # type: ignore[arg-type]
    saved = float(against["capped"].mean()) - float(own["capped"].mean())  # type: ignore[arg-type]
    n = len(own)
    if saved <= 0:
        return undefined("it saves no evaluations", method=method, n=n)
    value = max(0.0, (beside[0] - beside[1]) / saved)
    why = "no interval: both differences are means of the same searches"
    return Estimate(value, method=method, n=n, reason=why)


def _times(material: Material, task: str, method: str, target: str) -> pl.DataFrame | None:
    """Seconds of searches up to a target, or to their end; None where not all are known."""
    level = dict(material.levels(task))[target]
    mine = material.seconds.filter(task=task, method=method).sort("search", "step")
    searches = material.reached(task, method, target)
    if mine["search"].n_unique() < len(searches):
        return None
    last = mine.group_by("search", maintain_order=True).last()
    first = mine.filter(pl.col("best") >= level).group_by("search", maintain_order=True).first()
    at = pl.concat([first, last]).unique("search", keep="first", maintain_order=True)
    names = ["search", "seconds", "evaluation"]
    joined = searches.join(at.select(names), on="search", how="left").sort("seed")
    return joined.with_columns(pl.Series("capped", capped(joined)))


def oracle_rows(material: Material) -> Rows:
    """``oracle_inversions``: neighbours of which the less accurate oracle needed fewer."""
    for task in material.params.build.tasks:
        levels = material.levels(task.id)
        oracles = sorted(
            (m for m in material.params.build.methods_of(task) if m.accuracy is not None),
            key=lambda m: m.accuracy or 0.0,
        )
        if not levels or len(oracles) < 2:
            continue
        target = levels[0][0]
        means = [float(capped(material.reached(task.id, m.id, target)).mean()) for m in oracles]
        wrong = sum(b > a for a, b in pairwise(means))
        parts = {"task": task.id, "target": target}
        yield material.replaced("oracles").row(
            "oracle_inversions", parts, exact(float(wrong), n=len(oracles))
        )


def best_rows(material: Material) -> Rows:
    """Best fitness, the same program where no search looked, and what selection paid."""
    for task, method in material.methods():
        parts = {"task": task.id}
        of = material.replaced(method.id)
        mine = material.winners.filter(task=task.id, method=method.id)
        known = mine.drop_nulls("fitness")
        if known.is_empty():
            yield of.row("best", parts, undefined("no program had a fitness"))
            continue
        yield of.row("best", parts, mean_of(known["fitness"].to_numpy()))
        rivals = mine.drop_nulls("rival")
        if not rivals.is_empty():
            # What diverges where no search looked has lost.
            wins = (rivals["fresh"].fill_null(float("-inf")) > rivals["rival"]).sum()
            yield of.row(BEATS[task.source.kind], parts, proportion(int(wins), len(rivals)))
        both = known.drop_nulls("fresh")
        if both.is_empty():
            yield of.row("fresh", parts, undefined(str(known["reason"][0])))
            continue
        yield of.row("fresh", parts, mean_of(both["fresh"].to_numpy()))
        gap = (both["fitness"] - both["fresh"]).to_numpy()
        yield of.row("selection", parts, mean_of(gap))
        if not mine["same"].is_null().all():
            right = int(mine["same"].fill_null(False).sum())
            yield of.row("exact", parts, proportion(right, len(mine)))
