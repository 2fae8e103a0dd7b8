"""What the discriminator said before each label came: right, calibrated, and worth asking?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from evaluators.guided_evolution.context import FloatArray, Material, mean_of
from measurand.results import Rows
from measurand.stats.calibration import calibration_error
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.ratios import ratio_of_sums
from schemas.guided_evolution.tables import OTHERS


def judged_rows(material: Material) -> Rows:
    """``accuracy``, ``auc``, ``ece`` by whom a child was compared with, and ``enrichment``."""
    for task, method in material.methods():
        if not method.learns:
            continue
        of = material.replaced(method.id)
        mine = material.pairs.filter(task=task.id, method=method.id)
        for other in OTHERS:
            some = mine.filter(pl.col("other") == other, pl.col("label") >= 0)
            parts = {"task": task.id, "other": other}
            if some.is_empty():
                yield of.row("accuracy", parts, undefined("no comparison that is no tie"))
                continue
            yield of.row("accuracy", parts, mean_of(right(some), some["search"], low=0, high=1))
            yield of.row("auc", parts, auc(some))
            error = calibration_error(
                some["p"].to_numpy(),
                some["label"].to_numpy().astype(float),
                by=some["search"].to_numpy(),
                resamples=material.resamples,
                seed_words=material.words("ece", task.id, method.id, other),
            )
            yield of.row("ece", parts, error)
        for name, estimate in _enrichment(material, task.id, method.id):
            yield of.row(name, {"task": task.id}, estimate)


def right(pairs: pl.DataFrame) -> FloatArray:
    """(n,) 1 where the likelier one was better, 0 where not; half where both were as likely."""
    p, label = pairs["p"].to_numpy(), pairs["label"].to_numpy()
    out: FloatArray = np.where(p == 0.5, 0.5, (p > 0.5) == (label == 1)).astype(float)
    return out


def auc(pairs: pl.DataFrame) -> Estimate:
    """Area under the receiver operating curve, the mean of every search's own.

    Probability that a child that was better got a higher probability than one that was not, ties
    half (Mann & Whitney 1947). Searches in which all children were better, or none, have none.
    """
    found = [
        area(one["p"].to_numpy(), one["label"].to_numpy() == 1)
        for _, one in pairs.sort("search", "step").group_by("search", maintain_order=True)
    ]
    known = np.array([x for x in found if x is not None])
    if not len(known):
        return undefined("no search had children of both kinds", method="mean area under the curve")
    return mean_of(known, low=0, high=1)


def area(p: FloatArray, better: np.ndarray) -> float | None:
    """Area under the curve of one sample; None where one kind is missing."""
    n, m = int(better.sum()), int((~better).sum())
    if not n or not m:
        return None
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[better].sum() - n * (n + 1) / 2) / (n * m))


def _enrichment(material: Material, task: str, method: str) -> Iterator[tuple[str, Estimate]]:
    """Children better than their parents: among those a judge chose, and among plain ones.

    Plain children of the same searches, drawn while the judge was asked, are what it is compared
    with: parents get better as a search goes on.
    """
    steps = material.steps.filter(
        pl.col("task") == task, pl.col("method") == method, pl.col("parent_fitness").is_not_null()
    )
    better = (pl.col("fitness").fill_null(float("-inf")) > pl.col("parent_fitness")).cast(
        pl.Float64
    )
    kinds = {
        "improving_judged": pl.col("how") == "judged",
        "improving_plain": pl.col("reason") == "explore",
    }
    shares = {}
    for name, kind in kinds.items():
        some = steps.filter(kind).select("search", better.alias("better"))
        if some.is_empty():
            yield name, undefined("no such child")
            continue
        shares[name] = some
        yield name, mean_of(some["better"], some["search"], low=0, high=1)
    yield "enrichment", _over(shares)


def _over(shares: dict[str, pl.DataFrame]) -> Estimate:
    """One share over the other, from the searches that have both."""
    method = "ratio of shares, a search a unit"
    if len(shares) < 2:
        return undefined("one side has no child", method=method)
    judged, plain = (
        found.group_by("search").agg(pl.col("better").mean()).sort("search")
        for found in shares.values()
    )
    both = judged.join(plain, on="search", how="inner", suffix="_plain").sort("search")
    if both.is_empty() or not both["better_plain"].sum():
        return undefined("no plain child was better", method=method, n=len(both))
    return ratio_of_sums(both["better"].to_numpy(), both["better_plain"].to_numpy())
