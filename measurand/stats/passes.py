"""Of k tries at an item: does one succeed, do all?"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, FloatArray, numbers, same_length
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean

Kind = Literal["any", "all"]


def passes(
    successes: AnyArray,
    tries: AnyArray,
    k: int,
    kind: Kind = "any",
    *,
    clusters: AnyArray | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """pass@k (one of k tries succeeds) or pass^k (all k do), unbiased, over items and clusters.

    Of an item with c successes in n tries the share of all sets of k tries that succeed:
    1 - C(n-c, k) / C(n, k) for one, C(c, k) / C(n, k) for all. Items are the sample, tries a part
    of the error: the mean over items has a cluster-robust error, on the logit scale.

    Source: Chen et al. (2021), arXiv:2107.03374, equation 1; pass^k: Yao et al. (2024),
    arXiv:2406.12045, section 2.

    Args:
        successes: (n,) successes of each item.
        tries: (n,) tries of each item.
        k: tries in a set, 1 or more.
        kind: ``any`` for pass@k, ``all`` for pass^k.
        clusters: (n,) cluster of each item.
        confidence: level of the two-sided interval.

    Returns:
        The estimate over the items with k tries or more, which ``n`` counts.

    Raises:
        InputError: wrong shapes, k below 1, counts that are no whole numbers, or more successes
            than tries.
    """
    c, n = numbers(successes, 1, "successes"), numbers(tries, 1, "tries")
    same_length(len(n), successes=c)
    if k < 1 or k != int(k) or kind not in ("any", "all"):
        raise InputError(f"{k} tries, {kind!r}", hint="k from 1, kind any or all")
    if ((c < 0) | (c > n) | (c % 1 != 0) | (n % 1 != 0)).any():
        raise InputError("successes and tries are no counts", hint="give 0 <= successes <= tries")
    name = f"pass@{k}" if kind == "any" else f"pass^{k}"
    kept = n >= k
    if not kept.any():
        return undefined(f"no item has {k} tries", method=name, n=0)
    failing = _share_of_sets(n[kept] - c[kept] if kind == "any" else c[kept], n[kept], k)
    values = 1 - failing if kind == "any" else failing
    own = None if clusters is None else clusters[kept]
    found = cluster_mean(values, own, confidence=confidence)
    return replace(bounded(found, values), method=f"{name}, unbiased; {found.method}")


def _share_of_sets(of: FloatArray, n: FloatArray, k: int) -> FloatArray:
    """C(of, k) / C(n, k), as a product of k ratios in 0..1."""
    share = np.ones(len(n))
    for i in range(k):
        share *= np.maximum(of - i, 0) / (n - i)
    return share
