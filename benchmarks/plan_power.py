"""Whether planned samples reach the power that was wished: pilots drawn, planned, run and decided.

``python benchmarks/plan_power.py`` draws 1,000 pilots of each size and kind, plans the gate from
each, draws a study of the planned size and puts the gate's test to it; a minute on one core. The
share that passes is the power that plans reach, on average over pilots.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np

from measurand.planning.designs import Design, cheapest, needed
from measurand.planning.question import Question
from measurand.planning.wish import Wish
from measurand.stats.components import nested
from measurand.stats.means import cluster_mean

SIZES = (8, 15, 40)
POWER, ALPHA = 0.8, 0.05


@dataclass(frozen=True)
class Kind:
    """How scores come about: standard deviations of the parts, and what is to be shown."""

    name: str
    cluster: float
    item: float
    repeat: float
    per_cluster: int
    per_item: int
    gap: float
    answers: bool = False
    wish: Wish | None = None


KINDS = (
    Kind("clustered scores, same shape", 0.15, 0.2, 0.3, 4, 2, 0.05),
    Kind("differences of items", 0.0, 0.5, 0.0, 1, 1, 0.1),
    Kind("clustered answers 0/1", 0.15, 0.2, 0.0, 5, 1, 0.06, answers=True),
    Kind("cheapest other shape", 0.1, 0.3, 0.4, 4, 2, 0.05,
         wish=Wish(prices={"cluster": 4.0, "item": 1.0, "call": 0.5}, most={"items": 8})),
)  # fmt: skip


def draw(
    kind: Kind, shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Scores with mean .5, and their clusters, items and repeats."""
    clusters, items = shape[:2]
    middle = 0.5 + kind.cluster * rng.normal(size=(clusters, 1, 1))
    middle = middle + kind.item * rng.normal(size=(clusters, items, 1))
    values = middle + kind.repeat * rng.normal(size=shape)
    if kind.answers:
        # Symmetric about .5, cut alike on both sides: the mean stays .5.
        values = (rng.random(shape) < np.clip(middle, 0, 1)) * 1.0
    at = np.indices(shape).reshape(3, -1)
    return values.ravel(), at[0], at[0] * items + at[1], at[2]


def planned(kind: Kind, clusters: int, rng: np.random.Generator) -> Design:
    """The design that a pilot of so many clusters asks for."""
    parts = nested(*draw(kind, (clusters, kind.per_cluster, kind.per_item), rng))
    asked = Question(
        parts, 0.5, "given", kind.gap, ALPHA, POWER, POWER, None, None, False, least=(2, 2)
    )
    if kind.wish is not None:
        found, _ = cheapest(asked, kind.wish)
    else:
        found = needed(asked, kind.per_cluster, kind.per_item, Wish())
    assert found is not None
    return found


def passes(kind: Kind, design: Design, rng: np.random.Generator) -> bool:
    """Whether the gate's one-sided test shows the mean above .5 - gap."""
    shape = (design.clusters, design.per_cluster, design.repeats)
    values, clusters, items, _ = draw(kind, shape, rng)
    means = np.bincount(items, values) / design.repeats
    found = cluster_mean(means, clusters[:: design.repeats], confidence=1 - 2 * ALPHA)
    assert found.ci_lo is not None
    return found.ci_lo > 0.5 - kind.gap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pilots", type=int, default=1000)
    pilots = parser.parse_args().pilots
    print(
        f"| scores | clusters of the pilot | power reached, wished {POWER:g} | clusters planned |"
    )
    print("| --- | --- | --- | --- |")
    for kind in KINDS:
        for size in SIZES:
            rng = np.random.default_rng([size, *kind.name.encode()])
            plans = [planned(kind, size, rng) for _ in range(pilots)]
            power = float(np.mean([passes(kind, plan, rng) for plan in plans]))
            low, middle, high = np.quantile([p.clusters for p in plans], (0.1, 0.5, 0.9))
            error = math.sqrt(power * (1 - power) / pilots)
            spread = f"{middle:.0f} ({low:.0f} to {high:.0f})"
            print(f"| {kind.name} | {size} | {power:.3f} +- {error:.3f} | {spread} |")


if __name__ == "__main__":
    main()
