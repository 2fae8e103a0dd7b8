"""How often intervals of a percentile hold the truth, over people, items and clusters of items.

Run: ``python benchmarks/agi_levels_coverage.py``. In each cell 1,000 samples: a true percentile
uniform on .02 to .98, people normal, items right or wrong, alone or in clusters of five with an
intraclass correlation of .2. Printed: people's scores known / taken as normal / the sample's own
percentile with people's error alone, which forgets that items are a sample.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from measurand.stats.percentiles import Place, among, among_normal
from measurand.stats.true_score import exact_score, mean_score

SAMPLES, MEAN, SD, RHO = 1000, 0.6, 0.12, 0.2


def held(place: Place, truth: float) -> bool:
    """Whether the truth lies in the 95% interval."""
    return bool(0.025 <= place.below([truth])[0] <= 0.975)


def cell(size: int, people: int, items: int, rng: np.random.Generator) -> list[float]:
    """Coverage of the three ways; ``size`` items a cluster."""
    found = []
    for _ in range(SAMPLES):
        truth = float(rng.uniform(0.02, 0.98))
        rate = MEAN + SD * float(ndtri(truth))
        group = rng.normal(MEAN, SD, people)
        if size == 1:
            score = mean_score((rng.random(items) < rate) * 1.0)
        else:
            rate = float(np.clip(rate, 0.02, 0.98))
            truth = float(ndtr((rate - MEAN) / SD))
            count = items // size
            rates = rng.beta(rate * (1 / RHO - 1), (1 - rate) * (1 / RHO - 1), count)
            right = (rng.random((count, size)) < rates[:, None]) * 1.0
            score = mean_score(right.ravel(), np.repeat(np.arange(count), size))
        places = (
            among(score, group),
            among_normal(score, float(group.mean()), float(group.std(ddof=1)), people),
            among(exact_score(score.value), group),
        )
        found.append([held(place, truth) for place in places])
    return [float(share) for share in np.mean(found, axis=0)]


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    print("| items | people | 30 items | 200 items |")
    print("| --- | --- | --- | --- |")
    for size in (1, 5):
        for people in (20, 60, 300):
            cells = [cell(size, people, items, rng) for items in (30, 200)]
            told = " | ".join(" / ".join(f"{100 * share:.1f}" for share in c) for c in cells)
            print(f"| {'alone' if size == 1 else 'in fives'} | {people} | {told} |")


if __name__ == "__main__":
    main()
