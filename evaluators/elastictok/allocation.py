"""Where tokens go: motion, detail, objects, cuts, the past; and the controls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from evaluators.elastictok.context import Findings, paired, row, share
from measurand.results import Rows
from measurand.statistics import exact
from measurand.stats.correlation import spearman
from measurand.stats.estimate import Estimate, undefined

ABOUT = {
    "motion": "motion",
    "energy": "spatial_energy",
    "objects": "gt_objects",
    "speed": "gt_speed",
}
"""Name of a correlation, and the column that tokens are correlated with."""


def allocation_rows(found: Findings) -> Rows:
    """``rho`` with motion, detail, objects and speed; ``tokens_by_motion``; ``cut_tokens``.

    ``conditioning_gain`` is tokens of a block alone minus tokens with its past; ``frozen_fewer``
    the share of moving blocks that need no fewer tokens than their first frame repeated;
    ``noise_at_k`` the share of blocks of white noise that get K tokens.
    """
    for model in found.models:
        for threshold in found.limits:
            own = found.coded(model, threshold)
            if own.is_empty():
                continue
            parts = {"threshold": threshold}
            for name, column in ABOUT.items():
                estimate = _rho(found, own, column)
                yield row(model, "rho", {**parts, "with": name}, estimate)
            for source, some in _sources(own):
                where = {**parts, "with": "motion", "source": source}
                yield row(model, "rho", where, _rho(found, some, "motion"))
                yield row(
                    model, "tokens_by_source", {**parts, "source": source}, found.mean_tokens(some)
                )
            yield from _terciles(found, model, parts, own)
            yield row(model, "cut_tokens", parts, _cut(found, own))
            yield from _variants(found, model, threshold, own)


def _sources(own: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (source,), some in own.sort("source").group_by(["source"], maintain_order=True):
        yield str(source), some


def _rho(found: Findings, own: pl.DataFrame, column: str) -> Estimate:
    known = own.drop_nulls(column)
    if known.is_empty():
        return undefined("not known for any block", method="Spearman correlation", n=0)
    return spearman(
        known["n_tokens"].to_numpy().astype(float),
        known[column].to_numpy().astype(float),
        clusters=known["clip_id"].to_numpy(),
        resamples=found.resamples,
        seed_words=found.words("clips"),
    ).estimate


def _terciles(found: Findings, model: str, parts: dict[str, str], own: pl.DataFrame) -> Rows:
    """Mean tokens by tercile of motion among blocks that move; and of still ones."""
    moving = own.filter(pl.col("motion") > 0)
    still = own.filter(pl.col("motion") <= 0)
    if not still.is_empty():
        where = {**parts, "motion": "none"}
        yield row(model, "tokens_by_motion", where, found.mean_tokens(still))
    if moving.height < 3:
        return
    borders = np.quantile(moving["motion"].to_numpy(), [1 / 3, 2 / 3])
    names = np.array(["low", "middle", "high"])[
        np.searchsorted(borders, moving["motion"].to_numpy())
    ]
    for name in ("low", "middle", "high"):
        some = moving.filter(pl.Series(names == name))
        if not some.is_empty():
            where = {**parts, "motion": name}
            yield row(model, "tokens_by_motion", where, found.mean_tokens(some))


def _cut(found: Findings, own: pl.DataFrame) -> Estimate:
    """Tokens of blocks with a cut minus the mean of the others of the same source."""
    method = "tokens of blocks with a cut minus mean of blocks of the source without"
    others = own.filter(~pl.col("is_cut")).group_by("source").agg(pl.col("n_tokens").mean())
    cuts = own.filter("is_cut").join(others, on="source", suffix="_others")
    if cuts.is_empty():
        return undefined("no block with a cut", method=method, n=0)
    more = cuts.with_columns((pl.col("n_tokens") - pl.col("n_tokens_others")).alias("more"))
    return found.mean_change(more, "more")


def _variants(found: Findings, model: str, threshold: str, own: pl.DataFrame) -> Rows:
    parts = {"threshold": threshold}
    alone = found.coded(model, threshold, variant="no_past")
    if not alone.is_empty():
        both = paired(alone, own, ["n_tokens"]).with_columns(
            (pl.col("n_tokens") - pl.col("n_tokens_b")).alias("gain")
        )
        yield row(model, "conditioning_gain", parts, found.mean_change(both, "gain"))
    still = found.coded(model, threshold, variant="still")
    if not still.is_empty():
        moving = own.filter(pl.col("motion") > 0)
        both = paired(still, moving, ["n_tokens"]).with_columns(
            (pl.col("n_tokens") <= pl.col("n_tokens_b")).alias("fewer"),
            (pl.col("n_tokens_b") - pl.col("n_tokens")).alias("saved"),
        )
        yield row(model, "frozen_fewer", parts, share(both, "fewer"))
        yield row(model, "frozen_saved", parts, found.mean_change(both, "saved"))
    noise = found.coded(model, threshold, variant="noise", split=None)
    if not noise.is_empty():
        # Noise is drawn for the test: a count, not a sample of clips.
        every = int((noise["n_tokens"] == found.slots).sum())
        yield row(model, "noise_at_k", parts, exact(every / noise.height, n=noise.height))
