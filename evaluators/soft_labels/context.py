"""What the statistics are made from: pairs, judgements, and what trained policies do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from measurand import shards
from measurand.manifest import MANIFEST
from measurand.report import view
from measurand.statistics import statistic_row
from measurand.stats.dyads import mean_by
from measurand.stats.estimate import Estimate
from measurand.stats.means import proportion, within_unit
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

Row = dict[str, Any]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SYSTEM = "soft_labels"
_LONG = ("text_1", "text_2", "prompt")
_REPEAT = re.compile(r"-s\d+$")


@dataclass(frozen=True)
class Material:
    """All tables of one evaluation; one that was not written is empty.

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

    @property
    def model(self) -> str:
        """The policy before training: the model that every figure belongs to."""
        return self.params.build.policy

    @property
    def resamples(self) -> int:
        """Bootstrap resamples."""
        return self.params.report.resamples

    def words(self, *more: str) -> tuple[str | int, ...]:
        """Seed words of a statistic."""
        return (SYSTEM, self.params.report.seed, *more)

    def row(
        self,
        metric: str,
        parts: Mapping[str, str],
        estimate: Estimate,
        reliability: float | None = None,
    ) -> Row:
        """A row of the statistics table."""
        return statistic_row(SYSTEM, self.model, metric, parts, estimate, reliability=reliability)

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


def frame(table: pa.Table) -> pl.DataFrame:
    """An Arrow table as a polars frame."""
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def items_of(rows: pl.DataFrame) -> IntArray:
    """(n, 2) the two items of each row's pair: what rows may share."""
    return rows.select("first", "second").to_numpy().astype(np.int64)


def numbers_of(rows: pl.DataFrame, column: str) -> FloatArray:
    """A column as float64; a null is NaN."""
    return rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def share_of(hits: FloatArray, by: npt.NDArray[Any] | None = None) -> Estimate:
    """Mean of values in 0..1 over clusters or pairs, its interval between 0 and 1.

    Where all are 0, or all 1, that interval would have no width; it is the exact one then, over
    distinct units.
    """
    found = mean_by(hits, by)
    if len(hits) and np.ptp(hits) == 0 and hits[0] in (0.0, 1.0):
        units = found.n_clusters or len(hits)
        whole = proportion(units * int(hits[0]), units, "clopper_pearson")
        return replace(whole, n=len(hits), n_clusters=found.n_clusters)
    return within_unit(found)


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
