from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from evaluators.elastictok.allocation import allocation_rows
from evaluators.elastictok.context import Findings


def rows(found: Findings, metric: str) -> dict[str, dict[str, object]]:
    return {
        r["slice"]: r
        for r in allocation_rows(found)
        if r["metric"] == metric and r["model"] == "elastic"
    }


def with_tokens(found: Findings, change: pl.Expr) -> Findings:
    coded = found.tables["coded"].with_columns(change.cast(pl.Int32).alias("n_tokens"))
    return dataclasses.replace(found, tables={**found.tables, "coded": coded})


def test_rank_correlations_are_those_of_scipy(found: Findings) -> None:
    own = found.coded("elastic", "loose")
    row = rows(found, "rho")["threshold=loose,with=motion"]
    expected = spearmanr(own["n_tokens"], own["motion"]).statistic
    assert row["estimate"] == pytest.approx(expected)
    objects = rows(found, "rho")["threshold=loose,with=objects"]
    assert objects["n"] == own["gt_objects"].drop_nulls().len()


def test_tokens_that_follow_objects_are_found_to(found: Findings) -> None:
    made = with_tokens(found, 1 + 2 * pl.col("gt_objects").fill_null(0).floor())
    row = rows(made, "rho")["threshold=loose,with=objects"]
    assert row["estimate"] > 0.95
    assert row["reason"] == "no interval: the figure lies at the end of its range"


def test_motion_is_cut_into_terciles(found: Findings) -> None:
    made = with_tokens(found, (pl.col("motion") * 100).round() + 1)
    means = {s: r["estimate"] for s, r in rows(made, "tokens_by_motion").items()}
    one = {s.split(",")[0]: v for s, v in means.items() if "threshold=strict" in s}
    assert one["motion=none"] == 1
    assert one["motion=none"] < one["motion=low"] < one["motion=middle"] < one["motion=high"]


def test_the_past_saves_what_a_block_alone_needs_more(found: Findings) -> None:
    coded = found.tables["coded"]
    more = pl.when(pl.col("variant") == "no_past").then(13).otherwise(10)
    row = rows(with_tokens(found, more), "conditioning_gain")["threshold=strict"]
    assert row["estimate"] == 3.0
    assert row["ci_lo"] < 3.0 < row["ci_hi"]  # of two clips, all equal
    alone = coded.filter(variant="no_past", split="test_clip", threshold="strict")
    assert row["n"] == alone.height > 0
    assert set(alone["block"]) == {1}


def test_frozen_blocks_are_compared_with_their_moving_twins(found: Findings) -> None:
    less = pl.when(pl.col("variant") == "still").then(5).otherwise(9)
    made = with_tokens(found, less)
    assert rows(made, "frozen_fewer")["threshold=loose"]["estimate"] == 1.0
    assert rows(made, "frozen_saved")["threshold=loose"]["estimate"] == 4.0


def test_a_cut_is_compared_within_its_source(found: Findings) -> None:
    made = with_tokens(found, 5 + 3 * pl.col("is_cut").cast(pl.Int32))
    row = rows(made, "cut_tokens")["threshold=loose"]
    if found.coded("elastic", "loose")["is_cut"].any():
        assert row["estimate"] == pytest.approx(3.0)
    else:
        assert row["reason"] == "no block with a cut"


def test_noise_gets_everything(found: Findings) -> None:
    row = rows(found, "noise_at_k")["threshold=strict"]
    noise = found.coded("elastic", "strict", variant="noise", split=None)
    assert row["estimate"] == np.mean(noise["n_tokens"].to_numpy() == 16) == 1.0


def test_correlations_have_clips_as_clusters(found: Findings) -> None:
    own = found.coded("elastic", "loose")
    row = rows(found, "rho")["threshold=loose,with=motion"]
    assert row["n_clusters"] == own["clip_id"].n_unique() < own.height
    by_source = rows(found, "tokens_by_source")
    for (source,), some in own.group_by(["source"]):
        row = by_source[f"source={source},threshold=loose"]
        assert row["estimate"] == pytest.approx(some["n_tokens"].mean())


def test_thirds_of_the_moving_blocks_are_thirds(found: Findings) -> None:
    own = found.coded("elastic", "loose")
    still, moving = own.filter(pl.col("motion") <= 0), own.filter(pl.col("motion") > 0)
    parts = rows(found, "tokens_by_motion")
    sizes = [parts[f"motion={name},threshold=loose"]["n"] for name in ("low", "middle", "high")]
    assert sum(sizes) == moving.height
    assert max(sizes) - min(sizes) <= 1
    if still.height:
        assert parts["motion=none,threshold=loose"]["n"] == still.height
    ordered = moving.sort("motion")["n_tokens"].head(sizes[0])
    assert parts["motion=low,threshold=loose"]["estimate"] == pytest.approx(ordered.mean())


def test_a_frozen_block_that_needs_as_many_tokens_needs_no_more(found: Findings) -> None:
    same = with_tokens(found, pl.lit(9))
    assert rows(same, "frozen_fewer")["threshold=loose"]["estimate"] == 1.0
    more = with_tokens(found, pl.when(pl.col("variant") == "still").then(10).otherwise(9))
    assert rows(more, "frozen_fewer")["threshold=loose"]["estimate"] == 0.0


def test_blocks_with_a_cut_stand_against_those_without_of_their_source(found: Findings) -> None:
    coded = found.tables["coded"].with_columns((pl.col("block") == 0).alias("is_cut"))
    tables = {**found.tables, "coded": coded}
    own = dataclasses.replace(found, tables=tables).coded("elastic", "loose")
    means: dict[str, float] = {}
    for (source,), some in own.filter(~pl.col("is_cut")).group_by(["source"]):
        means[str(source)] = float(some["n_tokens"].mean())  # type: ignore[arg-type]
    gaps = [
        tokens - means[source]
        for tokens, source, cut in own.select("n_tokens", "source", "is_cut").iter_rows()
        if cut and source in means
    ]
    row = rows(dataclasses.replace(found, tables=tables), "cut_tokens")["threshold=loose"]
    assert gaps
    assert row["estimate"] == pytest.approx(np.mean(gaps))
    assert row["n"] == len(gaps)


def test_noise_that_gets_less_than_everything_is_counted_out(found: Findings) -> None:
    few = with_tokens(found, pl.when(pl.col("block") == 0).then(15).otherwise(16))
    noise = few.coded("elastic", "strict", variant="noise", split=None)
    row = rows(few, "noise_at_k")["threshold=strict"]
    assert row["estimate"] == pytest.approx(1 - (noise["block"] == 0).mean())


def test_only_blocks_that_move_are_held_against_their_frozen_twins(found: Findings) -> None:
    coded = found.tables["coded"]
    resting = found.coded("elastic", "loose", variant="still")["sample_id"].min()
    motion = pl.when(pl.col("sample_id") == resting).then(0.0).otherwise(1.0)
    made = dataclasses.replace(
        found, tables={**found.tables, "coded": coded.with_columns(motion.alias("motion"))}
    )
    still = made.coded("elastic", "loose", variant="still")
    twins = made.coded("elastic", "loose").select("sample_id", "block")
    paired = still.join(twins, on=["sample_id", "block"])
    row = rows(made, "frozen_saved")["threshold=loose"]
    assert row["n"] == paired.filter(pl.col("sample_id") != resting).height < paired.height


def test_a_correlation_with_what_nobody_knows_is_of_no_block(found: Findings) -> None:
    unknown = found.tables["coded"].with_columns(pl.lit(None, pl.Float64).alias("gt_speed"))
    made = dataclasses.replace(found, tables={**found.tables, "coded": unknown})
    row = rows(made, "rho")["threshold=loose,with=speed"]
    assert (row["estimate"], row["n"], row["reason"]) == (None, 0, "not known for any block")
