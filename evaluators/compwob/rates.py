"""How often an agent succeeds: by wording, category, number of parts and task."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from evaluators.compwob.context import Row, Subject
from measurand.statistics import exact
from measurand.stats.crossed import crossed_mean
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import bootstrap_means, proportion, within_unit
from pipelines.compwob.tasks import is_easy
from schemas.compwob import ORDERS


def rate_rows(subject: Subject) -> Iterator[Row]:
    """Rates of success.

    ``success`` has Wilson's interval over episodes; ``success_over_tasks`` is the mean over tasks
    with an error that allows for other tasks and other seeds, ``success_resampled`` the same mean
    with a bootstrap over tasks; ``solved_share`` is the plain share of these very episodes.
    """
    for order in ORDERS:
        mine = subject.of(order)
        if mine.is_empty():
            continue
        yield subject.row("success", {"order": order}, rate(mine))
        yield subject.row("success_over_tasks", {"order": order}, _over_both(mine))
        yield subject.row("success_resampled", {"order": order}, _resampled(subject, mine, order))
        yield subject.row("solved_share", {"order": order}, _share(mine))
        for column, name in (("category", "category"), ("n_parts", "parts"), ("task", "task")):
            for value in mine[column].unique().sort().to_list():
                some = mine.filter(pl.col(column) == value)
                yield subject.row("success", {"order": order, name: str(value)}, rate(some))
    yield from _by_difficulty(subject)
    yield from _short_and_long(subject)


def rate(episodes: pl.DataFrame) -> Estimate:
    """Share of successes with Wilson's interval."""
    return proportion(int(episodes["success"].sum()), len(episodes))


def _share(episodes: pl.DataFrame) -> Estimate:
    mean = episodes["success"].mean()
    assert isinstance(mean, float)
    return exact(mean, n=len(episodes))


def _by_difficulty(subject: Subject) -> Iterator[Row]:
    base = subject.of("single")
    easy = [is_easy(task) for task in base["task"].to_list()]
    for name, some in (("easy", base.filter(easy)), ("medium", base.filter([not e for e in easy]))):
        if not some.is_empty():
            yield subject.row("success", {"order": "single", "difficulty": name}, rate(some))


def _short_and_long(subject: Subject) -> Iterator[Row]:
    """Shares that gates read: two parts, and more."""
    together = subject.episodes.filter(pl.col("order") != "single")
    for name, some in (
        ("2", together.filter(pl.col("n_parts") == 2)),
        ("3+", together.filter(pl.col("n_parts") > 2)),
    ):
        found = undefined("not asked", n=0) if some.is_empty() else _share(some)
        yield subject.row("solved_share", {"parts": name}, found)


def _over_both(episodes: pl.DataFrame) -> Estimate:
    x = episodes["success"].to_numpy()
    if np.ptp(x) == 0:
        # Without any variation an interval over clusters would be a point; tasks are what is known.
        n = episodes["task"].n_unique()
        return proportion(int(x[0]) * n, n, "clopper_pearson")
    tasks, seeds = episodes["task"].to_numpy(), episodes["seed"].to_numpy()
    return within_unit(crossed_mean(x, tasks, seeds))


def _resampled(subject: Subject, episodes: pl.DataFrame, order: str) -> Estimate:
    (found,) = bootstrap_means(
        episodes["success"].to_numpy()[:, None],
        clusters=episodes["task"].to_numpy(),
        resamples=subject.params.report.resamples,
        seed_words=subject.words("success_resampled", order),
    )
    return found
