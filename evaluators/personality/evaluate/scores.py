"""From responses to keyed matrices and scale scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from measurand import shards
from measurand.manifest import read_manifest
from schemas.personality.tables import RESPONSES, SCORES

Kind = Literal["value", "expected"]

SCORE: dict[Kind, Literal["score", "expected_score"]] = {
    "value": "score",
    "expected": "expected_score",
}
"""Column of SCORES that holds the score made of likeliest, or of expected, answers."""

SUFFIX: dict[Kind, str] = {"value": "", "expected": "_expected"}
"""What a metric made of these answers ends in."""


@dataclass(frozen=True)
class Matrix:
    """Participants x items of one scale, keyed.

    Attributes:
        x: (n, k) answers, ``k_choices + 1 - x`` where the item is reversed; NaN where missing.
        raw: (n, k) answers as given.
        keyed: (k,) +1 or -1.
        participants: (n,) identities.
        clusters: (n,) biography of each participant.
        items: (k,) identities.
    """

    x: npt.NDArray[np.float64]
    raw: npt.NDArray[np.float64]
    keyed: npt.NDArray[np.int8]
    participants: tuple[str, ...]
    clusters: npt.NDArray[np.int64]
    items: tuple[str, ...]


def read_responses(results: Path) -> dict[str, pl.DataFrame]:
    """Responses by model string, without the columns that statistics do not read.

    Args:
        results: folder that ``evaluate`` wrote.
    """
    found: dict[str, pl.DataFrame] = {}
    for folder in sorted(p for p in (results / "responses").iterdir() if p.is_dir()):
        table = RESPONSES.conform(RESPONSES.upgraded(shards.read_table(folder)))
        frame = pl.from_arrow(table.drop_columns(["prompt_sha256", "logprobs"]))
        assert isinstance(frame, pl.DataFrame)
        keyed = [
            pl.when(pl.col("keyed") < 0)
            .then(pl.col("k_choices") + 1 - pl.col(column))
            .otherwise(pl.col(column))
            .cast(pl.Float64)
            .alias(f"keyed_{column}")
            for column in ("value", "expected")
        ]
        found[read_manifest(folder).params["model"]] = frame.with_columns(keyed)
    return found


def matrix(frame: pl.DataFrame, kind: Kind = "value") -> Matrix:
    """The keyed matrix of a frame that holds one experiment and one scale."""
    order = ["participant_id", "item_id"]
    rows = frame.sort(order)
    participants = rows["participant_id"].unique(maintain_order=True)
    items = rows.select("item_id", "keyed").unique("item_id", maintain_order=True).sort("item_id")
    at = rows.select(
        pl.col("participant_id").replace_strict(participants, range(len(participants))).alias("i"),
        pl.col("item_id").replace_strict(items["item_id"], range(len(items))).alias("j"),
    )
    i, j = at["i"].to_numpy(), at["j"].to_numpy()
    x = np.full((len(participants), len(items)), np.nan)
    raw = x.copy()
    x[i, j] = rows[f"keyed_{kind}"].to_numpy()
    raw[i, j] = rows[kind].cast(pl.Float64).to_numpy()
    clusters = np.zeros(len(participants), np.int64)
    clusters[i] = rows["bio_id"].to_numpy()
    return Matrix(
        x,
        raw,
        items["keyed"].to_numpy(),
        tuple(participants),
        clusters,
        tuple(items["item_id"]),
    )


def scale_scores(model: str, responses: pl.DataFrame) -> pa.Table:
    """Mean of the keyed answers per participant and scale, as the table ``SCORES``.

    Args:
        model: model string.
        responses: as from :func:`read_responses`; ``reversed_options`` rows are left out.
    """
    by = ["experiment", "participant_id", "profile_id", "bio_id", "instrument_id", "scale_id"]
    scores = (
        responses.filter(pl.col("experiment") != "reversed_options")
        .group_by(by)
        .agg(
            pl.col("run_id").first(),
            pl.col("levels").first(),
            pl.col("domain").first(),
            pl.col("keyed_value").mean().alias("score"),
            pl.col("keyed_expected").mean().alias("expected_score"),
            pl.col("value").count().cast(pl.Int16).alias("n_items"),
            pl.col("value").null_count().cast(pl.Int16).alias("n_missing"),
        )
        .with_columns(pl.lit(model).alias("model"))
        .sort("experiment", "participant_id", "scale_id")
    )
    return SCORES.conform(scores.select([c.name for c in SCORES.columns]).to_arrow())


def wide_scores(
    scores: pl.DataFrame, scales: Sequence[str], kind: Literal["score", "expected_score"] = "score"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Scores as (participants, scales), complete rows only, and the biography of each row.

    Scales of different instruments are joined on the participant, that is on preamble and number
    of the postamble: the wording of the answer scale differs between instruments.
    """
    wide = (
        scores.filter(pl.col("scale_id").is_in(list(scales)))
        .pivot("scale_id", index=["participant_id", "bio_id"], values=kind)
        .sort("participant_id")
    )
    if missing := [s for s in scales if s not in wide.columns]:
        wide = wide.with_columns([pl.lit(None, pl.Float64).alias(s) for s in missing])
    wide = wide.drop_nulls(list(scales))
    return wide.select(list(scales)).to_numpy(), wide["bio_id"].to_numpy().astype(np.int64)
