"""Let the agents play: every task, wording and seed, in a browser, one episode after the other.

A finished episode is journalled with its steps at once, so a killed run goes on where it was and
ends in the same rows. What differs from run to run, times and tries, has a table of its own.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluators.compwob.evaluate import checks, films
from evaluators.compwob.evaluate.plan import items_of, specs_of
from measurand import project, runs, shards
from measurand.costs import COSTS
from measurand.journal import Journal, call_key
from measurand.manifest import read_manifest
from measurand.progress import Progress
from measurand.results import RESULTS
from measurand.tables import Table
from measurand.web import browser, chromium
from measurand.web.browser import Owner
from pipelines.compwob import pages
from pipelines.compwob.agents import Agent
from pipelines.compwob.environment import Rules, Spec
from pipelines.compwob.episodes import Setting, episode_id, play
from pipelines.compwob.opening import open_agent
from schemas.compwob.params import AgentRun, Params
from schemas.compwob.tables import CHECKS, EPISODES, FILMS, RUNS, STEPS

Row = dict[str, Any]


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Let every agent play its tasks.

    Writes ``episodes/``, ``steps/<agent>/``, ``items/`` (item results), ``checks/``, ``films/``,
    and ``costs/`` and ``runs/``, which differ from run to run.

    Args:
        params: parameters; ``evaluate.agents`` lists agents and tasks.
        data: folder with ``dataset/`` and ``checkpoint/``.
        model: one agent to run instead; one that is not listed gets every task.
        out: folder to write to.
        journal: folder of episodes and model calls.
        limit: only the first so many episodes of each agent; marks the results partial.

    Raises:
        InputError: an agent or a task is unknown.
        CapabilityError: no browser, or a model that cannot write.
        InfraError: browsers failed in more than ``evaluate.max_infra_share`` of an agent's
            episodes; what was played is journalled.
    """
    root = project.root_or_here()
    chromium.executable()
    source = pages.Wheel(pages.fetch(root / "data" / "sources"))
    asked = params.evaluate.agents if model is None else (_run_of(params, model),)
    parents = {name: _hash(data / "dataset" / name) for name in ("episodes", "steps")}
    run = f"evaluate-{secrets.token_hex(4)}"
    owner = browser.Owner(pages.Composed(source), run)
    try:
        outcomes, seen = [], []
        for spec in asked:
            with Journal(journal / "calls" / f"{runs.slug(spec.agent)}.jsonl") as calls:
                agent = open_agent(
                    spec.agent, source, data=data, journal=calls, cache=root / "models"
                )
                turn = Turn(params, spec, agent, owner, journal, limit).play()
            folder = out / "steps" / runs.slug(spec.agent)
            _write(folder, STEPS, turn.steps, params, "episode_id", parents=parents)
            seen.append(checks.Seen.of(turn.steps))
            # Pages take nearly all of the memory of a turn.
            turn.steps.clear()
            outcomes.append(turn)
        pictures = films.film(params, owner, source) if limit is None else []
    finally:
        owner.close()
        left = chromium.left_over(run)
    config = {
        "evaluate": params.evaluate.model_dump(mode="json"),
        "agents": [spec.agent for spec in asked],
        "partial": limit is not None,
    }
    every = [row for outcome in outcomes for row in outcome.episodes]
    times = [row for outcome in outcomes for row in outcome.runs]
    tables = {
        "episodes": (EPISODES, every, "episode_id"),
        "items": (RESULTS, [row for outcome in outcomes for row in outcome.items], "item_id"),
        "checks": (CHECKS, checks.rows(data / "dataset", every, seen, times, left), None),
        "films": (FILMS, pictures, None),
        "runs": (RUNS, times, None),
        "costs": (COSTS, [row for outcome in outcomes for row in outcome.costs], None),
    }
    for name, (table, rows, key) in tables.items():
        _write(out / name, table, rows, params, key, parents=parents, config=config)


def _write(
    folder: Path,
    table: Table,
    rows: Sequence[Row],
    params: Params,
    key: str | None,
    *,
    parents: Mapping[str, str] | None = None,
    config: Row | None = None,
) -> None:
    shards.write_dataset(
        folder,
        table,
        runs.table(table, rows) if rows else table.schema().empty_table(),
        n_shards=params.evaluate.n_shards if key else 1,
        shard_key=key,
        parents=parents,
        params=config,
    )


def _run_of(params: Params, agent: str) -> AgentRun:
    return next((r for r in params.evaluate.agents if r.agent == agent), AgentRun(agent=agent))


def _hash(folder: Path) -> str:
    return read_manifest(folder).logical_hash


@dataclass
class Turn:
    """One agent's episodes.

    Attributes:
        params: parameters.
        run: the agent and its tasks.
        agent: the agent.
        owner: whose browser is used.
        journal: folder of the journals.
        limit: only the first so many episodes.
    """

    params: Params
    run: AgentRun
    agent: Agent
    owner: Owner
    journal: Path
    limit: int | None
    episodes: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    costs: list[Row] = field(default_factory=list)

    def play(self) -> Turn:
        """Play everything, or read it from the journal.

        Raises:
            InfraError: too many browsers failed.
        """
        given = self.params.evaluate
        setting = Setting(
            Rules(given.order_rule, given.error_rule, given.click),
            given.attempts,
            given.timeout_s,
            given.recycle,
        )
        specs = list(specs_of(self.params, self.run))[: self.limit]
        identity = runs.run_id(
            self.owner.site.sha256,
            self.agent.sha256,
            # Journalled rows of another version lack columns.
            {**vars(setting.rules), "rows": EPISODES.version},
        )
        failures: Counter[str] = Counter()
        path = self.journal / "episodes" / f"{runs.slug(self.run.agent)}.jsonl"
        with (
            Journal(path) as journal,
            Progress(f"evaluate {self.run.agent}", len(specs), "episodes") as progress,
        ):
            for spec in specs:
                record = self._record(spec, setting, identity, journal)
                self._keep(record, identity)
                if record["episode"]["status"] != "ok":
                    failures[record["episode"]["reason"]] += 1
                progress.advance()
            runs.refuse_failures(self.run.agent, failures, len(specs), given.max_infra_share)
            self._check(setting, identity, journal)
        self._cost()
        return self

    def _record(self, spec: Spec, setting: Setting, identity: str, journal: Journal) -> Row:
        name = episode_id(spec, self.run.agent)
        key = call_key(identity, name, {"mode": "episode"}, 0)
        if (known := journal.get(key)) is not None:
            return known
        found = play(self.owner, spec, self.agent, setting)
        record = {
            "key": key,
            "episode": {**found.episode, "agent": self.run.agent, "episode_id": name},
            "steps": [
                {**step, "agent": self.run.agent, "episode_id": name} for step in found.steps
            ],
            "run": {**found.run, "episode_id": name},
            "seconds": found.run["wall_ms"] / 1000,
        }
        if found.episode["status"] == "ok":
            journal.append_batch([record])
        return record

    def _keep(self, record: Row, identity: str) -> None:
        self.episodes.append(record["episode"])
        self.steps += record["steps"]
        # Episodes that were journalled before retries were counted do not tell them.
        self.runs.append({"retries": None, **record["run"]})
        self.items += items_of(record["episode"], identity)

    def _check(self, setting: Setting, identity: str, journal: Journal) -> None:
        """Build and replay some episodes again, evenly spaced."""
        share = self.params.evaluate.check_share
        played = [row for row in self.episodes if row["status"] == "ok"]
        every = max(1, round(1 / share)) if share else 0
        for episode in played[::every] if every else []:
            steps = [row for row in self.steps if row["episode_id"] == episode["episode_id"]]
            key = call_key(identity, episode["episode_id"], {"mode": "again"}, 0)
            self.items += checks.again_items(
                self.owner, episode, steps, setting, identity, journal, key
            )

    def _cost(self) -> None:
        known = [row for row in self.episodes if row["prompt_tokens"] is not None]
        again = [row["retries"] for row in self.runs if row["retries"] is not None]
        self.costs.append(
            {
                "model": self.run.agent,
                "part": "episodes",
                "calls": sum(row["steps"] for row in self.episodes),
                "prompt_tokens": sum(row["prompt_tokens"] for row in known),
                "cached_tokens": 0,
                "seconds": sum(row["wall_ms"] for row in self.runs) / 1000,
                "fingerprint": self.agent.sha256,
                "dtype": "none",
                "chat_template": False,
                "retries": sum(again) if again else None,
            }
        )
