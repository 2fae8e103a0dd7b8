"""Loss of trained models on the same masked parts: by mean span length and by kind of token."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from evaluators.webagent.evaluate.context import SYSTEM, Found
from measurand.results import Rows
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate
from measurand.stats.resample import percentile, plan

Parts = dict[str, str]


def loss_rows(found: Found) -> Rows:
    """``loss``: nats a target token, by ``mu`` and ``kind``, with a bootstrap over pages."""
    for (model,), mine in found.probes.sort("model").group_by("model", maintain_order=True):
        for parts, some in _slices(mine):
            yield statistic_row(SYSTEM, str(model), "loss", parts, loss(some, found))


def _slices(mine: pl.DataFrame) -> Iterator[tuple[Parts, pl.DataFrame]]:
    yield {}, mine
    for mu in mine["mu"].unique().sort().to_list():
        some = mine.filter(mu=mu)
        yield {"mu": str(mu)}, some
        for kind in some["kind"].unique().sort().to_list():
            yield {"mu": str(mu), "kind": kind}, some.filter(kind=kind)
    for kind in mine["kind"].unique().sort().to_list():
        yield {"kind": kind}, mine.filter(kind=kind)


def loss(rows: pl.DataFrame, found: Found) -> Estimate:
    """Sum of negative log-probabilities over tokens; pages are drawn whole.

    A ratio of two sums: its bootstrap draws both together (Efron & Tibshirani 1993, chapter 6).
    """
    pages = rows.group_by("doc_id").agg(pl.col("nll", "tokens").sum()).sort("doc_id")
    nll, tokens = (pages[name].to_numpy().astype(np.float64) for name in ("nll", "tokens"))
    report = found.params.report
    docs = pages["doc_id"].to_numpy()
    drawn = plan(len(pages), docs, report.resamples, (SYSTEM, report.seed, "loss"))
    value = float(nll.sum() / tokens.sum())
    replicates = np.full(report.resamples, np.nan)
    if drawn.drawable:
        # About the value, so that sums of unlike size lose no digits.
        sums = drawn.resampled_sums(np.vstack([nll - value * tokens, tokens]))
        replicates = value + sums[:, 0] / sums[:, 1]
    n = int(tokens.sum())
    return percentile(value, replicates, drawn, method="negative log-probability a token", n=n)
