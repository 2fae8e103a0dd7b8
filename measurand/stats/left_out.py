"""Is a model closer to the consensus of raters than one of them is? Each is left out in turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers, same_length
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean

TIE = 1e-9
"""Distances that differ by less are the same: only rounding set them apart."""


def advantages(own: AnyArray, ratings: AnyArray) -> FloatArray:
    """Share of a text's raters who are farther from the consensus of the others than the model.

    Rater j is left out; the model and rater j are both compared with the mean of the others by
    absolute distance, ties half. A model that is one more rater has 1/2 in expectation, exactly:
    the two change places without changing the comparison. In the spirit of the average advantage
    probability of Calderon, Reichart & Dror (2025, arXiv 2501.10970), with raters exchangeable
    within a text: no rater's identity is needed, and none is used.

    Args:
        own: (k,) the model's ratings of the texts.
        ratings: (k, r) people's ratings, NaN where fewer than r rated.

    Returns:
        (k,) shares.

    Raises:
        InputError: shapes that do not fit, or a text with fewer than two raters.
    """
    mine, table = numbers(own, 1, "own"), numbers(ratings, 2, "ratings", missing=True)
    same_length(len(mine), ratings=table)
    given = ~np.isnan(table)
    n = given.sum(1)
    if (n < 2).any():
        raise InputError(
            f"text {int(np.argmin(n))} has {int(n.min())} raters", hint="two or more are needed"
        )
    filled = np.where(given, table, 0.0)
    others = (filled.sum(1, keepdims=True) - filled) / (n[:, None] - 1)
    gap = np.abs(filled - others) - np.abs(mine[:, None] - others)
    wins = np.where(np.abs(gap) < TIE, 0.5, gap > 0)
    found: FloatArray = np.where(given, wins, 0.0).sum(1) / n
    return found


def advantage(
    own: AnyArray,
    ratings: AnyArray,
    clusters: AnyArray | None = None,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Mean of :func:`advantages` over texts, with an interval that holds texts and raters.

    A text's share moves with its own raters, so the error between texts has both. Raters who rated
    many texts would add to it; whose ratings do not say who rated, cannot tell by how much.

    Args:
        own: (k,) the model's ratings of the texts.
        ratings: (k, r) people's ratings, NaN where fewer than r rated.
        clusters: (k,) unit of independent sampling of each text.
        confidence: level of the two-sided interval.
    """
    shares = advantages(own, ratings)
    found = cluster_mean(shares, clusters, confidence=confidence)
    found = bounded(found, shares)
    return replace(found, method=f"share of raters farther from the others; {found.method}")
