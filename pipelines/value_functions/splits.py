"""Which clusters are trained on and which are held out."""

from __future__ import annotations

from collections.abc import Iterable

from measurand.errors import ParamsError
from measurand.stats.resample import seed_for
from schemas.value_functions.params import SPLITS


def splits_of(
    seed: int, source: str, clusters: Iterable[str], shares: tuple[float, float]
) -> dict[str, str]:
    """``train``, ``val`` or ``test`` of every cluster; each has one cluster or more.

    The order of the clusters does not matter: they are ranked by hashes of their names.

    Args:
        seed: of the build.
        source: the source.
        clusters: what is kept together.
        shares: of ``train`` and ``val``; the rest is ``test``.

    Raises:
        ParamsError: fewer than three clusters; code ``too_few_clusters``.
    """
    ranked = sorted(set(clusters), key=lambda name: (seed_for(seed, source, "split", name), name))
    n = len(ranked)
    if n < len(SPLITS):
        raise ParamsError(
            f"{source}: {n} clusters cannot be split in train, val and test",
            hint="three groups are the least; without a group column every row is its own",
            code="too_few_clusters",
        )
    train = min(max(1, round(shares[0] * n)), n - 2)
    val = min(max(1, round(shares[1] * n)), n - 1 - train)
    names = ["train"] * train + ["val"] * val + ["test"] * (n - train - val)
    return dict(zip(ranked, names, strict=True))
