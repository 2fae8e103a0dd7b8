from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from evaluators.personality.alike import cautions
from evaluators.personality.evaluate.context import subjects
from evaluators.personality.report import statistics
from measurand.reporting.lookup import Figures
from schemas.personality.params import Params


@pytest.mark.integration
def test_scales_of_which_most_answers_are_the_same_are_named_with_what_intervals_hold(
    small: Params, data: Path, administer: Callable[[str], Path]
) -> None:
    results = administer("synthetic:factor")
    [subject] = subjects(data, results, small)
    table = statistics(data, results, small)
    rows = [{**row, "ci_lo": 0.1, "ci_hi": 0.9} for row in table.to_pylist()]
    figures = Figures(pa.Table.from_pylist(rows, table.schema))
    assert cautions(subject, figures) == []
    asked = [one for one in subject.scales if subject.name(one["scale_id"])["form"] == "first"]
    first, second = asked[:2]
    # Answers of eight of ten biographies to one scale and all of another are the lowest.
    alike = (
        pl.when(pl.col("scale_id") == second["scale_id"])
        .then(1.0)
        .when((pl.col("scale_id") == first["scale_id"]) & (pl.col("bio_id") > 2))
        .then(1.0)
        .when(pl.col("scale_id") == first["scale_id"])
        .then(4.0)
        .otherwise(pl.col("keyed_value"))
        .alias("keyed_value")
    )
    other = replace(subject, responses=subject.responses.with_columns(alike))
    without = [{**row, "ci_lo": None, "ci_hi": None} for row in rows]
    assert cautions(other, Figures(pa.Table.from_pylist(without, table.schema))) == []
    notes = cautions(other, figures)
    assert len(notes) == 2
    assert f"{second['name']} 100%; of 100 such intervals 78 to 92 hold alpha." in " ".join(notes)
    assert f"{first['name']} 80%; of 100 such intervals 85 to 92 hold alpha." in " ".join(notes)
