"""How often an interval of a method holds the truth, over trainings and items that are drawn anew.

Tables of trainings x clusters are drawn from normal distributions: items with variance 1,
trainings with 0 to 4, their interaction with a quarter or 1. Per cell: coverage in per cent of
``mean_over_trainings``, of Satterthwaite's degrees of freedom with the same error, and of the
interval of one training over its items alone, which is what a report of one training says; in a
second table that of one training ``widened`` by a study of all trainings.

    python benchmarks/training_intervals.py [--tables 4000]
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.special import stdtrit

from measurand.stats.crossed import components
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean
from measurand.stats.trainings import mean_over_trainings, widened

TRAININGS, CLUSTERS = (2, 3, 5, 10), (10, 30, 200)
RATIOS = (0.0, 0.05, 0.25, 1.0, 4.0)
INTERACTIONS = (0.25, 1.0)


def satterthwaite(table: np.ndarray) -> float:
    """Half the width of the interval with Satterthwaite's degrees of freedom."""
    r, g = table.shape
    found = components(table)
    parts = (
        (g * found.rows + found.rest, r - 1),
        (r * found.columns + found.rest, g - 1),
        (found.rest, (r - 1) * (g - 1)),
    )
    total = max(parts[0][0] + parts[1][0] - parts[2][0], parts[2][0])
    df = total**2 / sum(ms**2 / f for ms, f in parts)
    return float(stdtrit(max(df, 1.0), 0.975)) * (total / (r * g)) ** 0.5


def _holds(found: Estimate) -> bool:
    assert found.ci_lo is not None
    assert found.ci_hi is not None
    return found.ci_lo <= 0 <= found.ci_hi


def coverage(
    r: int, g: int, ratio: float, interaction: float, tables: int, seed: int = 0
) -> tuple[float, float, float]:
    """Shares of intervals that hold the truth, 0: ours, Satterthwaite's, one training's."""
    rng = np.random.default_rng([seed, r, g, int(100 * ratio), int(100 * interaction)])
    hits = np.zeros(3)
    for _ in range(tables):
        table = rng.normal(size=(r, 1)) * ratio**0.5 + rng.normal(size=(1, g))
        table = table + rng.normal(size=(r, g)) * interaction**0.5
        ours, one = mean_over_trainings(table), cluster_mean(table[0])
        hits += (_holds(ours), abs(table.mean()) <= satterthwaite(table), _holds(one))
    ours_, theirs, today = (hits / tables).tolist()
    return ours_, theirs, today


def coverage_widened(
    r: int, g: int, ratio: float, interaction: float, tables: int, seed: int = 0
) -> tuple[float, float]:
    """Shares of widened intervals of one training that hold the truth, 0.

    The study has r trainings: others than the one, as on another machine; or the one among them.
    """
    rng = np.random.default_rng([seed, r, g, int(100 * ratio), int(100 * interaction), 1])
    hits = np.zeros(2)
    for _ in range(tables):
        table = rng.normal(size=(r + 1, 1)) * ratio**0.5 + rng.normal(size=(1, g))
        table = table + rng.normal(size=(r + 1, g)) * interaction**0.5
        one, means = cluster_mean(table[0], np.arange(g)), table.mean(axis=1)
        studies = (means[1:], means[:r])
        hits += [_holds(widened(one, float(study.std(ddof=1)), r)) for study in studies]
    others, among = (hits / tables).tolist()
    return others, among


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=4000)
    tables = parser.parse_args().tables
    print("| trainings | clusters | interaction | " + " | ".join(f"{x:g}" for x in RATIOS) + " |")
    print("| " + " --- |" * (3 + len(RATIOS)))
    every = []
    for r in TRAININGS:
        for g in CLUSTERS:
            for interaction in INTERACTIONS:
                found = [coverage(r, g, ratio, interaction, tables) for ratio in RATIOS]
                every += [(r, *one) for one in found]
                cells = " | ".join(" / ".join(f"{100 * x:.1f}" for x in one) for one in found)
                print(f"| {r} | {g} | {interaction:g} | {cells} |", flush=True)
    print("\nOne training, widened by a study:")
    for r in TRAININGS:
        for g in CLUSTERS:
            both = [coverage_widened(r, g, ratio, 1.0, tables) for ratio in RATIOS]
            cells = (" / ".join(f"{100 * x:.1f}" for x in one) for one in both)
            print(f"| {r} | {g} | " + " | ".join(cells) + " |", flush=True)
    for r in TRAININGS:
        ours, theirs, today = zip(*(one[1:] for one in every if one[0] == r), strict=True)
        said = (f"{min(x):.3f} to {max(x):.3f}" for x in (ours, theirs, today))
        print("{} trainings: {}; Satterthwaite {}; one over its items {}".format(r, *said))


if __name__ == "__main__":
    main()
