"""How far a task's score can be told from its repeats: other seeds, other trained models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from measurand.stats.arrays import AnyArray, FloatArray, codes, numbers
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.reliability import cronbach_alpha
from measurand.stats.resample import percentile, plan

OVER_SEEDS = "ICC(1,k) of tasks over seeds"


def over_seeds(
    values: AnyArray, tasks: AnyArray, *, resamples: int, seed_words: Sequence[str | int]
) -> Estimate:
    """Would other seeds tell the same tasks apart? Reliability of a task's mean over its seeds.

    A seed is another problem in every task, so seeds are nested in tasks: one-way analysis of
    variance, 1 - mean square within tasks / mean square between. For equally many seeds that is
    ICC(1,k) of Shrout & Fleiss (1979), Psychological Bulletin 86, 420-428; for unequal numbers
    the ANOVA estimate of ICC(1,1) raised by Spearman and Brown to n0 seeds, n0 the mean number
    that the method takes (Donner 1986, International Statistical Review 54, 67-82). Not clipped
    at 0. The bootstrap draws tasks.

    Args:
        values: (n,) score of each episode.
        tasks: (n,) its task.
        resamples: bootstrap resamples.
        seed_words: words that the seed is made of.
    """
    x = numbers(values, 1, "values")
    units, count = codes(tasks, len(x), "tasks")

    def without(reason: str) -> Estimate:
        return undefined(reason, method=OVER_SEEDS, n=len(x), n_clusters=count)

    if count < 2:
        return without("fewer than two tasks")
    if len(x) == count:
        return without("one seed a task: nothing is repeated")
    if np.ptp(x) == 0:
        return without("every episode scores alike")
    apart = x - x.mean()
    seeds = np.bincount(units, minlength=count).astype(float)
    sums = np.bincount(units, apart, minlength=count)
    squares = np.bincount(units, apart**2, minlength=count)
    features = np.stack([np.ones(count), seeds, sums, squares, sums**2 / seeds])
    value = float(_reliability(features.sum(axis=1)[None])[0])
    if not np.isfinite(value):
        return without("no task's mean differs from another's")
    drawn = plan(count, np.arange(count), resamples, seed_words)
    replicates = np.full(drawn.resamples, np.nan)
    if drawn.drawable:
        replicates = _reliability(drawn.resampled_sums(features))
    return percentile(value, replicates, drawn, method=OVER_SEEDS, n=len(x))


def _reliability(sums: FloatArray) -> FloatArray:
    """From (B, 5) sums over tasks: tasks, seeds, scores, squares, squares of sums over seeds."""
    tasks, n, total, squares, means = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (means - total**2 / n) / (tasks - 1)
        within = (squares - means) / (n - tasks)
        found: FloatArray = np.where(between > 1e-12, 1 - within / between, np.nan)
    return found


def over_models(
    episodes: pl.DataFrame, column: str, *, resamples: int, seed_words: Sequence[str | int]
) -> Estimate:
    """Would other trainings rank the tasks alike? Cronbach's alpha of tasks over models.

    Models are items, tasks respondents, a score is a model's mean over the seeds of a task: alpha
    is the reliability of a task's mean over these models. The bootstrap draws tasks.

    Args:
        episodes: ``task``, ``model`` and the column.
        column: score of an episode.
        resamples: bootstrap resamples.
        seed_words: words that the seed is made of.
    """
    means = episodes.group_by("task", "model").agg(pl.col(column).mean())
    wide = means.sort("task", "model").pivot(
        on="model", index="task", values=column, sort_columns=True
    )
    table = wide.drop("task").fill_null(float("nan")).to_numpy()
    if min(table.shape) < 2:
        return undefined("fewer than two tasks, or one model", n=len(table))
    return cronbach_alpha(np.ascontiguousarray(table), resamples=resamples, seed_words=seed_words)
