"""Build the demonstrations: the oracle's episodes on base tasks, one browser a worker.

Episodes are spread by Beam; a browser belongs to the thread that plays, stays open from episode to
episode and is closed on its own thread. An episode that the oracle does not solve is rejected with
its reason: it shows nothing that should be learned.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from measurand import beam, project, runs, shards
from measurand.errors import InfraError, VerifyError
from measurand.parquet import REJECTED
from measurand.progress import Progress
from measurand.web import browser, chromium
from pipelines.compwob import agents, pages, solvers
from pipelines.compwob.environment import Rules, Spec
from pipelines.compwob.episodes import Played, Setting, play
from pipelines.compwob.tasks import composition
from schemas.compwob.params import Params
from schemas.compwob.tables import EPISODES, RUNS, STEPS

Row = dict[str, Any]
LEFT_SECONDS = 20.0


def build(
    params: Params, out: Path, runner: str, argv: Sequence[str] = (), *, journal: Path
) -> None:
    """Write ``episodes`` and ``steps`` below ``out``, and times to ``timings`` below ``journal``.

    Args:
        params: parameters.
        out: folder of the dataset.
        runner: see :func:`measurand.beam.pipeline_options`; workers must run on this machine.
        argv: further Beam options.
        journal: folder for what differs from run to run.

    Raises:
        CapabilityError: code ``missing_browser``.
        InfraError: code ``too_many_infra_errors``: browsers failed in more than
            ``build.max_infra_share`` of the episodes; or the pages cannot be fetched.
        VerifyError: code ``foreign_request``: something asked for an address outside.
        ConservationError: an episode was neither written nor rejected.
    """
    import apache_beam

    beam.pipeline_options(runner, argv)  # refuse a runner before anything is written
    chromium.executable()
    settings = params.build.model_dump(mode="json")
    work = Work(
        str(pages.fetch(project.root_or_here() / "data" / "sources").resolve()),
        Setting(Rules(click=params.build.click), attempts=params.build.attempts),
        f"build-{secrets.token_hex(4)}",
        sum(params.build.counts.values()),
    )
    specs = [
        (task, seed)
        for task, count in params.build.counts.items()
        for seed in range(params.build.first_seed, params.build.first_seed + count)
    ]
    timings = journal / "timings"
    try:
        with beam.pipeline(runner, argv) as pipeline:
            played = (
                pipeline
                | "episodes" >> apache_beam.Create(specs)
                | "spread" >> apache_beam.Reshuffle()
                | "play"
                >> apache_beam.FlatMap(_play, work).with_outputs(
                    "episodes", "steps", "runs", "rejected"
                )
            )
            n = params.build.n_shards
            episodes = beam.to_shards(
                played.episodes, EPISODES, out / "episodes", n, rejected=played.rejected
            )
            steps = beam.to_shards(played.steps, STEPS, out / "steps", n, "episode_id")
            run = beam.to_shards(played.runs, RUNS, timings)
    finally:
        browser.close_all(work.run)
        left = chromium.left_over(work.run, LEFT_SECONDS)
    made = episodes.finish(
        params=settings,
        sources=[pages.SOURCE],
        rows_in=len(specs),
    )
    steps.finish(parents={"episodes": made.logical_hash}, params=settings)
    run.finish(parents={"episodes": made.logical_hash})
    _judge(params, timings, made.rejected, len(specs), left)


def _judge(
    params: Params, timings: Path, rejected: Mapping[str, int], total: int, left: int
) -> None:
    """Refuse a build whose browsers failed, asked elsewhere or stayed."""
    failed = rejected.get("infra_error", 0)
    if failed > params.build.max_infra_share * total:
        raise InfraError(
            f"{failed} of {total} episodes failed for reasons outside the agent",
            hint="see rejected.parquet in the dataset; `measurand doctor` looks at the browser",
            code="too_many_infra_errors",
        )
    found = shards.read_table(timings, ["foreign"]).column(0).to_pylist()
    if foreign := [address for addresses in found for address in addresses]:
        raise VerifyError(
            f"{len(foreign)} requests went outside the local server and were refused: {foreign[0]}",
            hint="the pages or the browser are not those expected",
            code="foreign_request",
        )
    if left:
        raise InfraError(f"{left} browsers were still there and were ended", hint="run it again")


@dataclass(frozen=True)
class Work:
    """What a worker needs to know.

    Attributes:
        archive: the wheel with the pages.
        setting: how episodes are run.
        run: begins the mark of the browsers.
        total: episodes of all workers together.
    """

    archive: str
    setting: Setting
    run: str
    total: int


@cache
def _pages(archive: str) -> pages.Wheel:
    return pages.Wheel(Path(archive))


@cache
def _progress(work: Work) -> Progress:
    """Of this worker: a shard is written when the last episode is played, which says too little."""
    return Progress("play", work.total, "episodes")


def _play(job: tuple[str, int], work: Work) -> Iterator[Any]:
    """One episode, as the tagged tables of one row each that it becomes."""
    from apache_beam.pvalue import TaggedOutput

    task, seed = job
    beam.count(EPISODES, "rows_in")
    source = _pages(work.archive)
    oracle = agents.Oracle(solvers.synonyms_of(source))
    spec = Spec(composition(task), "single", seed)
    with browser.lent(pages.Composed(source), work.run) as owner:
        found = play(owner, spec, oracle, work.setting)
    _progress(work).advance()
    yield TaggedOutput("runs", beam.to_ipc(runs.table(RUNS, [found.run])))
    if reason := _why_not(found):
        row = {"key": found.episode["episode_id"], "reason": reason, "detail": _detail(found)}
        yield TaggedOutput("rejected", beam.to_ipc(runs.table(REJECTED, [row])))
        return
    yield TaggedOutput("episodes", beam.to_ipc(runs.table(EPISODES, [found.episode])))
    yield TaggedOutput("steps", beam.to_ipc(runs.table(STEPS, found.steps)))


def _why_not(found: Played) -> str:
    if found.episode["status"] != "ok":
        return "infra_error"
    return "" if found.episode["success"] else "not_solved"


def _detail(found: Played) -> str:
    return str(found.episode["reason"] or found.episode["done_reason"])
