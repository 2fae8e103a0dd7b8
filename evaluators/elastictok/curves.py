"""Error against tokens: every model at every budget, and elastic against fixed ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import polars as pl

from evaluators.elastictok.context import Findings, mean, paired, ratio, row, share, with_alpha
from measurand.results import Rows
from measurand.stats.estimate import Estimate, undefined

QUALITIES = {"mse": (0.0, inf), "psnr": (-inf, inf), "ssim": (-1.0, 1.0)}
"""Measures of a reconstruction, with their ranges."""


def curve_rows(found: Findings) -> Rows:
    """``mse``, ``psnr``, ``ssim`` and ``budget_feasible`` of every model and budget.

    ``gain`` is the error with fewest tokens over that with K; ``against_fixed`` the error of an
    elastic model over that of the model trained at this number of tokens; ``cut_against_elastic``
    that of the largest fixed model, cut without training, over the elastic one's.
    """
    for split in found.splits:
        for model in found.models:
            yield from _points(found, model, split)
            yield row(model, "gain", {"split": split}, _gain(found, model, split))
        yield from _against(found, split)
    yield from _monotone(found)


def _points(found: Findings, model: str, split: str) -> Rows:
    own = found.budget(model, split)
    for n in found.budgets(model):
        at, parts = own.filter(n_tokens=n), {"n": str(n), "split": split}
        for quality, ends in QUALITIES.items():
            values = at.drop_nulls(quality)
            why = "a reconstruction without error, or frames too small"
            estimate = undefined(why) if values.is_empty() else mean(at, quality, *ends)
            yield from with_alpha(found, model, quality, parts, at, quality, estimate)
        for threshold, limit in found.limits.items():
            flagged = at.with_columns((pl.col("mse") <= limit).alias("feasible"))
            parts_at = {**parts, "threshold": threshold}
            yield row(model, "budget_feasible", parts_at, share(flagged, "feasible"))


def error_ratio(
    found: Findings, split: str, top: tuple[str, int], bottom: tuple[str, int]
) -> Estimate:
    """Mean error of (model, tokens) over that of another, on the same blocks."""
    sides = [found.budget(model, split).filter(n_tokens=n) for model, n in (top, bottom)]
    both = paired(sides[0], sides[1], ["mse"])
    return ratio(
        both["mse"].to_numpy(),
        both["mse_b"].to_numpy(),
        both["clip_id"].to_numpy(),
        "ratio of mean errors",
    )


def _gain(found: Findings, model: str, split: str) -> Estimate:
    budgets = found.budgets(model)
    return error_ratio(found, split, (model, budgets[0]), (model, budgets[-1]))


def _against(found: Findings, split: str) -> Rows:
    elastic = [m.name for m in found.params.train.models if m.elastic and m.name in found.models]
    for name in elastic:
        for fixed, n in found.fixed.items():
            if n in found.budgets(name):
                parts = {"fixed": fixed, "split": split}
                estimate = error_ratio(found, split, (name, n), (fixed, n))
                yield row(name, "against_fixed", parts, estimate)
    if found.fixed and found.model in found.models:
        largest = list(found.fixed)[-1]
        for n in found.budgets(found.model):
            if n in found.budgets(largest):
                estimate = error_ratio(found, split, (largest, n), (found.model, n))
                yield row(largest, "cut_against_elastic", {"n": str(n), "split": split}, estimate)


def _monotone(found: Findings) -> Rows:
    """``monotone_share``: steps of a block's whole error curve that fall.

    Steps of one token, and with ``steps=budgets`` those between the budgets of the parameters.
    """
    curves = found.tables["errors"]
    for (model,), own in curves.group_by(["model"], maintain_order=True):
        kinds: list[tuple[dict[str, str], list[int] | None]] = [
            ({}, None),
            ({"steps": "budgets"}, found.budgets(str(model))),
        ]
        for parts, numbers in kinds:
            values = own.with_columns(pl.Series("falls", _falling(own, numbers), pl.Float64))
            estimate = undefined("fewer than two budgets on the curve", n=0)
            if values["falls"].count():
                estimate = share(values, "falls")
            yield from with_alpha(
                found, str(model), "monotone_share", parts, values, "falls", estimate
            )


def _falling(curves: pl.DataFrame, budgets: Sequence[int] | None) -> list[float | None]:
    """Share of the steps of each curve that fall, between these budgets or every number of tokens.

    None where a curve has no such step.
    """
    shares: list[float | None] = []
    for numbers, errors in curves.select("n_tokens", "mse").iter_rows():
        kept = [e for n, e in zip(numbers, errors, strict=True) if budgets is None or n in budgets]
        shares.append(float((np.diff(kept) < 0).mean()) if len(kept) > 1 else None)
    return shares
