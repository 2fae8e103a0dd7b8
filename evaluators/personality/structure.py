"""Do the items of a scale hold together, and are two scales two: Guttman's bounds and HTMT."""

from __future__ import annotations

import numpy as np
import polars as pl

from evaluators.personality.evaluate.context import Subject
from evaluators.personality.evaluate.scores import SUFFIX, Kind, matrix
from measurand.results import Rows
from measurand.stats.covariance import correlation, covariance
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.guttman import lambdas
from measurand.stats.htmt import heterotrait_monotrait
from schemas.personality.params import DOMAINS

EXPERIMENT = {"experiment": "validity"}
LAMBDAS = ("lambda1", "lambda2", "lambda3", "lambda4", "lambda5", "lambda6")
"""Guttman's bounds; lambda6 of likeliest answers is a row of ``validity``."""


def structure_rows(subject: Subject) -> Rows:
    """Guttman's bounds of every scale, HTMT of every two domains of the first form."""
    answers = subject.responses.filter(pl.col("experiment") == "validity")
    for kind in SUFFIX:
        for scale in subject.scales:
            frame = answers.filter(pl.col("scale_id") == scale["scale_id"])
            if not frame.is_empty():
                parts = {**EXPERIMENT, **subject.name(scale["scale_id"])}
                for name, estimate in _bounds(frame, kind).items():
                    if (name, kind) != ("lambda6", "value"):
                        yield subject.row(name + SUFFIX[kind], parts, estimate)
        yield from _htmt_rows(subject, answers, kind)


def _bounds(frame: pl.DataFrame, kind: Kind) -> dict[str, Estimate]:
    """Of correlations of the keyed answers of complete rows, as in R ``psych::guttman``."""
    x = matrix(frame, kind).x
    x = x[~np.isnan(x).any(axis=1)]
    method = "Guttman's lower bound, standardised"
    if x.shape[1] < 2 or len(x) < 2:
        why = undefined("fewer than two items or complete rows", method=method, n=len(x))
        return dict.fromkeys(LAMBDAS, why)
    r = correlation(covariance(x))
    if np.isnan(r).any():
        why = undefined("an item does not vary", method=method, n=len(x))
        return dict.fromkeys(LAMBDAS, why)
    found = lambdas(r)
    # One sentence may say why two are missing; each row takes its own.
    reasons = (found.reason or "").split("; ")
    why_not = {name: next((r for r in reasons if name in r), reasons[0]) for name in LAMBDAS}
    return {
        name: Estimate(value, method=method, n=len(x), reason="no interval is computed")
        if (value := getattr(found, name)) is not None
        else undefined(why_not[name], method=method, n=len(x))
        for name in LAMBDAS
    }


def _htmt_rows(subject: Subject, answers: pl.DataFrame, kind: Kind) -> Rows:
    first = subject.params.build.validity.first_form
    own = answers.filter(pl.col("scale_id").is_in([f"{first}.{d}" for d in DOMAINS]))
    if own["domain"].n_unique() < len(DOMAINS):
        return
    table = matrix(own, kind)
    domain = dict(own.select("item_id", "domain").unique().iter_rows())
    scales = np.array([domain[item] for item in table.items])
    if min(int((scales == d).sum()) for d in DOMAINS) < 2:
        return
    found = heterotrait_monotrait(
        table.x,
        scales,
        clusters=table.clusters,
        resamples=subject.resamples,
        seed_words=subject.words("validity"),
    )
    for (a, b), estimate in found.items():
        yield subject.row(f"htmt{SUFFIX[kind]}", {**EXPERIMENT, "first": a, "second": b}, estimate)
