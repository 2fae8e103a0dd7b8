"""Loss of trained models on the same masked parts: by mean span length and by kind of token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from evaluators.webagent.evaluate.context import SYSTEM, Found
from measurand.results import Rows
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate
from measurand.stats.ratios import ratio_of_sums

Parts = dict[str, str]


def loss_rows(found: Found) -> Rows:
    """``loss``: nats a target token, by ``mu`` and ``kind``, pages being units."""
    for (model,), mine in found.probes.sort("model").group_by("model", maintain_order=True):
        for parts, some in _slices(mine):
            yield statistic_row(SYSTEM, str(model), "loss", parts, loss(some))


def _slices(mine: pl.DataFrame) -> Iterator[tuple[Parts, pl.DataFrame]]:
    yield {}, mine
    for mu in mine["mu"].unique().sort().to_list():
        some = mine.filter(mu=mu)
        yield {"mu": str(mu)}, some
        for kind in some["kind"].unique().sort().to_list():
            yield {"mu": str(mu), "kind": kind}, some.filter(kind=kind)
    for kind in mine["kind"].unique().sort().to_list():
        yield {"kind": kind}, mine.filter(kind=kind)


def loss(rows: pl.DataFrame) -> Estimate:
    """Sum of negative log-probabilities over tokens; each page is left out whole."""
    pages = rows.group_by("doc_id").agg(pl.col("nll", "tokens").sum()).sort("doc_id")
    nll, tokens = (pages[name].to_numpy().astype(np.float64) for name in ("nll", "tokens"))
    found = ratio_of_sums(nll, tokens, pages["doc_id"].to_numpy())
    method = f"negative log-probability a token; {found.method}"
    return replace(found, method=method, n=int(tokens.sum()))
