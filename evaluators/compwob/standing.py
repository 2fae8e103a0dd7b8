"""Where an agent stands: against chance, and against what it can do of the parts alone.

These are the figures that gates on the subject read. They stand under no single agent, as those of
the controls do, since a gate file names one model for all of its gates.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evaluators.compwob.context import ALL, SYSTEM, Subject
from evaluators.compwob.gaps import paired, with_parts
from measurand.results import Rows
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate, undefined
from schemas.compwob.params import ORDERS


def standing_rows(everyone: Sequence[Subject]) -> Rows:
    """Figures of every agent that is no script, paired by task and seed.

    ``above_random``: its success minus that of the script ``random`` on the same problems.
    ``composed_loss``: the mean of its successes on the parts alone minus that on the composition,
    as ``gap_base``.
    """
    chance = next((subject for subject in everyone if subject.agent == "random"), None)
    for subject in everyone:
        if subject.is_script:
            continue
        for order in ORDERS:
            here = {"agent": subject.agent, "order": order}
            found = _above(subject, chance, order)
            yield statistic_row(SYSTEM, ALL, "above_random", here, found)
            if order != "single":
                pairs = with_parts(subject, order)
                found = _paired(pairs, pairs["mean_alone"] - pairs["success"])
                yield statistic_row(SYSTEM, ALL, "composed_loss", here, found)


def _above(subject: Subject, chance: Subject | None, order: str) -> Estimate:
    if chance is None:
        return undefined("random did not play", n=0)
    keys = ["task", "seed"]
    pairs = subject.of(order).join(
        chance.of(order).select(*keys, pl.col("success").alias("by_chance")), on=keys
    )
    return _paired(pairs, pairs["success"] - pairs["by_chance"])


def _paired(pairs: pl.DataFrame, differences: pl.Series) -> Estimate:
    if pairs.is_empty():
        return undefined("no problem was played by both", n=0)
    return paired(pairs, differences.to_numpy())
