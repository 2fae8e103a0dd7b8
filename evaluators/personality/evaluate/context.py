"""What the statistics of one model are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from evaluators.personality.evaluate.scores import read_responses, scale_scores
from measurand import shards, subject
from measurand.reporting import view
from schemas.personality.params import Params

KNOWN = "synthetic:"
"""How the names of respondents begin whose answers are known."""
FOLLOWER = f"{KNOWN}shaped"
"""The one that follows every level of a prompt."""


@dataclass(frozen=True)
class Subject(subject.Subject):
    """One model's answers with everything that is needed to judge them.

    Attributes:
        responses: answers, see ``scores.read_responses``.
        instruments: table INSTRUMENTS of the dataset.
        scales: table SCALES of the dataset, a row per scale.
        params: parameters.
    """

    responses: pl.DataFrame
    instruments: pa.Table
    scales: tuple[Mapping[str, Any], ...]
    params: Params

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Scale scores, see ``scores.scale_scores``."""
        return subject.frame(scale_scores(self.model, self.responses))

    @property
    def experiments(self) -> tuple[str, ...]:
        """Experiments that the model answered."""
        return tuple(self.responses["experiment"].unique().sort())

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
    shared = (params.report.seed, params.report.resamples)
    return [
        Subject("personality", model, *shared, found[model], instruments, scales, params)
        for model in subject.in_order(found, (run.model for run in params.evaluate.models))
    ]
