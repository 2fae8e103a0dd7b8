"""What the statistics of one model are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
import polars as pl

from measurand import shards, subject
from measurand.reporting import view
from measurand.results import Rows
from measurand.stats.bounded import bounded
from measurand.stats.crossed import crossed_mean
from measurand.stats.estimate import Estimate
from measurand.stats.means import cluster_mean
from measurand.stats.repeats import alpha_over_repeats
from measurand.stats.weighted_t import in_range
from measurand.subject import frame, in_order
from schemas.many_shot.params import Params
from schemas.many_shot.tables import RESPONSES

SYSTEM = "many_shot"
ORACLE = "oracle:"
"""How the model strings of readers of prompts begin, the baselines."""
Range = tuple[float, float]
SHARE, DIFFERENCE, ANY = (0.0, 1.0), (-1.0, 1.0), (-inf, inf)
"""Ranges of shares, of what they differ by, and of what has none."""
PLAIN = "supervised"
"""Name of the curve that others are compared with."""


@dataclass(frozen=True)
class Subject(subject.Subject):
    """One model's answers with everything that is needed to judge them.

    Attributes:
        responses: its answers, a row per prompt and question, with ``k_requested`` and ``n_tokens``
            of the prompt.
        baselines: responses of every oracle, by its model string.
        options: possible answers by task; free tasks are missing.
        params: parameters.
    """

    responses: pl.DataFrame
    baselines: Mapping[str, pl.DataFrame]
    options: Mapping[str, tuple[str, ...]]
    params: Params

    def curves(self) -> Iterator[tuple[str, str, pl.DataFrame]]:
        """(task, curve, its answers), in the order of the parameters."""
        for task in self.params.build.tasks:
            for curve in task.curves:
                own = self.curve(task.id, curve.name)
                if not own.is_empty():
                    yield task.id, curve.name, own

    def alpha(self, parts: Mapping[str, str], values: pl.DataFrame) -> Estimate:
        """Would other shot sets rank the questions alike? Cronbach's alpha of these values.

        Args:
            parts: slice of the statistic, of which seed words are made.
            values: ``query_id``, ``seed`` and ``value``.
        """
        return alpha_over_repeats(
            *(values[name].to_numpy() for name in ("value", "query_id", "seed")),
            resamples=self.resamples,
            seed_words=self.words("seed_alpha", *(parts[name] for name in sorted(parts))),
            few="fewer than two shot sets or questions",
        )

    def with_alpha(
        self, parts: Mapping[str, str], values: pl.DataFrame, figures: Mapping[str, Estimate]
    ) -> Rows:
        """Rows of figures made of the same values, with ``seed_alpha`` where there are shot sets.

        Args:
            parts: slice of the figures.
            values: ``query_id``, ``seed`` and ``value``.
            figures: estimates by metric.
        """
        found = self.alpha({**parts, "of": next(iter(figures))}, values)
        name = "seed_alpha" if values["seed"].n_unique() > 1 else None
        return self.scored(parts, figures, name, found)

    def curve(self, task: str, curve: str) -> pl.DataFrame:
        """Answers to one curve's prompts; empty where it was not asked."""
        return self.responses.filter(task=task, curve=curve)


View = view.View[Sequence[Subject]]
"""What report sections read."""


def subjects(data: Path, results: Path, params: Params) -> list[Subject]:
    """Every model in a results folder, in the order of the parameters.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    dataset = data / "dataset"
    prompts = frame(
        shards.read_table(dataset / "prompts", ["prompt_id", "k_requested", "n_tokens"])
    )
    pool = frame(shards.read_table(dataset / "pool", ["task", "options"])).drop_nulls("options")
    options = {
        task: tuple(some)
        for task, some in pool.unique("task", keep="first", maintain_order=True).iter_rows()
    }
    found: dict[str, pl.DataFrame] = {}
    for folder in sorted(p for p in (results / "responses").iterdir() if p.is_dir()):
        table = RESPONSES.conform(shards.read_table(folder))
        rows = frame(table.drop_columns(["text", "option_logprobs"]))
        found[rows["model"][0]] = rows.join(prompts, on="prompt_id", how="left").with_columns(
            pl.col("correct").cast(pl.Float64)
        )
    baselines = {name: rows for name, rows in found.items() if name.startswith(ORACLE)}
    shared = (params.report.seed, params.report.resamples)
    return [
        Subject(SYSTEM, name, *shared, found[name], baselines, options, params)
        for name in in_order(found, (run.model for run in params.evaluate.models))
    ]


def by_shot_set(rows: pl.DataFrame, column: str = "correct") -> pl.DataFrame:
    """Means over orders: ``query_id``, ``seed``, ``value``; rows without a value are left out."""
    return (
        rows.drop_nulls(column)
        .group_by("query_id", "seed")
        .agg(pl.col(column).mean().alias("value"))
        .sort("query_id", "seed")
    )


def paired(a: pl.DataFrame, b: pl.DataFrame, column: str = "correct") -> pl.DataFrame:
    """The same questions under the same shot sets: ``query_id``, ``seed``, ``value``, ``value_b``.

    A prompt without shots is one for all shot sets, so it goes with each of them.

    Args:
        a: answers at one point of a curve.
        b: answers at another point, of the same or another curve or model.
        column: what is compared.
    """
    left, right = by_shot_set(a, column), by_shot_set(b, column)
    without = [part["k"].max() == 0 for part in (a, b)]
    if any(without) and not all(without):
        shared = 0 if without[0] else 1
        sides = [left, right]
        sides[shared] = sides[shared].drop("seed")
        both = sides[0].join(sides[1], on="query_id", suffix="_b")
    else:
        both = left.join(right, on=["query_id", "seed"], suffix="_b")
    return both.select("query_id", "seed", "value", "value_b").sort("query_id", "seed")


def over_shot_sets(values: pl.DataFrame, ends: Range = ANY) -> Estimate:
    """Mean with clusters of shot sets; of one prompt, over its questions.

    Args:
        values: ``query_id``, ``seed`` and ``value``.
        ends: least and largest possible value, which the interval does not leave. Where all values
            are equal it is over distinct questions: shot sets repeat questions and add none.
    """
    x, seeds, questions = (values[name].to_numpy() for name in ("value", "seed", "query_id"))
    found = cluster_mean(x, seeds if len(set(seeds)) > 1 else questions)
    return bounded(found, x, questions, low=ends[0], high=ends[1])


def over_both(values: pl.DataFrame, ends: Range = ANY) -> Estimate:
    """Mean with clusters of shot sets and of questions; else as :func:`over_shot_sets`."""
    x, seeds, questions = (values[name].to_numpy() for name in ("value", "seed", "query_id"))
    if len(x) == 0 or np.ptp(x) == 0:
        return over_shot_sets(values, ends)
    return in_range(crossed_mean(x, seeds, questions), x, questions, low=ends[0], high=ends[1])
