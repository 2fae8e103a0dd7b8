"""Let the agents act, one after the other, and measure what they were trained from."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evaluators.webagent.evaluate.context import found_in
from evaluators.webagent.evaluate.failing import Walks
from measurand import runs, shards
from measurand.errors import CapabilityError
from measurand.results import RESULTS
from measurand.tables import Table
from measurand.web import chromium
from pipelines.webagent import agents, checks, driver, playing, probing, rows, sandbox, weighing
from pipelines.webagent.playing import Conditions
from pipelines.webagent.turns import Turn, conditions_of, planned
from schemas.webagent.checks import CHECKS
from schemas.webagent.params import Params
from schemas.webagent.pretraining_tables import FINETUNING, LENGTHS, PROBES, SPEED
from schemas.webagent.tables import EPISODES, FILMS, RUNS, STEPS

Row = dict[str, Any]
LEFT_SECONDS = 20.0


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
    the pre-trained model), ``trainings/`` (those of all models by step), ``films/``; and, different
    from run to run, ``runs/``, ``speeds/`` of trainings and ``lengths/`` (what the encoder takes).

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
        if params.train is not None:
            steps, speeds = probing.histories(data / "checkpoint")
            _write(out / "trainings", FINETUNING, steps, params, config)
            _write(out / "speeds", SPEED, speeds, params, config)
            taken = weighing.rows(params.train.pretraining.network)
            _write(out / "lengths", LENGTHS, taken, params, config)
        strips = [] if limit is not None else list(_films(params, data, out, turns, conditions))
        _write(out / "films", FILMS, strips, params, config)
    finally:
        agents.close_all()
        playing.close_all(conditions.run)
        left = chromium.left_over(conditions.run, LEFT_SECONDS)
    _write(out / "checks", CHECKS, checks.rows(episodes, again, left), params, config)


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
