"""Every result against every norm of its task; what is missing on either side is a row too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.agi_levels.placing import Placement, Result, emerging, missing, place
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.horizons import horizon
from measurand.stats.item_bias import ItemBias, item_bias
from measurand.stats.two_parameter import Items as Calibrated
from measurand.stats.two_parameter import calibrate
from measurand.training.processes import spawned
from schemas.agi_levels.norms import Items, Norm, Time
from schemas.agi_levels.params import Rules

NO_NORM, NO_RUN = "no norm of this task", "no run of this task"
Words = tuple[str | int, ...]


def placements(
    results: Sequence[Result],
    norms: Sequence[Norm],
    rules: Rules,
    resamples: int,
    words: Words,
    workers: int = 1,
) -> list[Placement]:
    """All of them, by model, task and norm.

    Seeds depend on task and norm alone: neither the order of the rows, what else is placed nor the
    number of workers changes anything.

    Args:
        results: what models did.
        norms: what people did.
        rules: when a level is claimed.
        resamples: of items that people and models share.
        words: seed words.
        workers: processes that place; starting them takes seconds.
    """
    by_task: dict[str, list[Norm]] = {}
    for norm in norms:
        by_task.setdefault(norm.task, []).append(norm)
    found = [_alone(result) for result in results if result.task.id not in by_task]
    found += _placed(
        [
            (result, norm, rules, (resamples, *words, result.task.id, norm.id))
            for result in results
            for norm in by_task.get(result.task.id, ())
        ],
        workers,
    )
    ran = {result.task.id for result in results}
    found += [missing("-", n.task, NO_RUN, n) for n in norms if n.task not in ran]
    return sorted(emerging(found), key=lambda p: (p.model, p.task, p.norm))


Job = tuple[Result, Norm, Rules, Words]


def _placed(jobs: Sequence[Job], workers: int) -> list[Placement]:
    if workers == 1 or len(jobs) < 2:
        return [place(*job) for job in jobs]
    size = max(1, len(jobs) // (4 * workers))
    with spawned(min(workers, len(jobs))) as pool:
        return list(pool.map(_one, jobs, chunksize=size))


def _one(job: Job) -> Placement:
    return place(*job)


def _alone(result: Result) -> Placement:
    made = missing(result.model, result.task.id, NO_NORM)
    return Placement(**{**vars(made), "score": result.mean})


@dataclass(frozen=True)
class Calibration:
    """A norm whose people answered single items.

    Attributes:
        norm: the norm.
        items: their difficulties and discriminations.
        bias: of the models that answered these items; None where none did.
        models: those.
    """

    norm: Items
    items: Calibrated
    bias: ItemBias | None
    models: tuple[str, ...]


def calibrations(norms: Sequence[Norm], results: Sequence[Result]) -> list[Calibration]:
    """Items of every norm that has them, and on which of them models are out of line."""
    found = []
    for norm in norms:
        if not isinstance(norm, Items) or len(norm.items) < 3:
            continue
        people = np.array([[float(c) for c in pattern] for pattern in norm.patterns])
        items = calibrate(np.repeat(people, list(norm.patterns.values()), axis=0))
        rows, models = [], []
        for result in results:
            own = dict(zip(result.items, result.values, strict=True))
            if result.task.id == norm.task and set(own) & set(norm.items):
                rows.append([_whole(own.get(item)) for item in norm.items])
                models.append(result.model)
        bias = item_bias(items, np.array(rows)) if rows else None
        found.append(Calibration(norm, items, bias, tuple(models)))
    return found


def _whole(value: float | None) -> float:
    """Right, wrong, or not told by a value between."""
    return value if value in (0.0, 1.0) else float("nan")


def horizons(
    results: Sequence[Result], norms: Sequence[Norm], resamples: int, words: Words
) -> dict[tuple[str, str, float], Estimate]:
    """Length of the tasks that a model solves with probability .5 and .8, by model and norm."""
    found = {}
    for norm in norms:
        if not isinstance(norm, Time):
            continue
        for result in results:
            if result.task.id != norm.task:
                continue
            for share in (0.5, 0.8):
                found[result.model, norm.id, share] = _horizon(
                    result, norm.minutes, share, resamples, (*words, norm.id)
                )
    return found


def _horizon(
    result: Result, minutes: Mapping[str, float], share: float, resamples: int, words: Words
) -> Estimate:
    at = [i for i, item in enumerate(result.items) if item in minutes]
    if not at:
        return undefined("none of the items has minutes of people")
    values = result.values[at]
    if ((values < 0) | (values > 1)).any():
        return undefined("scores of single items are no rates of success")
    return horizon(
        np.array([minutes[result.items[i]] for i in at]),
        values,
        np.ones(len(at)),
        np.array([result.clusters[i] for i in at]),
        share=share,
        resamples=resamples,
        seed_words=words,
    )
