"""What the mixture of demonstrations does to the small model, at equal episode count.

A mixture is trained several times. Models of the same seed are paired, task by task and seed by
seed, so a gain is over tasks and trained models together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from evaluators.compwob.context import ALL, SYSTEM, Subject, View
from evaluators.compwob.pictures import WORDS
from measurand import shards
from measurand.reporting.document import Cell, Section, Table, Text
from measurand.reporting.grid import Line, grid
from measurand.reporting.learned import learned
from measurand.results import Rows
from measurand.statistics import statistic_row
from measurand.stats.crossed import crossed_mean
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.repeats import alpha_over_repeats
from measurand.stats.weighted_t import in_range
from measurand.subject import frame
from schemas.compwob.params import MIXTURES, ORDERS


def trained(everyone: Sequence[Subject]) -> pl.DataFrame:
    """Episodes of trained models, with ``mixture`` and ``model``; no rows where there are none."""
    parts = []
    for subject in everyone:
        kind, *rest = subject.agent.split(":")
        if kind == "trained" and len(rest) == 2:
            parts.append(
                subject.episodes.select("task", "order", "seed", "success").with_columns(
                    pl.lit(rest[0]).alias("mixture"), pl.lit(rest[1]).alias("model")
                )
            )
    empty = {"task": pl.String, "order": pl.String, "seed": pl.Int64, "success": pl.Float64,
             "mixture": pl.String, "model": pl.String}  # fmt: skip
    return pl.concat(parts) if parts else pl.DataFrame(schema=empty)


def mixture_rows(everyone: Sequence[Subject]) -> Rows:
    """``mixture_success`` of each mixture, and ``mixture_gain`` over the uniform one.

    ``model_alpha`` is the reliability of a task's success, or gain, over a mixture's models.
    """
    every = trained(everyone)
    for order in ORDERS:
        at = every.filter(pl.col("order") == order)
        uniform = at.filter(pl.col("mixture") == "uniform")
        for mixture in (m for m in MIXTURES if m in at["mixture"].unique()):
            mine = at.filter(pl.col("mixture") == mixture)
            parts = {"mixture": mixture, "order": order}
            mean = _mean(mine, "success", 0.0)
            yield from _scored(everyone[0], "mixture_success", parts, mine, "success", mean)
            if mixture == "uniform":
                continue
            pairs = mine.join(uniform, on=["task", "seed", "model"], suffix="_u").sort(
                "task", "seed", "model"
            )
            if pairs.is_empty():
                found = undefined("no uniform model of the same seeds", n=0)
                yield statistic_row(SYSTEM, ALL, "mixture_gain", parts, found)
                continue
            gains = pairs.with_columns((pl.col("success") - pl.col("success_u")).alias("gain"))
            found = _mean(gains, "gain", -1.0)
            yield from _scored(everyone[0], "mixture_gain", parts, gains, "gain", found)


def _mean(episodes: pl.DataFrame, column: str, low: float) -> Estimate:
    """Mean over tasks and models; of one model it is about that model."""
    x, tasks, models = (episodes[name].to_numpy() for name in (column, "task", "model"))
    found = in_range(crossed_mean(x, tasks, models), x, tasks, low=low)
    return replace(found, scope="method" if len(set(models)) > 1 else "training")


def _scored(
    one: Subject,
    metric: str,
    parts: dict[str, str],
    episodes: pl.DataFrame,
    column: str,
    estimate: Estimate,
) -> Rows:
    alpha = alpha_over_repeats(
        *(episodes[name].to_numpy() for name in (column, "task", "model")),
        resamples=one.resamples,
        seed_words=one.words("model_alpha"),
        few="fewer than two tasks, or one model",
    )
    yield from replace(one, model=ALL).scored(parts, {metric: estimate}, "model_alpha", alpha)


def mixture_section(view: View) -> Section | None:
    """The mixtures side by side; none where no model was trained."""
    if trained(view.found).is_empty():
        return None
    alone: Cell = {"value": None, "reason": "what the others are compared with"}

    def gain(line: Line) -> Cell:
        uniform = line.parts["mixture"] == "uniform"
        return alone if uniform else view.figures.cell(ALL, "mixture_gain", **line.parts)

    table = grid(
        view.figures,
        "Success of the small model, by the mixture of its demonstrations",
        "mixture",
        [
            Line(
                {"text": mixture, "detail": WORDS[order]},
                ALL,
                {"mixture": mixture, "order": order},
            )
            for order in ORDERS
            for mixture in MIXTURES
        ],
        {"success": "mixture_success", "minus uniform, paired": gain},
        ["Intervals are over tasks and trained models together; few models make them wide."],
        made="mixture_success",
    )
    checkpoint = view.data / "checkpoint"
    return Section(
        "Mixtures of demonstrations",
        (table, *_learned(checkpoint), *_shown(checkpoint / "training")),
        "Every mixture draws the same number of episodes, of base tasks alone.",
    )


def _learned(checkpoint: Path) -> tuple[Text, ...]:
    """Whether the models learned their demonstrations: loss of the last epoch and the first."""
    path = checkpoint / "manifest.json"
    losses = json.loads(path.read_text(encoding="utf-8")).get("loss_nats") if path.is_file() else {}
    ends = {
        name: (own[-1], own[0] if len(own) > 1 else None) for name, own in (losses or {}).items()
    }
    said = learned("Loss of the last epoch on demonstrations, nats a step", "the first", ends)
    return (Text(said),) if said else ()


def _shown(folder: Path) -> tuple[Table, ...]:
    """How many episodes of each task the mixtures held."""
    if not (folder / "manifest.json").is_file():
        return ()
    drawn = frame(shards.read_table(folder)).filter(pl.col("seed") == 0)
    names = [m for m in MIXTURES if m in drawn["mixture"].unique()]
    wide = drawn.pivot(on="mixture", index="task", values="episodes").sort("task")
    rows: list[list[Cell]] = [
        [row["task"], *(row[name] for name in names)] for row in wide.to_dicts()
    ]
    return (Table("Episodes drawn, first model of each mixture", ["task", *names], rows),)
