"""What the statistics are made from: the result tables as frames, and a few ways to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from measurand import shards, subject
from measurand.manifest import MANIFEST, read_manifest
from measurand.reporting import view
from measurand.results import Rows
from measurand.statistics import statistic_row
from measurand.stats.bounded import bounded
from measurand.stats.estimate import Estimate, undefined
from measurand.stats.means import cluster_mean
from measurand.stats.ratios import ratio_of_sums
from measurand.stats.repeats import alpha_over_repeats
from measurand.subject import frame
from schemas.elastictok.params import CODECS, UNTRAINED, Params

Floats = npt.NDArray[np.float64]

SYSTEM = "elastictok"
HEADLINE = "test_clip"
"""The split that findings are read from: clips that training never saw, nor near copies of them."""
NEAR = "test_near"
"""Clips of the headline's split that are near copies of what was trained on."""
TABLES = (
    *("budgets", "coded", "errors", "rates", "strips", "search_costs"),
    *("history", "speed", "regression", "near"),
)
BLOCK = ["sample_id", "block"]


@dataclass(frozen=True)
class Findings(subject.Subject):
    """Everything that was measured; its model is the elastic one that thresholds come from.

    Attributes:
        params: parameters.
        tables: result tables by name.
        limits: error of every threshold.
    """

    params: Params
    tables: Mapping[str, pl.DataFrame]
    limits: Mapping[str, float]

    @property
    def slots(self) -> int:
        """K."""
        return self.params.slots

    def mean_tokens(self, values: pl.DataFrame, column: str = "n_tokens") -> Estimate:
        """Mean of numbers of tokens, each from the fewest to K."""
        return mean(values, column, float(self.params.train.min_tokens), float(self.slots))

    def mean_change(self, values: pl.DataFrame, column: str) -> Estimate:
        """Mean of differences of two numbers of tokens."""
        span = float(self.slots - self.params.train.min_tokens)
        return mean(values, column, -span, span)

    @property
    def models(self) -> list[str]:
        """Names of the tokenizers that were measured, in the order of the parameters."""
        found = set(self.tables["budgets"]["model"].unique())
        listed = [m.name for m in self.params.train.models] + [UNTRAINED]
        return [name for name in listed if name in found]

    @property
    def fixed(self) -> dict[str, int]:
        """Fixed models that were measured, with their tokens, fewest first."""
        found = {m.name: m.tokens for m in self.params.train.models if m.tokens is not None}
        kept = [name for name in self.models if name in found]
        return {name: found[name] for name in sorted(kept, key=lambda name: found[name])}

    @property
    def codecs(self) -> list[str]:
        """Codecs that were measured."""
        found = set(self.tables["rates"]["model"].unique())
        return [name for name in CODECS if name in found]

    @property
    def splits(self) -> list[str]:
        """Splits that were measured, the headline first."""
        frames = [self.tables["budgets"], self.tables["rates"]]
        found = {s for frame in frames for s in frame["split"].unique()}
        return sorted(found, key=lambda s: (s != HEADLINE, s))

    def table(self, name: str) -> pl.DataFrame:
        """A result table, empty where it was not written."""
        return self.tables.get(name, pl.DataFrame(schema={"model": pl.String}))

    def budget(self, model: str, split: str) -> pl.DataFrame:
        """Blocks of a model without a search."""
        return self.tables["budgets"].filter(model=model, split=split)

    def budgets(self, model: str) -> list[int]:
        """Numbers of tokens it was measured at, ascending."""
        own = self.tables["budgets"].filter(model=model)
        return [int(n) for n in own["n_tokens"].unique().sort()]

    def coded(
        self,
        model: str,
        threshold: str,
        search: str = "binary",
        variant: str = "plain",
        split: str | None = HEADLINE,
    ) -> pl.DataFrame:
        """Blocks of a model after a search, sorted by sequence and block."""
        own = self.tables["coded"].filter(
            model=model, threshold=threshold, search=search, variant=variant
        )
        own = own if split is None else own.filter(split=split)
        return own.sort(BLOCK)


View = view.View[Findings]
"""What report sections read."""


def findings(results: Path, params: Params) -> Findings:
    """Read what ``evaluate`` wrote.

    Args:
        results: folder of the results.
        params: parameters.
    """
    tables = {
        name: frame(shards.read_table(results / name))
        for name in TABLES
        if (results / name / MANIFEST).exists()
    }
    config = read_manifest(results / "budgets").params
    shared = (params.elastic.name, params.report.seed, params.report.resamples)
    return Findings(SYSTEM, *shared, params, _apart(tables), dict(config["limits"]))


def _apart(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Near copies among the headline's clips as a split of their own, unless all of them are."""
    if "near" not in tables:
        return tables
    clips = tables["near"].filter(split=HEADLINE)
    near = clips.filter("near")["clip_id"].to_list()
    if len(near) == clips.height:
        return tables
    copied = (pl.col("split") == HEADLINE) & pl.col("clip_id").is_in(near)
    split = pl.when(copied).then(pl.lit(NEAR)).otherwise(pl.col("split")).alias("split")
    measured = ("budgets", "coded", "rates")
    return {k: v.with_columns(split) if k in measured else v for k, v in tables.items()}


row = partial(statistic_row, SYSTEM)
"""A row of the statistics table: model, metric, slice, estimate, reliability."""


def mean(values: pl.DataFrame, column: str, low: float = -inf, high: float = inf) -> Estimate:
    """Mean over blocks with clusters of clips, in its range; rows without a value are left out.

    Blocks of a clip repeat each other, so where all are equal the interval is over clips.
    """
    own = values.drop_nulls(column)
    x = own[column].cast(pl.Float64).to_numpy()
    return bounded(cluster_mean(x, own["clip_id"].to_numpy()), x, low=low, high=high)


def share(values: pl.DataFrame, column: str) -> Estimate:
    """Share of blocks."""
    return mean(values, column, 0.0, 1.0)


def ratio(top: Floats, bottom: Floats, clips: npt.NDArray[Any], method: str) -> Estimate:
    """Ratio of two means over the same blocks, its interval over clips: ``ratio_of_sums``.

    Args:
        top: (n,) numerators, 0 or more.
        bottom: (n,) denominators, 0 or more.
        clips: (n,) clip of each block.
        method: in words.
    """
    if len(top) == 0:
        return undefined("no blocks", method=method, n=0)
    if bottom.sum() == 0:
        return undefined("the denominator is 0", method=method, n=len(top))
    found = ratio_of_sums(top, bottom, clips)
    return replace(found, method=found.method.replace("ratio of sums", method))


def paired(a: pl.DataFrame, b: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The same blocks in two frames: ``clip_id``, the columns, and those of b with ``_b``."""
    keys = [*BLOCK, "clip_id"]
    both = a.select(*keys, *columns).join(b.select(*BLOCK, *columns), on=BLOCK, suffix="_b")
    return both.sort(BLOCK)


def with_alpha(
    found: Findings,
    model: str,
    metric: str,
    parts: Mapping[str, str],
    values: pl.DataFrame,
    column: str,
    estimate: Estimate,
) -> Rows:
    """The row of a mean over blocks with its reliability, and ``block_alpha`` which that is.

    Would other blocks rank the sequences alike? Sequences are units, first, second, ... blocks are
    repeats. That later blocks have a past and the first has none moves the repeats, not their
    correlation. The bootstrap draws clips, since sequences of a clip are alike.

    Args:
        found: resamples and seed.
        model: whose score.
        metric: its name.
        parts: its slice.
        values: blocks with ``sample_id``, ``block``, ``clip_id`` and the column.
        column: what the score is the mean of; nulls are missing.
        estimate: the score.
    """
    alpha = alpha_over_repeats(
        values[column].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        values["sample_id"].to_numpy(),
        values["block"].to_numpy(),
        clusters=values["clip_id"].to_numpy(),
        resamples=found.resamples,
        seed_words=found.words("clips"),
        few="fewer than two sequences, or one block each",
    )
    yield from replace(found, model=model).scored(parts, {metric: estimate}, "block_alpha", alpha)
