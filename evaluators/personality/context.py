"""What the statistics of one model are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from evaluators.personality.scores import read_responses, scale_scores
from measurand import shards
from measurand.report import view
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate
from schemas.personality.params import Params

Row = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """One model's answers with everything that is needed to judge them.

    Attributes:
        model: model string.
        responses: answers, see ``scores.read_responses``.
        instruments: table INSTRUMENTS of the dataset.
        scales: table SCALES of the dataset, a row per scale.
        params: parameters.
    """

    model: str
    responses: pl.DataFrame
    instruments: pa.Table
    scales: tuple[Row, ...]
    params: Params

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Scale scores, see ``scores.scale_scores``."""
        frame = pl.from_arrow(scale_scores(self.model, self.responses))
        assert isinstance(frame, pl.DataFrame)
        return frame

    @property
    def experiments(self) -> tuple[str, ...]:
        """Experiments that the model answered."""
        return tuple(self.responses["experiment"].unique().sort())

    def words(self, *more: str) -> tuple[str | int, ...]:
        """Seed words of a statistic.

        Only the seed, not the model, decides: two models see the same resamples of biographies.
        """
        return ("personality", self.params.report.seed, *more)

    def row(
        self,
        metric: str,
        parts: Mapping[str, str],
        estimate: Estimate,
        reliability: float | None = None,
    ) -> Row:
        """A row of the statistics table."""
        return statistic_row(
            "personality", self.model, metric, parts, estimate, reliability=reliability
        )

    def name(self, scale_id: str) -> dict[str, str]:
        """Slice of a validity scale: ``form`` first, second or criterion, and ``scale``.

        The forms are named by their role, so that a gate file holds for every preset.
        """
        validity = self.params.build.validity
        instrument, _, scale = scale_id.partition(".")
        forms = {validity.first_form: "first", validity.second_form: "second"}
        if instrument in forms:
            return {"form": forms[instrument], "scale": scale}
        return {"form": "criterion", "scale": scale_id}


View = view.View[Sequence[Subject]]
"""What report sections read."""


def subjects(data: Path, results: Path, params: Params) -> list[Subject]:
    """Every model in a results folder, in the order of the parameters.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    dataset = data / "dataset"
    instruments = shards.read_table(dataset / "instruments")
    scales = tuple(shards.read_table(dataset / "scales").to_pylist())
    found = read_responses(results)
    listed = [run.model for run in params.evaluate.models if run.model in found]
    order = listed + sorted(set(found) - set(listed))
    return [Subject(m, found[m], instruments, scales, params) for m in order]
