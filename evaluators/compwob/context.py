"""What the statistics of one agent are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from measurand import shards, subject
from measurand.reporting import view
from measurand.stats.estimate import Estimate
from measurand.stats.repeats import nested_reliability
from measurand.subject import frame, in_order
from schemas.compwob.params import Params
from schemas.compwob.tables import EPISODES

SYSTEM = "compwob"
ORDERS = ("forward", "reverse")
FEWEST_SEEDS = 4
"""Episodes a task from which on a reliability has an interval: of eight tasks with two episodes
that succeed or do not, such intervals hold the truth in 62 to 96 of 100, however they are made."""
ALL = "all agents"
"""Where a figure concerns no single agent."""


@dataclass(frozen=True)
class Subject(subject.Subject):
    """One agent's episodes.

    Attributes:
        episodes: rows of ``compwob.episodes`` that have a result, with ``success`` as a number.
        lost: episodes that have none.
        params: parameters.
    """

    episodes: pl.DataFrame
    lost: int
    params: Params
    scripts = ("oracle", "text_oracle", "random", "first_button", "forward_only")

    @property
    def agent(self) -> str:
        """Who acted."""
        return self.model

    def of(self, order: str) -> pl.DataFrame:
        """Episodes with one wording; ``single`` for base tasks."""
        return self.episodes.filter(pl.col("order") == order)

    def task_icc(self, metric: str, parts: Mapping[str, str], scores: pl.DataFrame) -> Estimate:
        """Reliability of a task's mean of ``score`` over its seeds, the repeats of ``metric``.

        Args:
            metric: name of the mean over tasks.
            parts: its slice.
            scores: ``task`` and ``score``, a row an episode.
        """
        found = nested_reliability(
            scores["score"].to_numpy(),
            scores["task"].to_numpy(),
            resamples=self.resamples,
            seed_words=self.words("task_icc", metric, *parts.values()),
            names=("task", "seed", "episode"),
        )
        few = len(scores) < FEWEST_SEEDS * scores["task"].n_unique()
        if found.ci_lo is None or not few:
            return found
        why = f"no interval: fewer than {FEWEST_SEEDS} episodes a task that succeed or do not"
        return Estimate(
            found.value, method=found.method, n=found.n, n_clusters=found.n_clusters, reason=why
        )


View = view.View[Sequence[Subject]]
"""What report sections read."""


def subjects(results: Path, params: Params) -> list[Subject]:
    """Every agent in a results folder, in the order of the parameters.

    Args:
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    played = shards.read_table(results / "episodes")
    # Results of version 1.0.0 of the table can still be reported.
    played = EPISODES.conform(EPISODES.upgraded(played))
    every = frame(played).with_columns(pl.col("success").cast(pl.Float64))
    found = every["agent"].unique().to_list()
    made = []
    for agent in in_order(found, (run.agent for run in params.evaluate.agents)):
        mine = every.filter(pl.col("agent") == agent)
        with_result = mine.drop_nulls("success").sort("task", "order", "seed")
        shared = (SYSTEM, agent, params.report.seed, params.report.resamples)
        made.append(Subject(*shared, with_result, len(mine) - len(with_result), params))
    return made
