"""What the statistics of one agent are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from measurand import shards, subject
from measurand.manifest import MANIFEST
from measurand.reporting import view
from measurand.subject import frame, in_order
from measurand.tables import Table
from schemas.webagent.checks import CHECKS
from schemas.webagent.params import Agent, Params
from schemas.webagent.pretraining_tables import PROBES

SYSTEM = "webagent"
ALL = "all agents"
"""Where a figure concerns no single agent."""
ORACLE, RANDOM = "oracle", "random"
"""Planners that are rules."""
Row = dict[str, Any]
Steps = Mapping[str, Sequence[Row]]
"""Steps of each episode, in order."""


@dataclass(frozen=True)
class Subject(subject.Subject):
    """One agent's episodes.

    Attributes:
        every: rows of ``webagent.episodes``, with ``instruction_id`` (site, template and number)
            and ``success`` as a number.
        steps: rows of ``webagent.steps`` by episode.
        params: parameters.
    """

    every: pl.DataFrame
    steps: Steps
    params: Params

    @property
    def agent(self) -> str:
        """Who acted."""
        return self.model

    @cached_property
    def spec(self) -> Agent | None:
        """How the agent is set up, None where the parameters do not list it."""
        return next((a for a in self.params.evaluate.agents if a.name == self.agent), None)

    @property
    def is_control(self) -> bool:
        """Whether what it can do is known beforehand: rules that plan and write, shuffled ones."""
        spec = self.spec
        if spec is None:
            return super().is_control
        rules = spec.planner in (ORACLE, RANDOM) and spec.writer == "template"
        return spec.shuffled or (rules and spec.plans and spec.summariser)

    @cached_property
    def episodes(self) -> pl.DataFrame:
        """Those that have a result."""
        return self.every.drop_nulls("success")

    def at(self, site: str) -> pl.DataFrame:
        """Those on a site; on all of them for an empty word."""
        return self.episodes.filter(site=site) if site else self.episodes

    @cached_property
    def sites(self) -> list[str]:
        """Sites on which it has episodes, in the order of the parameters."""
        return in_order(self.every["site"].unique().to_list(), self.params.evaluate.sites)


@dataclass(frozen=True)
class Found:
    """All that a report is made of.

    Attributes:
        everyone: agents in the order of the parameters.
        checks: rows of ``webagent.checks`` by name.
        runs: rows of ``webagent.runs``.
        probes: rows of ``webagent.probes``; empty where no trained model was measured.
        params: parameters.
    """

    everyone: Sequence[Subject]
    checks: Mapping[str, Row]
    runs: pl.DataFrame
    probes: pl.DataFrame
    params: Params

    def planned_by(self, planner: str) -> Subject | None:
        """The control in which rules plan, point and write, None where it did not act."""
        return next(
            (s for s in self.everyone if s.spec and s.spec.planner == planner
             and s.is_control and not s.spec.shuffled),
            None,
        )  # fmt: skip


View = view.View[Found]
"""What report sections read."""


def found_in(results: Path, params: Params) -> Found:
    """Read everything that statistics need.

    Args:
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    every = with_instructions(frame(shards.read_table(results / "episodes")))
    steps: dict[str, list[Row]] = {}
    for row in frame(shards.read_table(results / "steps")).sort("episode_id", "step").to_dicts():
        steps.setdefault(row["episode_id"], []).append(row)
    names = every["agent"].unique().to_list()
    everyone = []
    for agent in in_order(names, (one.name for one in params.evaluate.agents)):
        mine = every.filter(agent=agent).sort("site", "instruction_id", "seed")
        own = {name: steps.get(name, []) for name in mine["episode_id"].to_list()}
        shared = (SYSTEM, agent, params.report.seed, params.report.resamples)
        everyone.append(Subject(*shared, mine, own, params))
    checks = {row["name"]: row for row in _table(results / "checks", CHECKS).to_dicts()}
    runs = frame(shards.read_table(results / "runs"))
    return Found(everyone, checks, runs, _table(results / "probes", PROBES), params)


def with_instructions(episodes: pl.DataFrame) -> pl.DataFrame:
    """Episodes with ``instruction_id``, which all agents and seeds share, and numbers."""
    parts = pl.col("episode_id").str.split("|").list
    return episodes.with_columns(
        parts.head(3).list.join("|").alias("instruction_id"),
        pl.col("success").cast(pl.Float64),
    )


def _table(folder: Path, table: Table) -> pl.DataFrame:
    """Rows of a table that not all results have; none where it is not there."""
    if (folder / MANIFEST).exists():
        return frame(shards.read_table(folder))
    return frame(table.schema().empty_table())
