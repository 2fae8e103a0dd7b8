"""Tokens saved at an equal share of blocks under a threshold: figure 4 of the paper.

An adaptive code with a cap c gives a block the tokens that its search found, but no more than c; a
block that needs more counts as missed. Raising the cap draws share of blocks against tokens used.
A cap changes the past of later blocks; here the past is that of the code without a cap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from evaluators.elastictok.context import (
    BLOCK,
    HEADLINE,
    Findings,
    Floats,
    mean,
    row,
    share,
    with_alpha,
)
from measurand.results import Rows
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.resample import Plan, percentile, plan

METHOD = "tokens of a fixed budget over tokens of the search at an equal share of blocks"


def saving_rows(found: Findings) -> Rows:
    """``tokens``, ``feasible`` and ``token_share`` of binary search; ``token_saving`` ratios.

    A saving is taken against every fixed model, and against the elastic model itself with one
    budget for all blocks (``uniform``).
    """
    for split in found.splits:
        for model in found.models:
            for threshold in found.limits:
                own = found.coded(model, threshold, split=split)
                if own.is_empty():
                    continue
                parts = {"threshold": threshold, "split": split}
                yield from _scores(found, model, parts, own)
                for against, n, flags in references(found, model, threshold, split):
                    estimate = saving(found, own, flags, n)
                    where = {**parts, "against": against, "n": str(n)}
                    yield row(model, "token_saving", where, estimate)


def _scores(found: Findings, model: str, parts: dict[str, str], own: pl.DataFrame) -> Rows:
    used = own.with_columns((pl.col("n_tokens") / found.slots).alias("used"))
    least = found.params.train.min_tokens / found.slots
    for metric, column, estimate in (
        ("tokens", "n_tokens", found.mean_tokens(own)),
        ("token_share", "used", mean(used, "used", least, 1.0)),
        ("feasible", "feasible", share(own, "feasible")),
    ):
        yield from with_alpha(found, model, metric, parts, used, column, estimate)


def references(
    found: Findings, model: str, threshold: str, split: str
) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """(name, tokens, blocks with ``feasible``) of what a saving is taken against."""
    limit = pl.col("mse") <= found.limits[threshold]
    for fixed, n in found.fixed.items():
        own = found.budget(fixed, split).filter(n_tokens=n)
        yield fixed, n, own.with_columns(limit.alias("feasible"))
    for n in found.budgets(model):
        own = found.budget(model, split).filter(n_tokens=n)
        yield "uniform", n, own.with_columns(limit.alias("feasible"))


def capped(own: pl.DataFrame, slots: int) -> tuple[Floats, Floats]:
    """Tokens used and whether feasible, (K, n) each, under caps 1..K.

    Args:
        own: blocks with ``n_tokens`` and ``feasible``.
        slots: K.
    """
    n = own["n_tokens"].to_numpy().astype(float)
    caps = np.arange(1, slots + 1)[:, None]
    met = own["feasible"].to_numpy() & (n <= caps)
    return np.minimum(n, caps), met.astype(float)


def tokens_at(tokens: Floats, met: Floats, wanted: float) -> float:
    """Mean tokens at which the share of blocks reaches ``wanted``; NaN where it never does.

    Args:
        tokens: (K,) mean tokens under caps 1..K.
        met: (K,) share of blocks, not falling.
        wanted: the share.
    """
    if wanted > met[-1] + 1e-12:
        return float("nan")
    at = int(np.searchsorted(met, wanted - 1e-12))
    if at == 0 or met[at] <= met[at - 1]:
        return float(tokens[at])
    way = (wanted - met[at - 1]) / (met[at] - met[at - 1])
    return float(tokens[at - 1] + way * (tokens[at] - tokens[at - 1]))


def saving(found: Findings, own: pl.DataFrame, reference: pl.DataFrame, n: int) -> Estimate:
    """Budget over the tokens that the search needs for the share of blocks that n tokens reach.

    Args:
        found: resamples and seed.
        own: blocks after the search.
        reference: the same blocks with n tokens each.
        n: their number.
    """
    both = own.select(*BLOCK, "clip_id", "n_tokens", "feasible").join(
        reference.select(*BLOCK, pl.col("feasible").alias("reached")), on=BLOCK
    )
    both = both.sort(BLOCK)
    if both.is_empty():
        return undefined("no blocks in common", method=METHOD, n=0)
    tokens, met = capped(both, found.slots)
    flags = both["reached"].to_numpy().astype(float)
    clips = both["clip_id"].to_numpy()
    wanted = flags.mean()
    if wanted == 0:
        return undefined(f"no block is under the threshold with {n}", method=METHOD, n=len(flags))
    value = n / tokens_at(tokens.mean(1), met.mean(1), wanted)
    if not np.isfinite(value):
        why = f"the search reaches {met.mean(1)[-1]:.0%} of blocks, {n} tokens {wanted:.0%}"
        return undefined(why, method=METHOD, n=len(flags))
    drawn = plan(len(flags), clips, found.resamples, found.words("clips"))
    replicates = _resampled(tokens, met, flags, drawn, n)
    return replace(percentile(value, replicates, drawn, method=METHOD), least=0.0)


def _resampled(
    tokens: Floats, met: Floats, flags: Floats, drawn: Plan, n: int
) -> npt.NDArray[np.float64]:
    if not drawn.drawable:
        return np.full(drawn.resamples, np.nan)
    features = np.concatenate([tokens, met, flags[None], np.ones((1, len(flags)))])
    sums = drawn.resampled_sums(features)
    means, k = sums[:, :-1] / sums[:, -1:], len(tokens)
    out = np.full(len(means), np.nan)
    for i, one in enumerate(means):
        if one[-1] > 0:
            out[i] = n / tokens_at(one[:k], np.maximum.accumulate(one[k : 2 * k]), one[-1])
    return out


def figure_points(found: Findings, model: str, threshold: str) -> list[dict[str, Any]]:
    """Points of the adaptive curve: share of K used, share of blocks, at up to 33 caps."""
    own = found.coded(model, threshold, split=HEADLINE)
    if own.is_empty():
        return []
    tokens, met = capped(own, found.slots)
    lowest = found.params.train.min_tokens - 1
    at = np.unique(np.linspace(lowest, found.slots - 1, 33).round().astype(int))
    return [
        {"x": float(tokens[c].mean() / found.slots), "estimate": float(met[c].mean())} for c in at
    ]
