"""Spearman's rho of figures over pairs, where two pairs may share an item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from measurand.stats.arrays import AnyArray, numbers
from measurand.stats.correlation import resampled_spearman, spearman
from measurand.stats.dyads import item_codes
from measurand.stats.estimate import Estimate
from measurand.stats.jackknife import FISHER
from measurand.stats.pairs_left_out import drawn_by, percentile_by, undefined_by


def pair_spearman(
    x: AnyArray,
    y: AnyArray,
    items: AnyArray,
    *,
    resamples: int = 2000,
    seed_words: Sequence[str | int] = (),
) -> Estimate:
    """Rank correlation with an error that allows for shared items.

    The value is that of :func:`measurand.stats.correlation.spearman`; without each
    pair the rest is ranked anew (:mod:`measurand.stats.pairs_left_out`).

    Args:
        x: (n,) values, finite.
        y: (n,) values, finite.
        items: (n, 2) the two items of each pair.
        resamples: bootstrap resamples B; 0 for no interval.
        seed_words: words that the seed is made of.

    Raises:
        InputError: wrong shapes, values that are not finite, a pair of an item with itself, or too
            few resamples.
    """
    a, b = numbers(x, 1, "x"), numbers(y, 1, "y")
    item_codes(items, len(a))
    drawn = drawn_by(len(a), items, resamples, seed_words)
    found = spearman(a, b, resamples=0).estimate
    method = "Spearman correlation"
    if found.value is None:
        return undefined_by(found.reason or "", drawn, method=method)
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        replicates = resampled_spearman(a, b, drawn.row_batches())
    return percentile_by(found.value, replicates, drawn, method=method, scale=FISHER)
