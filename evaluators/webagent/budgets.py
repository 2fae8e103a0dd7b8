"""Whether planners were trained on the same budget, so that what they start from is compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from evaluators.webagent.evaluate.context import ALL, SYSTEM, Found
from measurand import shards
from measurand.manifest import MANIFEST
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.stats.estimate import undefined
from measurand.subject import frame
from schemas.webagent.pretraining_tables import FINETUNING


def trainings(results: Path) -> pl.DataFrame:
    """Rows of ``webagent.finetuning``, of the pre-trained model too; none if nothing was trained.

    Args:
        results: folder that ``evaluate`` wrote.
    """
    folder = results / "trainings"
    there = (folder / MANIFEST).exists()
    return frame(shards.read_table(folder) if there else FINETUNING.schema().empty_table())


def budget_rows(found: Found, results: Path) -> Rows:
    """``budgets_apart``: recorded steps of planners that not every planner has, as a count.

    A step is its number with the tokens of its targets, so that equal steps are equal batches.

    Args:
        found: what the report is made of.
        results: folder that ``evaluate`` wrote.
    """
    train = found.params.train
    planners = () if train is None else train.planners
    rows = trainings(results)
    each: list[set[tuple[Any, ...]]] = [
        set(rows.filter(model=name).select("step", "tokens").iter_rows()) for name in planners
    ]
    apart = undefined("fewer than two planners were trained", n=0)
    if len(each) > 1:
        every = each[0].union(*each)
        why = None if every else "no step is recorded"
        count = float(len(every - each[0].intersection(*each))) if every else None
        apart = exact(count, n=len(every), reason=why)
    yield statistic_row(SYSTEM, ALL, "budgets_apart", {}, apart)
