"""Figures of losses and controls, and their differences on the same items under the same seeds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evaluators.value_functions.context import CONTROLS, FloatArray, Material, Scores
from measurand.results import Rows, StatisticRow
from measurand.statistics import exact, statistic_row
from measurand.stats.aggregate import (
    improvement_probability,
    interquartile_mean,
    performance_profile,
)
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean
from measurand.stats.trainings import mean_over_trainings
from schemas.value_functions.params import BASELINE, LOSSES, PLAYED

SYSTEM = "value_functions"
RESAMPLES = 2000
PROFILE = (0.0, 0.1, 0.25, 0.5, 0.75)
"""Scores that a share of trainings exceeds."""
ALIKE = 1e-7
"""Of the spread of all scores: means of trainings that differ by less are the same."""
SHARES = ("won", "top_1", "puzzle")
"""Metrics in 0..1 whose items may all be alike."""
_RANGES = {"wordle": (0.0, 1.0), **dict.fromkeys(PLAYED, (-math.inf, math.inf))}
"""Of scores on validation, by kind of source; errors with their sign turned end at 0."""


def loss_rows(material: Material) -> Rows:
    """Every metric of every loss and control, over trainings and clusters.

    Clusters count alike, however many items they hold.
    """
    for run in material.params.train.runs:
        for model, metric, phase, found in material.measured(run.id):
            parts = {"run": run.id} | ({"phase": phase} if phase else {})
            yield _row(material, model, metric, parts, found.table, found.n)
            if found.skipped:
                yield _exact(model, f"{metric}_skipped", parts, found.skipped)


def difference_rows(material: Material) -> Rows:
    """``METRIC_difference``: a loss minus squared error, and a loss minus each control."""
    for run in material.params.train.runs:
        for model, metric, phase, found in material.measured(run.id):
            if model not in LOSSES:
                continue
            for over in (BASELINE, *CONTROLS):
                other = material.scores(run.id, over, metric, phase)
                if over == model or other is None:
                    continue
                parts = {"run": run.id, "over": over} | ({"phase": phase} if phase else {})
                table = difference(found, other)
                yield _row(material, model, f"{metric}_difference", parts, table)


def change_rows(material: Material) -> Rows:
    """``score_difference_change``: does a loss gain on squared error with noise, or with width?

    The difference to squared error on a run, minus that on the run that has less noise, or fewer
    units, and is the same otherwise.
    """
    for run, other, _ in material.siblings():
        for loss in material.losses(run):
            sides = [
                material.scores(name, model, "score")
                for name in (run.id, other.id)
                for model in (loss, BASELINE)
            ]
            if loss == BASELINE or any(side is None for side in sides):
                continue
            a, b, c, d = (side for side in sides if side is not None)
            table = difference(_as(a, difference(a, b)), _as(c, difference(c, d)))
            parts = {"run": run.id, "over": other.id}
            yield _row(material, loss, "score_difference_change", parts, table)


def game_rows(material: Material) -> Rows:
    """Over all games: ``iqm`` of a loss's scores, ``improvement`` over squared error, ``profile``.

    A game's score in a training is its mean over episodes; the first run on a game counts, and
    noisy versions do not.
    """
    build, seed = material.params.build, material.params.evaluate.seed
    first = {
        run.source: run
        for run in reversed(material.params.train.runs)
        if build.source(run.source).kind in PLAYED and not run.noise
    }
    games = [run for run in material.params.train.runs if run in first.values()]
    shared = [x for x in LOSSES if games and all(x in material.losses(run) for run in games)]
    parts = {"games": str(len(games))}
    found: dict[str, FloatArray] = {}
    for loss in shared:
        scores = [material.scores(run.id, loss, "score") for run in games]
        tables = [one.table.mean(axis=1) for one in scores if one is not None and one.table.size]
        if len(tables) == len(games):
            found[loss] = np.stack(tables, 1)
    for name, table in found.items():
        words = (SYSTEM, seed, "games")
        profile = performance_profile(table, np.array(PROFILE))
        for beyond, share in zip(PROFILE, profile, strict=True):
            at = parts | {"above": f"{beyond:g}"}
            yield statistic_row(SYSTEM, name, "profile", at, replace(share, scope="method"))
        each = {"iqm": interquartile_mean(table, resamples=RESAMPLES, seed_words=words)}
        if name != BASELINE and BASELINE in found:
            each["improvement"] = improvement_probability(table, found[BASELINE])
        for metric, one in each.items():
            yield statistic_row(SYSTEM, name, metric, parts, replace(one, scope="method"))


def elo_rows(material: Material) -> Rows:
    """``elo``: of a network minus Stockfish's at its weakest, 400 log10 of the odds of a point.

    Source: Elo 1978, The Rating of Chessplayers, section 8.4; draws count one half. Without a point
    there is no figure, and the reason says what the share won stays below.
    """
    for run in material.params.train.runs:
        for model, metric, _, found in material.measured(run.id):
            if metric != "won":
                continue
            row = _row(material, model, metric, {"run": run.id}, found.table, found.n)
            share, ends = row["estimate"], (row["ci_lo"], row["ci_hi"])
            value = _elo(share)
            known = [_elo(end) for end in ends]
            why = None
            if share is not None and (value is None or None in known):
                parts = zip(("at least", "at most"), known, strict=True)
                bounds = " and ".join(f"{words} {x:.0f}" for words, x in parts if x is not None)
                why = f"{share:.0%} of the points were won: Elo {bounds or 'without a bound'}"
            estimate = Estimate(
                value,
                ci_lo=None if why else known[0],
                ci_hi=None if why else known[1],
                confidence=material.params.report.confidence,
                method="400 log10 odds of a point, of the ends of its interval",
                n=found.n,
                n_clusters=found.table.shape[1],
                reason=why,
                scope="method" if model in LOSSES else None,
                trainings=found.table.shape[0] if model in LOSSES else None,
            )
            yield statistic_row(SYSTEM, model, "elo", {"run": run.id}, estimate)


def _elo(share: float | None) -> float | None:
    return None if share is None or not 0 < share < 1 else 400 * math.log10(share / (1 - share))


def seed_rows(material: Material) -> Rows:
    """What networks are like inside, and ``clipped``; t over trainings, on the same inputs."""
    for (run, loss), rows in material.representations.group_by("run", "loss", maintain_order=True):
        for metric in ("rank", "dead", "entropy", "probe", "covered", "calibration"):
            values = rows[metric].drop_nulls().cast(float).to_numpy()
            if len(values):
                yield _over_seeds(material, str(loss), metric, {"run": str(run)}, values)
    chosen = material.tuning.filter(chosen=True).select("run", "loss", "rate").unique()
    # A join's order, and with it a mean's last bit, depends on threads.
    clipped = material.training.join(chosen, on=["run", "loss", "rate"]).sort("run", "loss", "step")
    for (run, loss), rows in clipped.group_by("run", "loss", maintain_order=True):
        share = rows["clipped"].to_numpy()
        yield _exact(str(loss), "clipped", {"run": str(run)}, float(share.mean()))


def reliability_rows(material: Material) -> Rows:
    """``reliability``: true win probability of the moves in a bin of those said; t over trainings.

    Bins are those of ``calibration``: ten of as many moves, by what is said of them.
    """
    keys = ("run", "loss", "bin")
    for (run, loss, at), rows in material.reliability.group_by(*keys, maintain_order=True):
        parts = {"run": str(run), "bin": str(at)}
        yield _over_seeds(material, str(loss), "reliability", parts, rows["true"].to_numpy())


def learning_rows(material: Material) -> Rows:
    """``learning``: score on validation after so many steps; t over trainings, cut to its range."""
    keys = ("run", "loss", "step")
    sources = {run.id: run.source for run in material.params.train.runs}
    for (run, loss, step), rows in material.learning.group_by(*keys, maintain_order=True):
        values = rows["score"].to_numpy()
        found = _estimate(values[:, None], material.params.report.confidence, trained=True)
        kind = material.params.build.source(sources[str(run)]).kind
        found = _held(found, values, np.arange(len(values)), _RANGES.get(kind, (-math.inf, 0.0)))
        yield statistic_row(
            SYSTEM, str(loss), "learning", {"run": str(run), "step": str(step)}, found
        )


def difference(a: Scores, b: Scores) -> FloatArray:
    """(R, G) differences on the clusters that both have; what was measured once meets every R."""
    shared = sorted(set(a.clusters) & set(b.clusters))
    if not shared:
        return np.empty((0, 0))
    left, right = (one.table[:, [one.clusters.index(name) for name in shared]] for one in (a, b))
    return left - right


def _as(scores: Scores, table: FloatArray) -> Scores:
    return replace(scores, table=table)


def _row(
    material: Material,
    model: str,
    metric: str,
    parts: dict[str, str],
    table: FloatArray,
    n: int | None = None,
) -> StatisticRow:
    confidence = material.params.report.confidence
    found = _estimate(table, confidence, trained=model in LOSSES)
    if metric in SHARES and table.size:
        # As many clusters as there are may differ, however many trainings meet them.
        units = np.tile(np.arange(table.shape[1]), len(table))
        found = _held(found, table.ravel(), units)
    return statistic_row(SYSTEM, model, metric, parts, found if n is None else replace(found, n=n))


def _held(
    found: Estimate,
    values: FloatArray,
    units: npt.NDArray[np.int64],
    ends: tuple[float, float] = (0.0, 1.0),
) -> Estimate:
    """Within a range; what the interval is about stays."""
    held = bounded(found, values, units, low=ends[0], high=ends[1])
    return replace(held, scope=found.scope, trainings=found.trainings)


def _estimate(table: FloatArray, confidence: float, *, trained: bool) -> Estimate:
    if table.size == 0:
        return undefined("no cluster was scored in every training", n=0)
    r, g = table.shape
    if g == 1 and r > 1:
        # One figure a training, such as the worst error of all.
        found = cluster_mean(table[:, 0], np.arange(r), confidence=confidence)
        method = f"{found.method}, over trainings"
        return replace(found, method=method, scope="method" if trained else None)
    if r == 1 and not trained:
        return cluster_mean(table[0], np.arange(g), confidence=confidence)
    if r > 1 and float(np.ptp(table.mean(axis=1))) <= ALIKE * float(table.std()):
        # Means that differ by rounding have a variance that may come out below 0.
        same = cluster_mean(table.mean(axis=0), np.arange(g), confidence=confidence)
        method = f"{same.method}; the means of {r} trainings are the same"
        found = replace(same, method=method, scope="method", trainings=r)
    else:
        found = mean_over_trainings(table, confidence=confidence)
    return found if trained else replace(found, scope=None)


def _over_seeds(
    material: Material, model: str, metric: str, parts: dict[str, str], values: FloatArray
) -> StatisticRow:
    return _row(material, model, metric, parts, values[:, None])


def _exact(model: str, metric: str, parts: dict[str, str], value: float) -> StatisticRow:
    return statistic_row(SYSTEM, model, metric, parts, exact(value))
