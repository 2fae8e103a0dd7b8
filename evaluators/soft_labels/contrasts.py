"""Does the geometric loss help? Runs that differ in the loss alone, pair by pair, seed by seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from evaluators.soft_labels.context import (
    ALPHA,
    Material,
    alpha_over,
    items_of,
    mean_of,
    numbers_of,
)
from evaluators.soft_labels.heldout import TERCILES, by_seed, by_seed_means, correct, with_winner
from measurand.results import Rows
from measurand.stats.crossed import components
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.repeats import unit_table
from measurand.stats.trainings import combined
from schemas.soft_labels.params import SHUFFLED, Run

PARENT = {
    "gdpo": "dpo",
    "cdpo": "dpo",
    "gipo": "ipo",
    "cipo": "ipo",
    "gropo": "ropo",
}
"""The loss of which another one is the geometric or the conservative version."""


def contrast_rows(material: Material) -> Rows:
    """Differences of runs on the same pairs, a run minus its parent or minus the shuffled control.

    ``accuracy_difference`` (of all pairs, by ``tercile``): interval over pairs, that is for other
    pairs under these seeds; ``accuracy_difference_seeds``: interval over seeds, for other seeds on
    these pairs; ``accuracy_difference_method``: interval over both, which a sentence about losses
    stands on; ``brier_difference`` likewise.
    The reliability beside them, by itself ``seed_alpha``, is that of a pair's mean difference over
    seeds.
    """
    for run, other in contrasted(material):
        parts = {"run": run.id, "over": other.id}
        both = _paired(material, run, other)
        if both.is_empty():
            continue
        sided = with_winner(both)
        gain = correct(sided) - correct(sided.with_columns(pl.col("u_b").alias("u")))
        yield from _differences(material, "accuracy_difference", parts, sided, gain)
        for tercile in TERCILES:
            at = (sided["tercile"] == tercile).to_numpy()
            yield from _differences(
                material,
                "accuracy_difference",
                {**parts, "tercile": tercile},
                sided.filter(tercile=tercile),
                gain[at],
            )
        yield from _differences(material, "brier_difference", parts, both, _brier_gap(both))


def contrasted(material: Material) -> Iterator[tuple[Run, Run]]:
    """(run, what it is compared with): equal pairs and equal steps, as steps decide much."""
    runs = [run for run, _ in material.runs()]
    for run in runs:
        for other in runs:
            same = (run.set, run.steps, run.pairs) == (other.set, other.steps, other.pairs)
            if not same or run is other:
                continue
            parent = run.labels == other.labels and PARENT.get(run.method) == other.method
            control = other.labels == SHUFFLED and run.labels != SHUFFLED
            if parent or control:
                yield run, other


def _paired(material: Material, run: Run, other: Run) -> pl.DataFrame:
    """The same pair under the same seed by both; one run with a single seed meets every seed."""
    left, right = (material.scores.filter(run_id=one.id) for one in (run, other))
    on = ["pair_id"] if _one_meets_all(run, other) else ["pair_id", "seed"]
    right = right.select(*on, pl.col("u").alias("u_b"), pl.col("h").alias("h_b"))
    return left.join(right, on=on).sort("pair_id", "seed")


def _one_meets_all(run: Run, other: Run) -> bool:
    return 1 in (run.seeds, other.seeds) and run.seeds != other.seeds


def _differences(
    material: Material, metric: str, parts: dict[str, str], rows: pl.DataFrame, gain: np.ndarray
) -> Rows:
    sides = [run for run in material.params.train.runs if run.id in (parts["run"], parts["over"])]
    once = _one_meets_all(sides[0], sides[1])
    alpha = _alpha(rows, gain, once)
    figures = {metric: mean_of(gain, items_of(rows), -1.0, 1.0)}
    if len(gain):
        figures[f"{metric}_seeds"] = by_seed(gain, rows["seed"].to_numpy(), -1.0, 1.0)
        figures[f"{metric}_method"] = _over_both(figures[metric], rows, gain, once)
    yield from material.scored(parts, figures, "seed_alpha", alpha)


def _over_both(found: Estimate, rows: pl.DataFrame, gain: np.ndarray, once: bool) -> Estimate:
    """The difference with an interval over seeds and pairs, which a claim about losses needs."""
    means = by_seed_means(gain, rows["seed"].to_numpy())
    if once:
        return combined(found, means[:1])
    wide = unit_table(gain, rows["pair_id"].to_numpy(), rows["seed"].to_numpy())[0].T
    r, g = wide.shape
    both = components(wide).rest / (r * g) if min(r, g) > 1 and np.isfinite(wide).all() else 0.0
    return combined(found, means, both)


def _alpha(rows: pl.DataFrame, gain: np.ndarray, once: bool) -> Estimate:
    """Undefined where one training stands in every repeat: its error would pass for agreement."""
    if once:
        why = "one side was trained once: its error is the same in every repeat"
        return undefined(why, method=ALPHA, n=rows["pair_id"].n_unique())
    return alpha_over(["seed"], rows, gain)


def _brier_gap(both: pl.DataFrame) -> np.ndarray:
    from scipy.special import expit

    p = numbers_of(both, "p")
    a, b = (np.square(expit(numbers_of(both, name)) - p) for name in ("h", "h_b"))
    gap: np.ndarray = a - b
    return gap
