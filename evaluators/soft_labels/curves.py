"""What training does step by step: the loss has no end, so a single step says little."""

from __future__ import annotations

from math import inf

import polars as pl

from evaluators.soft_labels.context import Material, mean_of, numbers_of
from measurand.results import Rows
from measurand.stats.estimate import Estimate, undefined

MEASURES = {
    "dev_accuracy": (0.0, 1.0),
    "dev_brier": (0.0, 1.0),
    "dev_margin": (-inf, inf),
    "dev_logratio_1": (-inf, inf),
    "dev_logratio_2": (-inf, inf),
    "dev_near_tie_u": (0.0, inf),
    "train_gap": (0.0, 1.0),
    "train_margin": (-inf, inf),
    "loss": (0.0, inf),
    "factor": (0.0, inf),
}
"""Columns of the training log whose means over seeds are kept, with their ranges."""


def curve_rows(material: Material) -> Rows:
    """Statistics of every run and measured step, means over seeds with their interval.

    Metrics are named as the columns of the log (``MEASURES``), slices ``run`` and ``step``. Beside
    them ``margin_growth``: mean h of the training pairs at the last step minus half-way: where a
    loss comes to rest it is 0; ``gap_change``: the same of the distance between implied
    preference and label.
    """
    for run in material.params.train.runs:
        own = material.training.filter(run_id=run.id)
        measured = own.drop_nulls("dev_margin")
        for (step,), at in measured.group_by("step", maintain_order=True):
            parts = {"run": run.id, "step": str(step)}
            for metric, ends in MEASURES.items():
                values = at.drop_nulls(metric)
                if not values.is_empty():
                    yield material.row(metric, parts, _over_seeds(values, metric, *ends))
        if not measured.is_empty():
            for metric, column in (("margin_growth", "train_margin"), ("gap_change", "train_gap")):
                yield material.row(metric, {"run": run.id}, _second_half(measured, column))


def measured_steps(material: Material, run: str) -> list[int]:
    """Steps at which a run's dev pairs were measured."""
    own = material.training.filter(run_id=run).drop_nulls("dev_margin")
    return [int(step) for step in own["step"].unique().sort().to_list()]


def _over_seeds(
    values: pl.DataFrame, column: str, low: float = -inf, high: float = inf
) -> Estimate:
    found = mean_of(numbers_of(values.sort("seed"), column), None, low, high)
    if values.height == 1:
        return Estimate(found.value, method="one seed", n=1, reason="no interval: one seed")
    return found


def _second_half(measured: pl.DataFrame, column: str) -> Estimate:
    """Last value minus the one at the measured step nearest to half of the steps, by seed."""
    known = measured.drop_nulls(column)
    steps = known["step"].unique().sort().to_list()
    if len(steps) < 2:
        return undefined("fewer than two measured steps", n=len(steps))
    last = steps[-1]
    middle = min(steps[:-1], key=lambda step: (abs(step - last / 2), step))
    ends = (
        known.filter(pl.col("step").is_in([middle, last]))
        .pivot(on="step", index="seed", values=column, sort_columns=True)
        .drop_nulls()
        .with_columns((pl.col(str(last)) - pl.col(str(middle))).alias("change"))
    )
    return _over_seeds(ends, "change")
