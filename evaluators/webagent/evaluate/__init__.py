"""Let the agents act: every instruction of the evaluation split, in a browser, one after the other.

A finished episode is journalled with its steps at once, so a killed run goes on where it was and
ends in the same rows. What differs from run to run, times and tries, has a table of its own.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluators.webagent.evaluate import agents, checks, probing
from evaluators.webagent.evaluate.context import SYSTEM, found_in
from evaluators.webagent.evaluate.failing import Walks
from measurand import runs, shards
from measurand.errors import CapabilityError
from measurand.journal import Journal, call_key
from measurand.progress import Progress
from measurand.results import RESULTS
from measurand.tables import Table
from measurand.web import chromium
from pipelines.webagent import driver, playing, rows, sandbox
from pipelines.webagent.goals import Task
from pipelines.webagent.instructions import tasks
from pipelines.webagent.loop import Limits
from pipelines.webagent.playing import Conditions
from pipelines.webagent.server import source_sha256
from schemas.webagent.checks import CHECKS
from schemas.webagent.params import Agent, Params
from schemas.webagent.pretraining_tables import PROBES
from schemas.webagent.tables import EPISODES, FILMS, RUNS, STEPS

Row = dict[str, Any]
SHUFFLE = 1
"""Numbers of elements are mixed, as they are where planners learn."""
LEFT_SECONDS = 20.0
METRICS = ("success", "score")


def evaluate(
    params: Params,
    data: Path,
    model: str | None,
    out: Path,
    *,
    journal: Path,
    limit: int | None = None,
) -> None:
    """Let every agent act.

    Writes ``episodes/``, ``steps/``, ``items/`` (item results), ``checks/``, ``probes/`` (losses of
    the pre-trained model), ``films/``, and ``runs/``, which differs from run to run.

    Args:
        params: parameters; ``evaluate.agents`` lists agents.
        data: folder with ``dataset/`` and ``checkpoint/``, of which rules read nothing.
        model: name of one agent to run instead of all.
        out: folder to write to.
        journal: folder of the episodes.
        limit: only the first so many episodes of each agent; marks the results partial.

    Raises:
        InputError: an agent, a planner or a writer is unknown, or a model was trained otherwise.
        CapabilityError: no browser, no driver, or no sandbox and none may be left out.
        InfraError: browsers failed in more than ``evaluate.max_infra_share`` of an agent's
            episodes; what was played is journalled.
    """
    asked = agents.asked_for(params, model)
    driver.program()
    _refuse_without_sandbox(params)
    ready = [agents.opened(one, params, data) for one in asked]
    conditions = conditions_of(params, f"evaluate-{secrets.token_hex(4)}")
    turns = [
        Turn(params, spec, conditions, journal, limit, agents.identity(spec, agent, params, data))
        for spec, agent in zip(asked, ready, strict=True)
    ]
    try:
        for turn, agent in zip(turns, ready, strict=True):
            turn.play(agent)
        episodes = [row for turn in turns for row in turn.episodes]
        config = {
            "evaluate": params.evaluate.model_dump(mode="json"),
            "agents": [one.name for one in asked],
            "partial": limit is not None,
        }
        for name, table, found in (
            ("episodes", EPISODES, episodes),
            ("steps", STEPS, [row for turn in turns for row in turn.steps]),
            ("runs", RUNS, [row for turn in turns for row in turn.runs]),
            ("items", RESULTS, [row for turn in turns for row in turn.items()]),
        ):
            _write(out / name, table, found, params, config)
        again = [words for turn in turns for words in turn.again]
        _write(out / "probes", PROBES, probing.rows(params, data), params, config)
        strips = [] if limit is not None else list(_films(params, data, out, turns, conditions))
        _write(out / "films", FILMS, strips, params, config)
    finally:
        agents.close_all()
        playing.close_all()
        left = chromium.left_over(conditions.run, LEFT_SECONDS)
    _write(out / "checks", CHECKS, checks.rows(episodes, again, left), params, config)


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
        for task in tasks(site, "eval", given.instructions, seed)
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
        """Of what decides the rows of an episode."""
        limits = {k: v for k, v in vars(self.conditions.limits).items() if k != "timeout_s"}
        spec = self.spec.model_dump(mode="json")
        rest = {**limits, "rows": EPISODES.version, "learned": self.learned}
        return runs.run_id(source_sha256(), spec, rest)

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


def _films(
    params: Params, data: Path, out: Path, turns: Sequence[Turn], conditions: Conditions
) -> Iterator[Row]:
    """Films of the episodes of :func:`worth_a_film`, which are played once more."""
    if not params.evaluate.filmstrips:
        return
    specs = {turn.spec.name: turn.spec for turn in turns}
    known = {task.id: task for task in planned(params)}
    for name in worth_a_film(Walks(found_in(out, params))):
        task, _, agent = name.rpartition("|")
        opened = agents.opened(specs[agent], params, data)
        outcome = playing.attempted(known[task], opened, conditions, pictures=True)
        if outcome.played.checked is not None:
            yield from rows.films(outcome.played)


def worth_a_film(walks: Walks) -> list[str]:
    """Episodes to look at: the first success, and the first failure of each kind.

    What is measured comes before controls.
    """
    everyone = sorted(walks.found.everyone, key=lambda one: one.is_control)
    found: dict[str, str] = {}
    for subject in everyone:
        solved = subject.episodes.filter(success=1.0)["episode_id"].to_list()
        if solved:
            found.setdefault("success", solved[0])
        for name, deviation in walks.failures(subject).items():
            found.setdefault(deviation.kind, name)
    return list(found.values())


def _refuse_without_sandbox(params: Params) -> None:
    if not params.evaluate.without_sandbox and not sandbox.works():
        raise CapabilityError(
            "programs are run in a sandbox, and bubblewrap does not work here",
            hint="apt-get install bubblewrap, or set evaluate.without_sandbox",
            code="missing_sandbox",
        )


def _write(folder: Path, table: Table, found: Sequence[Row], params: Params, config: Row) -> None:
    shards.write_dataset(
        folder,
        table,
        runs.table(table, found) if found else table.schema().empty_table(),
        n_shards=params.evaluate.n_shards if "episode_id" in table.key else 1,
        shard_key="episode_id" if "episode_id" in table.key else None,
        params=config,
    )
