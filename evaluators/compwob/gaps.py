"""What composing and reversing cost, and what is done beyond chance, paired by task and seed.

A part of a composition is the very problem that the base task is alone with the same seed, so an
episode of a composition is paired with the episodes of its own parts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from evaluators.compwob.context import ORDERS, Subject
from evaluators.compwob.crossing import over_tasks_and_seeds
from measurand.results import Rows
from measurand.stats.arrays import AnyArray
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import bootstrap_means, cluster_mean
from measurand.stats.resample import MIN_CLUSTERS


def gap_rows(subject: Subject) -> Rows:
    """Paired differences of an agent.

    ``gap_base``: mean success of the parts alone minus that of the composition. ``gap_alone``:
    share of episodes whose parts were all solved alone minus that of compositions solved, and
    ``mcnemar_alone`` its exact p value. ``predicted``: product of the agent's own base rates, what
    independent parts would give; ``residual``: measured minus predicted. ``gap_reverse``: forward
    minus reversed, and ``mcnemar_reverse``. ``task_icc`` of a gap is the reliability of a task's
    own gap over its seeds.
    """
    for order in ORDERS:
        pairs = with_parts(subject, order)
        parts = {"order": order}
        if pairs.is_empty():
            yield subject.row("gap_base", parts, undefined("no composition with its parts alone"))
            continue
        for metric, column in (("gap_base", "mean_alone"), ("gap_alone", "all_alone")):
            yield from _difference(subject, metric, parts, pairs, column)
        yield subject.row("mcnemar_alone", parts, mcnemar(pairs["all_alone"], pairs["success"]))
        yield subject.row("predicted", parts, _mean(pairs, "predicted", 0.0))
        residual = pairs.with_columns((pl.col("success") - pl.col("predicted")).alias("rest"))
        yield subject.row("residual", parts, _mean(residual, "rest", -1.0))
        for category in pairs["category"].unique().sort().to_list():
            some = residual.filter(pl.col("category") == category)
            here = {**parts, "category": category}
            yield subject.row("predicted", here, _mean(some, "predicted", 0.0))
            yield subject.row("residual", here, _mean(some, "rest", -1.0))
    yield from _reverse(subject)


def chance_rows(subject: Subject, chance: Subject | None) -> Rows:
    """``above_random``: success minus that of the script ``random`` on the same problems.

    Args:
        subject: an agent; a script has none.
        chance: who acts at random, None where it did not play.
    """
    if subject.is_control:
        return
    for order in ("single", *ORDERS):
        found = undefined("random did not play", n=0)
        if chance is not None:
            by_chance = chance.of(order).select("task", "seed", by_chance="success")
            pairs = subject.of(order).join(by_chance, on=["task", "seed"]).sort("task", "seed")
            found = undefined("no problem was played by both", n=0)
            if not pairs.is_empty():
                found = paired(pairs, (pairs["success"] - pairs["by_chance"]).to_numpy())
        yield subject.row("above_random", {"order": order}, found)


def with_parts(subject: Subject, order: str) -> pl.DataFrame:
    """Episodes of compositions beside those of their parts alone, for the same seed.

    Returns:
        ``task``, ``seed``, ``category``, ``success``, ``mean_alone``, ``all_alone`` and
        ``predicted``; episodes of which a part was not played alone are left out.
    """
    base = subject.of("single")
    alone = {(t, s): v for t, s, v in base.select("task", "seed", "success").iter_rows()}
    rates = {
        task: float(np.mean(base.filter(pl.col("task") == task)["success"].to_numpy()))
        for task in base["task"].unique().to_list()
    }
    found = []
    columns = ("task", "seed", "category", "success", "parts")
    for task, seed, category, success, parts in subject.of(order).select(columns).iter_rows():
        if any((part, seed) not in alone for part in parts):
            continue
        each = [alone[part, seed] for part in parts]
        predicted = float(np.prod([rates[part] for part in parts]))
        found.append((task, seed, category, success, np.mean(each), min(each), predicted))
    names = ("task", "seed", "category", "success", "mean_alone", "all_alone", "predicted")
    kinds = (pl.String, pl.Int64, pl.String, pl.Float64, pl.Float64, pl.Float64, pl.Float64)
    schema = dict(zip(names, kinds, strict=True))
    return pl.DataFrame(found, schema=schema, orient="row")


def _difference(
    subject: Subject, metric: str, parts: dict[str, str], pairs: pl.DataFrame, column: str
) -> Rows:
    x = (pairs[column] - pairs["success"]).to_numpy()
    tasks = pairs["task"].to_numpy()
    found = paired(pairs, x)
    icc = subject.task_icc(metric, parts, pairs.select("task", pl.Series("score", x)))
    yield from subject.scored(parts, {metric: found}, "task_icc", icc)
    (again,) = bootstrap_means(
        x[:, None],
        clusters=tasks,
        resamples=subject.resamples,
        seed_words=subject.words(metric, *parts.values()),
    )
    yield subject.row(f"{metric}_resampled", parts, again)


def paired(pairs: pl.DataFrame, differences: AnyArray) -> Estimate:
    """Mean of differences of successes; ``pairs`` has their ``task`` and ``seed``."""
    tasks = pairs["task"].to_numpy()
    found = over_tasks_and_seeds(differences, tasks, pairs["seed"].to_numpy())
    found = bounded(found, differences, tasks, low=-1.0, high=1.0)
    return replace(found, method=f"paired difference; {found.method}")


def _mean(pairs: pl.DataFrame, column: str, low: float) -> Estimate:
    """Mean over tasks of values from ``low`` to 1; of a few tasks an error tells nothing."""
    x = pairs[column].to_numpy()
    found = cluster_mean(x, pairs["task"].to_numpy())
    if found.value is None or (found.n_clusters or 0) >= MIN_CLUSTERS:
        return bounded(found, x, low=low)
    return Estimate(
        found.value,
        method=found.method,
        n=found.n,
        n_clusters=found.n_clusters,
        reason=f"no interval: {found.n_clusters} tasks, at least {MIN_CLUSTERS} needed",
    )


def _reverse(subject: Subject) -> Rows:
    both = subject.of("forward").join(
        subject.of("reverse"), on=["task", "seed"], suffix="_reverse"
    ).sort("task", "seed")  # fmt: skip
    if both.is_empty():
        yield subject.row("gap_reverse", {}, undefined("not asked in both wordings", n=0))
        return
    pairs = both.select(
        "task", "seed", pl.col("success").alias("forward"), pl.col("success_reverse")
    ).rename({"success_reverse": "success"})
    yield from _difference(subject, "gap_reverse", {}, pairs, "forward")
    yield subject.row("mcnemar_reverse", {}, mcnemar(pairs["forward"], pairs["success"]))


def mcnemar(a: pl.Series, b: pl.Series) -> Estimate:
    """McNemar's exact p value of paired 0/1 outcomes: a binomial test of the discordant pairs.

    Source: McNemar (1947), Psychometrika 12, 153-157; as ``statsmodels`` ``mcnemar(exact=True)``.
    It takes pairs as independent, which pairs of one task are not quite.
    """
    from scipy.stats import binomtest

    more, fewer = int(((a == 1) & (b == 0)).sum()), int(((a == 0) & (b == 1)).sum())
    method = f"McNemar, exact; {more} pairs one way, {fewer} the other"
    if more + fewer == 0:
        return undefined("no pair differs", method=method, n=len(a))
    p = float(binomtest(more, more + fewer).pvalue)
    return Estimate(p, method=method, n=len(a), reason="a p value has no interval")
