"""What searches drew, refused and paid for: the counts that everything else stands on."""

from __future__ import annotations

import polars as pl

from evaluators.guided_evolution.context import Material
from measurand.results import Rows
from measurand.statistics import exact
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.ratios import share_of_sums
from measurand.subject import Subject

SHARES = {
    "duplicates": ("duplicates", "proposals"),
    "invalid": ("invalid", "proposals"),
    "taken_over": ("taken_over", "steps"),
    "failed": ("failed", "evaluations"),
}
"""Shares of all that a method's searches did: which count, of which."""


def counting_rows(material: Material) -> Rows:
    """Shares by method; ``repeated``, ``miscounted``, ``uncounted``, ``unreplayed`` must be 0."""
    for task, method in material.methods():
        of, parts = material.replaced(method.id), {"task": task.id}
        mine = material.searches.filter(task=task.id, method=method.id).sort("seed")
        for name, (part, whole) in SHARES.items():
            yield of.row(name, parts, _share(mine[part], mine[whole]))
        if method.kind in ("best_of", "pam", "pam_rt"):
            steps = material.steps.filter(task=task.id, method=method.id)
            asked = steps.group_by("search").agg(
                (pl.col("how") == "judged").sum().alias("judged"), pl.len().alias("all")
            ).sort("search")  # fmt: skip
            yield of.row("judged", parts, _share(asked["judged"], asked["all"]))
        yield from _must_be_none(material, of, task.id, method.id, mine)
        again = material.replays.filter(task=task.id, method=method.id)
        if not again.is_empty():
            wrong = int(((again["differ"] > 0) | (again["calls"] > 0)).sum())
            yield of.row("unreplayed", parts, exact(float(wrong), n=len(again)))


def _share(part: pl.Series, whole: pl.Series) -> Estimate:
    """One sum over another, a search a unit; a share of none or all has no interval."""
    return share_of_sums(part.to_numpy().astype(float), whole.to_numpy().astype(float))


def _must_be_none(
    material: Material, of: Subject, task: str, method: str, mine: pl.DataFrame
) -> Rows:
    """Counts that are 0 wherever evaluations are counted honestly."""
    parts = {"task": task}
    steps = material.steps.filter(task=task, method=method)
    again = len(steps) - steps.select("search", "program").n_unique()
    yield of.row("repeated", parts, exact(float(again), n=len(steps)))
    rows = steps.group_by("search").agg(pl.col("evaluated").sum().alias("rows"))
    both = mine.join(rows, on="search", how="left")
    wrong = int((both["rows"] != both["evaluations"]).fill_null(True).sum())
    wrong += int((mine["evaluations"] > mine["budget"]).sum())
    yield of.row("miscounted", parts, exact(float(wrong), n=len(mine)))
    calls = material.seconds.filter(task=task, method=method).group_by("search").agg(
        pl.col("calls", "sessions").first()
    )  # fmt: skip
    seen = mine.join(calls, on="search", how="inner")
    if seen.is_empty():
        why = "calls stand in the journal of the run that made them, which is not here"
        yield of.row("uncounted", parts, undefined(why))
        return
    # A session that was killed may have asked once more than it kept.
    spare = seen["calls"] - seen["evaluations"]
    apart = int(((spare < 0) | (spare > (seen["sessions"] - 1).clip(0))).sum())
    yield of.row("uncounted", parts, exact(float(apart), n=len(seen)))
