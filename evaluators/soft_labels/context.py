"""What the statistics are made from: pairs, judgements, and what trained policies do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from measurand import shards, subject
from measurand.manifest import MANIFEST
from measurand.reporting import view
from measurand.stats.bounded import bounded
from measurand.stats.dyads import mean_by
from measurand.stats.estimate import Estimate
from measurand.stats.repeats import alpha_over_repeats
from measurand.subject import frame
from measurand.tables import Table
from schemas.soft_labels.params import Params, Run
from schemas.soft_labels.tables import (
    BANDIT,
    COMPARISONS,
    ITEMS,
    JUDGE_QUALITY,
    JUDGEMENTS,
    PAIR_SCORES,
    PAIRS,
    SAMPLES,
    TRAINING,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ALPHA = "Cronbach's alpha of units over repeats"
_LONG = ("text_1", "text_2", "prompt")
_REPEAT = re.compile(r"-s\d+$")


@dataclass(frozen=True)
class Material(subject.Subject):
    """All tables of one evaluation; one that was not written is empty.

    The model that every figure belongs to is the policy before training.

    Attributes:
        params: parameters.
        pairs: the pairs, with ``first`` and ``second``, whole numbers for their items.
        items: responses with their ratings.
        judgements: what judges said of pairs, with the pair's ``p``, ``swapped`` and items.
        training: losses and dev measurements by step.
        scores: what trained policies prefer on held-out pairs, joined with the pairs.
        samples: what policies wrote.
        comparisons: which of two policies' texts is preferred, with ``a`` and ``b``, the runs
            without their seeds.
        instruments: what the judges that are no language models say of held-out pairs.
        bandit: the exact bandit.
    """

    params: Params
    pairs: pl.DataFrame
    items: pl.DataFrame
    judgements: pl.DataFrame
    training: pl.DataFrame
    scores: pl.DataFrame
    samples: pl.DataFrame
    comparisons: pl.DataFrame
    instruments: pl.DataFrame
    bandit: pl.DataFrame

    def runs(self) -> Iterator[tuple[Run, pl.DataFrame]]:
        """(run, its held-out scores) of every run that was measured, in order."""
        for run in self.params.train.runs:
            own = self.scores.filter(run_id=run.id)
            if not own.is_empty():
                yield run, own


View = view.View[Material]
"""What report sections read."""


def material(data: Path, results: Path, params: Params) -> Material:
    """Read everything that statistics need.

    Args:
        data: folder with ``dataset/``.
        results: folder that ``evaluate`` wrote.
        params: parameters.
    """
    dataset = data / "dataset"
    pairs = _with_codes(_read(dataset / "pairs", PAIRS, _LONG))
    by_pair = pairs.select(
        "pair_id", "p", "swapped", "first", "second", "n_words_1", "n_words_2", "split"
    )
    return Material(
        system="soft_labels",
        model=params.build.policy,
        seed=params.report.seed,
        resamples=params.report.resamples,
        params=params,
        pairs=pairs,
        items=_read(dataset / "items", ITEMS, ("text",)),
        judgements=_read(dataset / "judgements", JUDGEMENTS).join(
            by_pair.drop("split"), on="pair_id", how="left", maintain_order="left"
        ),
        training=_read(results / "training", TRAINING),
        scores=_read(results / "pair_scores", PAIR_SCORES)
        .join(by_pair.drop("p"), on="pair_id", how="left", maintain_order="left")
        .filter(split="test"),
        samples=_read(results / "samples", SAMPLES, ("beginning",)),
        comparisons=_read(results / "comparisons", COMPARISONS).with_columns(
            pl.col("run_a").str.replace(_REPEAT.pattern, "").alias("a"),
            pl.col("run_b").str.replace(_REPEAT.pattern, "").alias("b"),
        ),
        instruments=_read(results / "judge_quality", JUDGE_QUALITY).join(
            by_pair.drop("p"), on="pair_id", how="left", maintain_order="left"
        ),
        bandit=_read(results / "bandit", BANDIT),
    )


def items_of(rows: pl.DataFrame) -> IntArray:
    """(n, 2) the two items of each row's pair: what rows may share."""
    return rows.select("first", "second").to_numpy().astype(np.int64)


def numbers_of(rows: pl.DataFrame, column: str) -> FloatArray:
    """A column as float64; a null is NaN."""
    return rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def share_of(hits: FloatArray, by: npt.NDArray[Any] | None = None) -> Estimate:
    """Mean of values in 0..1 over clusters or pairs."""
    return mean_of(hits, by, 0.0, 1.0)


def mean_of(
    values: FloatArray, by: npt.NDArray[Any] | None = None, low: float = -inf, high: float = inf
) -> Estimate:
    """Mean of values in a range over clusters or pairs; the interval stays in it, with a width."""
    return bounded(mean_by(values, by), values, low=low, high=high)


def alpha_over(
    repeats: Sequence[str], rows: pl.DataFrame, values: FloatArray, unit: str = "pair_id"
) -> Estimate:
    """Reliability of a unit's mean over its repeats, without an interval.

    A shift that all units share, as a judge's bias for the first place, is no error of the mean.

    Args:
        repeats: columns of which every combination is a repeat, such as ``seed``.
        rows: a row per unit and repeat.
        values: (n,) score of each row, NaN where missing.
        unit: column of the units.

    Returns:
        The estimate; undefined where units are measured once, or a repeat does not vary.
    """
    place: dict[tuple[Any, ...], int] = {}
    each = [place.setdefault(key, len(place)) for key in rows.select(repeats).iter_rows()]
    units = rows[unit].to_numpy()
    found = alpha_over_repeats(values, units, np.array(each, np.int64), resamples=0)
    if found.value is None:
        return replace(found, method=found.method or ALPHA)
    why = "no interval: units share responses, a bootstrap would take them as independent"
    return Estimate(found.value, method=ALPHA, n=found.n, reason=why)


def _read(folder: Path, spec: Table, without: tuple[str, ...] = ()) -> pl.DataFrame:
    """A table of the dataset or the results; empty where it was not written."""
    names = [column.name for column in spec.columns if column.name not in without]
    if not (folder / MANIFEST).exists():
        return frame(spec.from_columns({c.name: [] for c in spec.columns}).select(names))
    return frame(shards.read_table(folder, names))


def _with_codes(pairs: pl.DataFrame) -> pl.DataFrame:
    names = pl.concat([pairs["item_1"], pairs["item_2"]]).unique().sort()
    code = {name: at for at, name in enumerate(names.to_list())}
    return pairs.with_columns(
        pl.Series("first", [code[name] for name in pairs["item_1"]], pl.Int64),
        pl.Series("second", [code[name] for name in pairs["item_2"]], pl.Int64),
    )
