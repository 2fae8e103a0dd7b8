"""How much of a score's variance lies between clusters, items and repeats.

A score is a mean plus parts of its cluster, of its item within the cluster, and of the single
repeat; where every item met the same repeats (seeds), plus a part that all items of a repeat share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from measurand.stats.arrays import AnyArray, FloatArray, IntArray, codes, numbers


@dataclass(frozen=True)
class Components:
    """Variance components of single scores, and what they were made from.

    Attributes:
        clusters: variance between clusters; 0 where each item is its own cluster.
        items: variance between items of a cluster; with one repeat it holds the repeats' part.
        repeats: variance between repeats of one item; None where no item was measured twice.
        shared: variance between repeats that all items share; None where they are not the same.
        mean: mean of the items, repeats averaged within them first.
        n_clusters: clusters.
        n_items: items.
        per_cluster: items of a cluster, as they weigh (harmonic for errors; not whole).
        per_item: repeats of an item, as they weigh.
        error: variance of the mean over items: cluster-robust (CR1).
    """

    clusters: float
    items: float
    repeats: float | None
    shared: float | None
    mean: float
    n_clusters: int
    n_items: int
    per_cluster: float
    per_item: float
    error: float

    def of_cluster(self, per_cluster: float, per_item: float) -> float:
        """Variance that one cluster of so many items and repeats brings to the mean.

        Equal to that of the pilot where both are as in the pilot, unequal sizes included; divided
        by the number of clusters it is the squared error.
        """
        ours = self._parts(self.per_cluster, self.per_item)
        stretch = self.error * self.n_clusters / ours if ours > 0 else 0.0
        return stretch * self._parts(per_cluster, per_item)

    def _parts(self, per_cluster: float, per_item: float) -> float:
        repeats = 0.0 if self.repeats is None else self.repeats
        return self.clusters + (self.items + repeats / per_item) / per_cluster

    def degrees(self, per_cluster: float, per_item: float) -> float:
        """Degrees of freedom of :meth:`of_cluster`, by Satterthwaite's rule; 1 at the least.

        In the pilot's own numbers one less than the clusters. Elsewhere parts that were estimated
        apart are put together anew, which is less sure: with more items of a cluster all hangs on
        the clusters' part, of which few clusters tell little.

        Source: Satterthwaite (1946), Biometrics Bulletin 2, 110-114.
        """
        m, r = self.per_cluster, self.per_item
        noise = self.repeats or 0.0
        # Mean squares of clusters, items and repeats, as far as the parts above 0 make them up.
        of_items = noise + r * self.items
        squares = np.array([of_items + r * m * self.clusters, of_items, noise])
        weights = np.array(
            [1 / (r * m), (1 / per_cluster - 1 / m) / r, (1 / per_item - 1 / r) / per_cluster]
        )
        df = np.array([self.n_clusters - 1, self.n_items - self.n_clusters, self.n_items * (r - 1)])
        if self.n_items == self.n_clusters:
            # Each item is a cluster: what lies between them is one part.
            df[1] = self.n_clusters - 1
        parts = squares * weights
        known = (parts != 0) & (df > 0)
        spread = float((parts[known] ** 2 / df[known]).sum())
        found = float(parts.sum()) ** 2 / spread if spread > 0 else float(self.n_clusters - 1)
        return max(1.0, found)


def nested(values: AnyArray, clusters: AnyArray, items: AnyArray, repeats: AnyArray) -> Components:
    """Components of scores of repeats within items within clusters, whatever their numbers.

    Analysis of variance with expected mean squares of unequal numbers; parts below 0 are 0. The
    shared part is that of a two-way table of items and repeats, where none is missing.

    Source: Searle, Casella & McCulloch (1992), Variance Components, sections 3.6 and 5.3 (nested
    classification, Henderson's method I); with equal numbers the estimates above 0 are REML's.

    Args:
        values: (n,) single scores.
        clusters: (n,) cluster of each.
        items: (n,) item of each; an item lies in one cluster.
        repeats: (n,) repeat of each.

    Raises:
        InputError: wrong shapes, values that are not finite, or no value.
    """
    x = numbers(values, 1, "values")
    item, n_items = codes(items, len(x), "items")
    first = np.unique(item, return_index=True)[1]
    cluster, n_clusters = codes(clusters[first], n_items)
    size = np.bincount(item, minlength=n_items)
    means = np.bincount(item, x, n_items) / size
    within = float(((x - means[item]) ** 2).sum())
    again = len(x) - n_items
    noise = within / again if again > 0 else None
    between, among = _two_levels(means, size, cluster, n_clusters, noise or 0.0)
    members = np.bincount(cluster, minlength=n_clusters)
    shared = _shared(x, item, n_items, repeats)
    if shared is not None and noise is not None:
        # What all items of a repeat share is no noise of single repeats.
        noise = max(0.0, noise - shared)
    return Components(
        clusters=between,
        items=among,
        repeats=noise,
        shared=shared,
        mean=float(means.mean()),
        n_clusters=n_clusters,
        n_items=n_items,
        per_cluster=n_items / n_clusters,
        per_item=float(1 / (1 / size).mean()),
        error=_error(means, cluster, members),
    )


def _two_levels(
    means: FloatArray, size: IntArray, cluster: IntArray, g: int, noise: float
) -> tuple[float, float]:
    """Variance between clusters, and between items within them, from the items' means."""
    n = len(means)
    # A mean of k repeats has noise / k of their noise in it.
    noisy = noise / size
    members = np.bincount(cluster, minlength=g)
    centre = np.bincount(cluster, means, g) / members
    inside = float(((means - centre[cluster]) ** 2).sum())
    if g == n:
        total = float(means.var(ddof=1)) if n > 1 else 0.0
        return 0.0, max(0.0, total - float(noisy.mean()))
    # E[inside] = (n - g) items + sum of noise (1 - 1 / members).
    taken = float((noisy * (1 - 1 / members[cluster])).sum())
    among = max(0.0, (inside - taken) / (n - g))
    if g < 2:
        return 0.0, among
    spread = float((members * (centre - means.mean()) ** 2).sum())
    by_item = float((noisy * (1 / members[cluster] - 1 / n)).sum())
    weight = n - float((members.astype(np.float64) ** 2).sum()) / n
    # Below its expectation the items' own part is taken as it was measured, not as cut at 0.
    own = (inside - taken) / (n - g)
    return max(0.0, (spread - by_item - (g - 1) * own) / weight), among


def _shared(x: FloatArray, item: IntArray, n_items: int, repeats: AnyArray) -> float | None:
    repeat, k = codes(repeats, len(x), "repeats")
    if k < 2 or n_items < 2 or len(x) != n_items * k:
        return None
    table = np.full((n_items, k), np.nan)
    table[item, repeat] = x
    if np.isnan(table).any():
        return None
    rows, columns = table.mean(1, keepdims=True), table.mean(0)
    rest = table - rows - columns + table.mean()
    error = float((rest**2).sum()) / ((n_items - 1) * (k - 1))
    return max(0.0, float(columns.var(ddof=1)) - error / n_items)


def _error(means: FloatArray, cluster: IntArray, members: IntArray) -> float:
    g = len(members)
    if g < 2:
        return math.nan
    sums = np.bincount(cluster, means - means.mean(), g)
    return float(g / (g - 1) * (sums**2).sum()) / len(means) ** 2
