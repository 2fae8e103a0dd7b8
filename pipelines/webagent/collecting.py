"""Builds the self-experience: the oracle's episodes on training instructions, one browser a worker.

An episode that the filters of :mod:`pipelines.webagent.experience` leave out is in a table of its
own with the reason; one without a result is rejected. Rows hold no time and no token of a form, so
that they are the same for any number of workers.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa

from measurand import beam, runs
from measurand.errors import InfraError
from measurand.parquet import rejected_table
from measurand.progress import Progress
from measurand.web import chromium
from pipelines.webagent import driver, experience, playing, rows
from pipelines.webagent.goals import Task
from pipelines.webagent.instructions import tasks
from pipelines.webagent.loop import Agent, Limits
from pipelines.webagent.playing import Conditions
from pipelines.webagent.rules import Oracle, Templates
from pipelines.webagent.server import source_sha256
from schemas.webagent.params import Build
from schemas.webagent.tables import EPISODES, EXPERIENCE, FAILED

SHUFFLE = 1
"""Numbers of elements are mixed, so that they say nothing about a place."""
PROGRAM_SECONDS, EPISODE_SECONDS = 120.0, 1800.0
"""The rules' programs always end: a slow machine must not change what is built."""
LEFT_SECONDS = 20.0


def write(params: Build, out: Path, runner: str, argv: Sequence[str] = ()) -> None:
    """Write ``episodes``, ``experience`` and ``failed`` below ``out``; nothing without experience.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`; workers must run on this machine.
        argv: further Beam options.

    Raises:
        CapabilityError: code ``missing_browser`` or ``missing_driver``.
        InfraError: code ``too_many_infra_errors``: browsers failed too often.
        ConservationError: an episode was neither written nor rejected.
    """
    wanted = params.experience
    if wanted is None:
        return
    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    driver.program()
    work = Collect(
        {rows.episode_id(task, "oracle"): task for task in planned(params)},
        Conditions(
            Limits(shuffle=SHUFFLE, timeout_s=EPISODE_SECONDS),
            PROGRAM_SECONDS,
            attempts=wanted.attempts,
            without_sandbox=wanted.without_sandbox,
            run=f"build-{secrets.token_hex(4)}",
        ),
    )
    tables = [
        (EPISODES, out / "episodes"),
        (EXPERIENCE, out / "experience"),
        (FAILED, out / "failed"),
    ]
    try:
        with beam.pipeline(runner, argv) as pipeline:
            sinks = beam.make_tables(pipeline, list(work.tasks), tables, params.n_shards, work)
    finally:
        playing.close_all(work.conditions.run)
        left = chromium.left_over(work.conditions.run, LEFT_SECONDS)
    settings = params.model_dump(mode="json", include={"sites", "experience", "seed"})
    made = sinks[0].finish(params=settings, rows_in=len(work.tasks))
    for sink in sinks[1:]:
        sink.finish(parents={"episodes": made.logical_hash}, params=settings)
    lost = sum(made.rejected.values())
    if lost > wanted.max_infra_share * len(work.tasks):
        raise InfraError(
            f"{lost} of {len(work.tasks)} episodes failed for reasons outside the agent",
            hint="see rejected.parquet of the episodes; `measurand doctor` looks at the browser",
            code="too_many_infra_errors",
        )
    if left:
        raise InfraError(f"{left} browsers were still there and were ended", hint="run it again")


def planned(params: Build) -> list[Task]:
    """The training instructions, those of each site in turn."""
    count = 0 if params.experience is None else params.experience.episodes
    return [task for site in params.sites for task in tasks(site, "train", count, params.seed)]


@dataclass(frozen=True)
class Collect:
    """Plays episodes by their ids.

    Attributes:
        tasks: by the id of their episode.
        conditions: how they are played.
    """

    tasks: Mapping[str, Task]
    conditions: Conditions

    def __call__(self, keys: list[str]) -> Iterator[tuple[Mapping[str, pa.Table], pa.Table]]:
        """The rows of each episode; of one without a result a rejected row."""
        agent = Agent("oracle", Oracle(), Templates())
        for key in keys:
            found = playing.attempted(self.tasks[key], agent, self.conditions)
            _progress(len(self.tasks)).advance()
            played = found.played
            if played.checked is None:
                yield {}, rejected_table([(key, "infra_error", played.reason or "")])
                continue
            made = {
                EPISODES.name: runs.table(
                    EPISODES, [rows.episode(played, found.browser, source_sha256())]
                )
            }
            if why := experience.rejected(played):
                made[FAILED.name] = runs.table(FAILED, [experience.failed(played, why)])
            else:
                made[EXPERIENCE.name] = runs.table(EXPERIENCE, experience.learned(played))
            yield made, rejected_table([])


@cache
def _progress(total: int) -> Progress:
    """Of this worker: a shard is written when its last episode is played, which says too little."""
    return Progress("play", total, "episodes")
