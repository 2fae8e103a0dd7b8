"""How often an agent succeeds: by wording, category, number of parts and task."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evaluators.compwob.context import ALL, SYSTEM, Subject
from evaluators.compwob.crossing import over_tasks_and_seeds
from measurand.results import Rows
from measurand.statistics import exact, statistic_row
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import bootstrap_means, proportion
from measurand.stats.weighted_t import in_range
from pipelines.compwob.tasks import is_easy
from schemas.compwob.params import ORDERS


def rate_rows(subject: Subject) -> Rows:
    """Rates of success.

    ``success`` has Wilson's interval over episodes; ``success_over_tasks`` is the mean over tasks
    with an error that allows for other tasks and, of five seeds or more, other seeds;
    ``success_resampled`` the same mean with a bootstrap over tasks. ``task_icc`` is the reliability
    of a task's rate over its seeds, which stands beside both.
    """
    for order in ORDERS:
        mine = subject.of(order)
        if mine.is_empty():
            continue
        here = {"order": order}
        repeats = mine.select("task", pl.col("success").alias("score"))
        icc = subject.task_icc("success", here, repeats)
        both = {"success": rate(mine), "success_over_tasks": _over_both(mine)}
        yield from subject.scored(here, both, "task_icc", icc)
        yield subject.row("success_resampled", {"order": order}, _resampled(subject, mine, order))
        for column, name in (("category", "category"), ("n_parts", "parts"), ("task", "task")):
            for value in mine[column].unique().sort().to_list():
                some = mine.filter(pl.col(column) == value)
                yield subject.row("success", {"order": order, name: str(value)}, rate(some))
    yield from _by_difficulty(subject)


def rate(episodes: pl.DataFrame) -> Estimate:
    """Share of successes with Wilson's interval."""
    return proportion(int(episodes["success"].sum()), len(episodes))


def _share(episodes: pl.DataFrame) -> Estimate:
    mean = episodes["success"].mean()
    assert isinstance(mean, float)
    return exact(mean, n=len(episodes))


def _by_difficulty(subject: Subject) -> Rows:
    base = subject.of("single")
    easy = [is_easy(task) for task in base["task"].to_list()]
    for name, some in (("easy", base.filter(easy)), ("medium", base.filter([not e for e in easy]))):
        if not some.is_empty():
            yield subject.row("success", {"order": "single", "difficulty": name}, rate(some))


def control_rows(everyone: Sequence[Subject]) -> Rows:
    """``control``: what scripts whose success is known did in this very run, an exact share.

    An agent that did not play has none, with that as the reason.
    """
    asked = [("oracle", {"order": order}) for order in ORDERS]
    asked += [("random", {"parts": "2"}), ("random", {"parts": "3+"})]
    asked += [("forward_only", {"order": "reverse"})]
    for agent, part in asked:
        subject = next((one for one in everyone if one.agent == agent), None)
        found = undefined("not played", n=0)
        if subject is not None:
            some = _part(subject, part)
            found = undefined("not played", n=0) if some.is_empty() else _share(some)
        yield statistic_row(SYSTEM, ALL, "control", {"agent": agent, **part}, found)


def _part(subject: Subject, part: dict[str, str]) -> pl.DataFrame:
    if "order" in part:
        return subject.of(part["order"])
    together = subject.episodes.filter(pl.col("order") != "single")
    pairs = pl.col("n_parts") == 2
    return together.filter(pairs if part["parts"] == "2" else ~pairs)


def _over_both(episodes: pl.DataFrame) -> Estimate:
    x, tasks, seeds = (episodes[name].to_numpy() for name in ("success", "task", "seed"))
    return in_range(over_tasks_and_seeds(x, tasks, seeds), x, tasks)


def _resampled(subject: Subject, episodes: pl.DataFrame, order: str) -> Estimate:
    (found,) = bootstrap_means(
        episodes["success"].to_numpy()[:, None],
        clusters=episodes["task"].to_numpy(),
        resamples=subject.resamples,
        seed_words=subject.words("success_resampled", order),
    )
    return found
