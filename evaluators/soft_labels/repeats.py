"""Would the same scores come again: from other training seeds, from a judge that is asked again?"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evaluators.soft_labels.context import FloatArray
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.reliability import cronbach_alpha

METHOD = "Cronbach's alpha of units over repeats"


def alpha_over(
    repeats: Sequence[str], rows: pl.DataFrame, values: FloatArray, unit: str = "pair_id"
) -> Estimate:
    """Cronbach's alpha: the reliability of a unit's mean over its repeats, without interval.

    Repeats are items, units respondents; a shift that all units share, as a judge's bias for the
    first place, is no error of the mean. Missing repeats: pairwise covariances.

    Args:
        repeats: columns of which every combination is a repeat, such as ``seed``.
        rows: a row per unit and repeat.
        values: (n,) score of each row, NaN where missing.
        unit: column of the units.

    Returns:
        The estimate; undefined where units are measured once, or a repeat does not vary.
    """
    keyed = rows.select(unit, *repeats).with_columns(pl.Series("value", values, pl.Float64))
    wide = keyed.pivot(on=repeats, index=unit, values="value").drop(unit)
    if wide.width < 2:
        return undefined("measured once: no repeats", method=METHOD, n=wide.height)
    found = cronbach_alpha(wide.cast(pl.Float64).fill_null(float("nan")).to_numpy(), resamples=0)
    if found.value is None:
        return found
    why = "no interval: units share responses, a bootstrap would take them as independent"
    return Estimate(found.value, method=METHOD, n=found.n, reason=why)
