"""What the statistics of one agent are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from evaluators.compwob.repeats import over_seeds
from measurand import shards
from measurand.report import view
from measurand.statistics import statistic_row
from measurand.stats.estimate import Estimate
from schemas.compwob.params import Params
from schemas.compwob.tables import EPISODES

Row = dict[str, Any]
SYSTEM = "compwob"
ORDERS = ("forward", "reverse")
ALL = "all agents"
"""Where a figure concerns no single agent."""
SCRIPTS = ("oracle", "text_oracle", "random", "first_button", "forward_only")
"""Agents whose success is known: the instrument's own, not what is measured."""


@dataclass(frozen=True)
class Subject:
    """One agent's episodes.

    Attributes:
        agent: who acted.
        episodes: rows of ``compwob.episodes`` that have a result, with ``success`` as a number.
        lost: episodes that have none.
        params: parameters.
    """

    agent: str
    episodes: pl.DataFrame
    lost: int
    params: Params

    @property
    def is_script(self) -> bool:
        """Whether it is a script."""
        return self.agent in SCRIPTS

    def of(self, order: str) -> pl.DataFrame:
        """Episodes with one wording; ``single`` for base tasks."""
        return self.episodes.filter(pl.col("order") == order)

    def words(self, *more: str) -> tuple[str | int, ...]:
        """Seed words of a statistic; two agents see the same resamples."""
        return (SYSTEM, self.params.report.seed, *more)

    def row(
        self,
        metric: str,
        parts: Mapping[str, str],
        estimate: Estimate,
        reliability: float | None = None,
    ) -> Row:
        """A row of the statistics table."""
        return statistic_row(SYSTEM, self.agent, metric, parts, estimate, reliability=reliability)

    def task_icc(self, metric: str, parts: Mapping[str, str], scores: pl.DataFrame) -> Estimate:
        """Reliability of a task's mean of ``score`` over its seeds, the repeats of ``metric``.

        Args:
            metric: name of the mean over tasks.
            parts: its slice.
            scores: ``task`` and ``score``, a row an episode.
        """
        return over_seeds(
            scores["score"].to_numpy(),
            scores["task"].to_numpy(),
            resamples=self.params.report.resamples,
            seed_words=self.words("task_icc", metric, *parts.values()),
        )


View = view.View[Sequence[Subject]]
"""What report sections read."""


def subjects(results: Path, params: Params) -> list[Subject]:
    """Every agent in a results folder, in the order of the parameters.

    Args:
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    every = frame(EPISODES.conform(shards.read_table(results / "episodes"))).with_columns(
        pl.col("success").cast(pl.Float64)
    )
    found = every["agent"].unique().sort().to_list()
    listed = [run.agent for run in params.evaluate.agents if run.agent in found]
    order = listed + [agent for agent in found if agent not in listed]
    made = []
    for agent in order:
        mine = every.filter(pl.col("agent") == agent)
        with_result = mine.drop_nulls("success").sort("task", "order", "seed")
        made.append(Subject(agent, with_result, len(mine) - len(with_result), params))
    return made


def measured(everyone: Sequence[Subject]) -> list[Subject]:
    """Agents whose success is the question; scripts where there are no others."""
    return [subject for subject in everyone if not subject.is_script] or list(everyone)


def frame(table: pa.Table) -> pl.DataFrame:
    """An Arrow table as a polars frame."""
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found
