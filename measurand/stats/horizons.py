"""How long are the tasks that a model solves? Success against the time that people need.

P(success) = 1 / (1 + exp(-(a + b log2 minutes))); the horizon is the length at which it is a half
(or another share). After Kwa, West et al. (2025, arXiv 2503.14499), "Measuring AI ability to
complete long tasks", without their weights: tasks weigh by their runs.
"""

from __future__ import annotations

import math

import numpy as np

from measurand.errors import InputError
from measurand.stats.arrays import AnyArray, numbers, same_length
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.logistic import logistic
from measurand.stats.resample import percentile, plan


def horizon(
    minutes: AnyArray,
    successes: AnyArray,
    runs: AnyArray,
    families: AnyArray | None = None,
    *,
    share: float = 0.5,
    resamples: int = 2000,
    seed_words: tuple[str | int, ...] = (),
) -> Estimate:
    """Length of task, in minutes of people, that is solved with probability ``share``.

    The bootstrap draws families whole, with their tasks and the runs of these.

    Args:
        minutes: (t,) time that people need for each task, positive.
        successes: (t,) runs that solved it.
        runs: (t,) runs.
        families: (t,) family of each task; each is its own where left out.
        share: probability of success at the horizon.
        resamples: bootstrap resamples.
        seed_words: of the resampling.

    Returns:
        The estimate; undefined with a reason where success does not fall with length, or where a
        length separates solved from unsolved tasks.

    Raises:
        InputError: shapes that do not fit, times that are not positive, or counts that are none.
    """
    time, k, n = (
        numbers(minutes, 1, "minutes"),
        numbers(successes, 1, "successes"),
        numbers(runs, 1, "runs"),
    )
    same_length(len(time), successes=k, runs=n)
    if (time <= 0).any() or (k < 0).any() or (k > n).any() or (n < 1).any():
        raise InputError(
            "minutes are positive, and 0 <= successes <= runs", hint="mend these tasks"
        )
    method = f"logistic regression on log2 minutes, length at {share:g}"
    x = np.log2(time)
    if len(time) < 3 or np.ptp(x) == 0:
        return undefined("fewer than three tasks or one length", method=method, n=len(time))
    [[a, b]] = logistic(x, k, n)
    if not np.isfinite(b):
        return undefined("no maximum: a length separates solved from unsolved", method=method)
    if b >= 0:
        return undefined("success does not fall with length", method=method, n=len(time))
    goal = math.log(share / (1 - share))
    drawn = plan(len(time), families, resamples, seed_words)
    found = [logistic(x, k, n, counted) for counted in drawn.row_batches()]
    a_, b_ = np.concatenate(found).T if found else np.empty((2, 0))
    with np.errstate(all="ignore"):
        logs = np.where(b_ < 0, (goal - a_) / b_, np.nan)
        lengths = np.where(np.isnan(logs), np.nan, np.exp2(np.clip(logs, -300, 300)))
    value = float(np.exp2((goal - a) / b))
    return percentile(value, lengths, drawn, method=method)
