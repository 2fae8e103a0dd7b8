"""The tables that every system writes: item results (also as logs hold them) and statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict, get_args

import pyarrow as pa

from measurand.errors import SchemaError
from measurand.stats.estimate import Scope
from measurand.tables import Column, Table

SCOPES = get_args(Scope)
STATUSES = ("ok", "model_error", "infra_error", "skipped")

RESULTS = Table(
    name="measurand.results",
    version="1.0.0",
    key=("model", "metric", "item_id", "repeat"),
    doc="One row per item, repeat and metric: what one model scored on one item.",
    columns=(
        Column("run_id", pa.string(), "hash of dataset, parameters and model fingerprint"),
        Column("system", pa.string(), "the measuring system"),
        Column("model", pa.string(), "model string as given"),
        Column("metric", pa.string(), "what was scored"),
        Column("item_id", pa.string(), "stable identity of the item, equal across models"),
        Column("repeat", pa.int16(), "0-based repeat of the same item", minimum=0),
        Column("cluster_id", pa.string(), "unit of independent sampling that the item belongs to"),
        Column("value", pa.float64(), "the score; null unless status is ok", nullable=True),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no value", nullable=True),
        Column("slice", pa.string(), "`key=value` pairs joined by commas, sorted; may be empty"),
        Column("seed", pa.int64(), "seed of the call, where it had one", nullable=True),
        Column(
            "prompt_tokens", pa.int32(), "length of the prompt", "tokens", nullable=True, minimum=0
        ),
        Column("prompt_sha256", pa.string(), "hash of the prompt text", pattern="^[0-9a-f]{64}$"),
    ),
)

LOGGED = Table(
    name=RESULTS.name,
    version="1.1.0",
    key=RESULTS.key,
    doc=RESULTS.doc,
    columns=(
        *RESULTS.columns,
        Column(
            "item_sha256",
            pa.string(),
            "hash of the item's content, where the log holds it: two items of one id and two "
            "hashes are two items",
            nullable=True,
            since="1.1.0",
        ),
    ),
)
"""Item results read from other harnesses' logs: ``RESULTS`` and what the item was."""

STATISTICS = Table(
    name="measurand.statistics",
    version="1.2.0",
    key=("model", "metric", "slice"),
    doc="One row per model, metric and slice; an undefined figure is null with a reason, never 0.",
    columns=(
        Column("system", pa.string(), "the measuring system"),
        Column("model", pa.string(), "model string as given"),
        Column("metric", pa.string(), "name of the statistic"),
        Column("slice", pa.string(), "`key=value` pairs joined by commas, sorted; may be empty"),
        Column("estimate", pa.float64(), "point estimate", nullable=True),
        Column("se", pa.float64(), "standard error", nullable=True, minimum=0),
        Column("ci_lo", pa.float64(), "lower end of the two-sided interval", nullable=True),
        Column("ci_hi", pa.float64(), "upper end of the two-sided interval", nullable=True),
        Column("confidence", pa.float64(), "level of the two-sided interval", minimum=0, maximum=1),
        Column("lower", pa.float64(), "one-sided 95% lower bound, read by gates", nullable=True),
        Column("upper", pa.float64(), "one-sided 95% upper bound, read by gates", nullable=True),
        Column("method", pa.string(), "how estimate and interval were made"),
        Column("n", pa.int64(), "rows used", nullable=True, minimum=0),
        Column("n_clusters", pa.int64(), "clusters used", nullable=True, minimum=0),
        Column("resamples", pa.int32(), "bootstrap resamples", nullable=True, minimum=0),
        Column("seed", pa.int64(), "seed of the resampling", nullable=True),
        Column(
            "mde",
            pa.float64(),
            "smallest difference that this sample could have shown (80% power, two-sided 5%)",
            nullable=True,
            minimum=0,
        ),
        Column(
            "reliability",
            pa.float64(),
            "reliability of the score behind the figure, where it has one",
            nullable=True,
        ),
        Column("reason", pa.string(), "why the estimate or the interval is null", nullable=True),
        Column(
            "scope",
            pa.string(),
            "what the interval is about: `training`, these trained weights; `method`, other "
            "trainings too; null where nothing was trained",
            nullable=True,
            enum=SCOPES,
            since="1.1.0",
        ),
        Column(
            "trainings",
            pa.int32(),
            "trainings that the interval allows for; null where it is about one",
            nullable=True,
            minimum=1,
            since="1.2.0",
        ),
        Column(
            "se_trainings",
            pa.float64(),
            "the trainings' part of the standard error, which more items do not make smaller",
            nullable=True,
            minimum=0,
            since="1.2.0",
        ),
        Column("least", pa.float64(), "least possible value", nullable=True, since="1.2.0"),
        Column("most", pa.float64(), "largest possible value", nullable=True, since="1.2.0"),
    ),
)


def current(table: pa.Table) -> pa.Table:
    """Statistics of an earlier version 1 with the columns that were added since, null."""
    return STATISTICS.upgraded(table)


class StatisticRow(TypedDict):
    """A row of ``STATISTICS``; a test holds the two together."""

    system: str
    model: str
    metric: str
    slice: str
    estimate: float | None
    se: float | None
    ci_lo: float | None
    ci_hi: float | None
    confidence: float
    lower: float | None
    upper: float | None
    method: str
    n: int | None
    n_clusters: int | None
    resamples: int | None
    seed: int | None
    mde: float | None
    reliability: float | None
    reason: str | None
    scope: str | None
    trainings: int | None
    se_trainings: float | None
    least: float | None
    most: float | None


Rows = Iterator[StatisticRow]
"""What functions that make statistics yield."""


def slice_text(parts: Mapping[str, str]) -> str:
    """Canonical text of a slice: ``{"b": "2", "a": "1"}`` -> ``"a=1,b=2"``.

    Raises:
        SchemaError: a part could not be read back from the text.
    """
    for key, value in parts.items():
        if not key or "=" in key or "," in key + value:
            raise SchemaError(f"slice part {key!r}: {value!r} holds a comma or an equals sign")
    return ",".join(f"{k}={v}" for k, v in sorted(parts.items()))


def slice_parts(text: str) -> dict[str, str]:
    """Inverse of :func:`slice_text`; what is no pair in a foreign text is left out."""
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)
