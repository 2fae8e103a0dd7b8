"""One agent's turn: every instruction of the evaluation split, in a browser, one after the other.

A finished episode is journalled with its steps at once, so a killed run goes on where it was and
ends in the same rows. What differs from run to run, times and tries, has a table of its own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from measurand import runs
from measurand.journal import Journal, call_key
from measurand.progress import Progress
from measurand.training.code import code_of
from pipelines.webagent import agents, checks, instructions, playing, rows, sandbox
from pipelines.webagent.goals import Task
from pipelines.webagent.loop import Limits
from pipelines.webagent.playing import Conditions
from pipelines.webagent.server import source_sha256
from schemas.webagent.params import Agent, Params
from schemas.webagent.tables import EPISODES

Row = dict[str, Any]
SYSTEM = "webagent"
SHUFFLE = 1
"""Numbers of elements are mixed, as they are where planners learn."""
METRICS = ("success", "score")


def conditions_of(params: Params, run: str) -> Conditions:
    """How episodes are played.

    Args:
        params: parameters.
        run: begins the mark of the browsers.
    """
    given = params.evaluate
    limits = Limits(
        given.max_steps,
        given.max_errors,
        given.retry_error,
        given.snippet_tokens,
        given.timeout_s,
        SHUFFLE,
    )
    return Conditions(
        limits,
        given.program_seconds,
        given.without_sandbox,
        given.attempts,
        given.recycle,
        run,
    )


def planned(params: Params) -> list[Task]:
    """Instructions of a run: site by site, seed by seed."""
    given = params.evaluate
    return [
        task
        for site in given.sites
        for seed in range(given.seeds)
        for task in instructions.tasks(site, "eval", given.instructions, seed)
    ]


@dataclass
class Turn:
    """One agent's episodes.

    Attributes:
        params: parameters.
        spec: the agent.
        conditions: how episodes are played.
        journal: folder of the journals.
        limit: only the first so many episodes.
        learned: identity of models that plan or write.
        again: of each episode that has a result, how its state came out otherwise.
    """

    params: Params
    spec: Agent
    conditions: Conditions
    journal: Path
    limit: int | None
    learned: str | None = None
    episodes: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    again: list[str | None] = field(default_factory=list)

    @property
    def identity(self) -> str:
        """Of what decides the rows of an episode: code, limits, the agent and what it learned."""
        limits = {k: v for k, v in vars(self.conditions.limits).items() if k != "timeout_s"}
        spec = self.spec.model_dump(mode="json")
        rest = {**limits, "rows": EPISODES.version, "learned": self.learned}
        return runs.run_id(source_sha256(), code(), spec, rest)

    def play(self, agent: Any) -> None:
        """Play everything, or read it from the journal.

        Raises:
            InfraError: too many browsers failed.
        """
        every = planned(self.params)[: self.limit]
        failures: Counter[str] = Counter()
        path = self.journal / "episodes" / f"{self.spec.name}.jsonl"
        with (
            Journal(path) as journal,
            Progress(f"evaluate {self.spec.name}", len(every), "episodes") as progress,
        ):
            for task in every:
                record = self._record(task, agent, journal)
                self.episodes.append(record["episode"])
                self.steps += record["steps"]
                self.runs.append(record["run"])
                if record["episode"]["status"] == "ok":
                    self.again.append(record["again"])
                else:
                    failures[record["episode"]["reason"]] += 1
                progress.advance()
        most = self.params.evaluate.max_infra_share
        runs.refuse_failures(self.spec.name, failures, len(every), most)

    def _record(self, task: Task, agent: Any, journal: Journal) -> Row:
        name = rows.episode_id(task, self.spec.name)
        key = call_key(self.identity, name, {"mode": "episode"}, 0)
        if (known := journal.get(key)) is not None:
            return known
        outcome = playing.attempted(task, agent, self.conditions)
        record: Row = {
            "key": key,
            "episode": rows.episode(outcome.played, outcome.browser, source_sha256()),
            "steps": rows.steps(outcome.played),
            "run": rows.run(outcome.played, outcome.failures),
            "again": checks.differs(outcome.played),
            "seconds": outcome.played.seconds,
        }
        if record["episode"]["status"] == "ok":
            journal.append_batch([record])
        return record

    def items(self) -> Iterator[Row]:
        """Item results: ``success`` and ``score`` of every episode."""
        for row in self.episodes:
            site, template, number, seed, _ = row["episode_id"].split("|")
            for metric in METRICS:
                value = row[metric]
                yield runs.item_row(
                    SYSTEM,
                    self.spec.name,
                    metric,
                    f"{site}|{template}|{number}|{seed}",
                    None if value is None else float(value),
                    run_id=self.identity,
                    prompt_sha256=hashlib.sha256(row["instruction"].encode()).hexdigest(),
                    cluster_id=f"{site}|{template}|{number}",
                    status="ok" if row["status"] == "ok" else "infra_error",
                    reason=row["reason"],
                    parts={"site": site},
                    seed=row["seed"],
                )


@cache
def code() -> str:
    """Identity of the code that decides the rows of an episode, in the sandbox too."""
    modules = (agents, checks, instructions, playing, rows)
    inside = Path(sandbox.__file__).parent / "inside.py"
    return code_of(*(Path(str(module.__file__)) for module in modules), inside)
