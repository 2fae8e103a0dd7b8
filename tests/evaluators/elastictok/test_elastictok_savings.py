from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evaluators.elastictok.context import Findings
from evaluators.elastictok.savings import (
    capped,
    figure_points,
    references,
    saving,
    saving_rows,
    tokens_at,
)


def coded(tokens: list[int], feasible: list[bool] | None = None, clips: int = 8) -> pl.DataFrame:
    n = len(tokens)
    return pl.DataFrame(
        {
            "sample_id": [f"{i:03d}" for i in range(n)],
            "block": [0] * n,
            "clip_id": [f"c{i % clips}" for i in range(n)],
            "n_tokens": tokens,
            "feasible": feasible or [True] * n,
        }
    )


def reference(own: pl.DataFrame, reached: list[bool]) -> pl.DataFrame:
    return own.select("sample_id", "block").with_columns(pl.Series("feasible", reached))


def test_caps_limit_tokens_and_what_is_met() -> None:
    tokens, met = capped(coded([2, 4, 4], [True, True, False]), 4)
    assert tokens.tolist() == [[1, 1, 1], [2, 2, 2], [2, 3, 3], [2, 4, 4]]
    assert met.tolist() == [[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0]]


def test_tokens_are_read_off_between_two_caps() -> None:
    tokens, met = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 0.5, 0.5, 0.9])
    assert tokens_at(tokens, met, 0.5) == 2.0
    assert tokens_at(tokens, met, 0.25) == pytest.approx(1.5)
    assert tokens_at(tokens, met, 0.7) == pytest.approx(3.5)
    assert tokens_at(tokens, met, 0.9) == 4.0
    assert np.isnan(tokens_at(tokens, met, 0.95))


def test_a_saving_known_by_hand(found: Findings) -> None:
    # Half of the blocks need 4 tokens, half 12: for all of them 8 on average, where a fixed
    # model needs 16; for the easy half a cap of 4 does, where a fixed model needs 8.
    own = coded([4, 12] * 20)
    every = saving(found, own, reference(own, [True] * 40), 16)
    assert every.value == pytest.approx(2.0)
    easy = saving(found, own, reference(own, [True, False] * 20), 8)
    assert easy.value == pytest.approx(2.0)
    assert every.ci_lo is not None
    assert every.n_clusters == 8


def test_a_code_that_saves_nothing_has_a_ratio_of_one(found: Findings) -> None:
    own = coded([16] * 40)
    same = saving(found, own, reference(own, [True] * 40), 16)
    assert same.value == same.ci_lo == same.ci_hi == 1.0


def test_what_has_no_ratio_says_why(found: Findings) -> None:
    own = coded([16] * 10, [False] * 10)
    none = saving(found, own, reference(own, [False] * 10), 4)
    assert none.value is None
    assert "no block is under the threshold" in str(none.reason)
    less = saving(found, own, reference(own, [True] * 10), 4)
    assert less.value is None
    assert "the search reaches 0% of blocks" in str(less.reason)
    apart = own.with_columns(pl.lit("x").alias("sample_id"))
    assert saving(found, own, reference(apart, [True] * 10), 4).value is None


def test_rows_cover_every_reference(found: Findings) -> None:
    rows = [r for r in saving_rows(found) if r["metric"] == "token_saving"]
    mine = [r["slice"] for r in rows if r["model"] == "elastic" and "strict" in r["slice"]]
    against = {part for text in mine for part in text.split(",") if part.startswith("against")}
    assert against == {"against=fixed4", "against=fixed16", "against=uniform"}
    assert all((r["estimate"] is None) == (r["reason"] is not None and "no interval" not in
               r["reason"]) for r in rows)  # fmt: skip


def test_the_curve_ends_where_the_search_does(found: Findings) -> None:
    points = figure_points(found, "elastic", "loose")
    own = found.coded("elastic", "loose")
    assert points[-1]["x"] == pytest.approx(own["n_tokens"].mean() / 16)
    assert points[-1]["estimate"] == pytest.approx(own["feasible"].mean())
    shares = [p["estimate"] for p in points]
    assert shares == sorted(shares)


def test_scores_of_the_search_are_means_of_its_blocks(found: Findings) -> None:
    own = found.coded("elastic", "strict", split="test_clip")
    rows = {
        r["metric"]: r for r in saving_rows(found)
        if r["model"] == "elastic" and r["slice"] == "split=test_clip,threshold=strict"
    }  # fmt: skip
    assert rows["tokens"]["estimate"] == pytest.approx(own["n_tokens"].mean())
    assert rows["token_share"]["estimate"] == pytest.approx(own["n_tokens"].mean() / 16)
    assert rows["feasible"]["estimate"] == pytest.approx(own["feasible"].mean())
    assert all(r["n_clusters"] == own["clip_id"].n_unique() for r in rows.values())


def test_references_reach_what_their_errors_reach(found: Findings) -> None:
    limit = found.limits["strict"]
    seen = {}
    for name, n, flags in references(found, "elastic", "strict", "test_clip"):
        model = "elastic" if name == "uniform" else name
        own = found.budget(model, "test_clip").filter(n_tokens=n)
        assert flags["feasible"].mean() == pytest.approx((own["mse"] <= limit).mean())
        seen.setdefault(name, []).append(n)
    assert seen == {"fixed4": [4], "fixed16": [16], "uniform": [2, 4, 8, 12, 16]}


def test_the_share_of_tokens_is_at_most_all_of_them(found: Findings) -> None:
    most = pl.when(pl.col("block") == 0).then(15).otherwise(16).cast(pl.Int32)
    tables = {**found.tables, "coded": found.tables["coded"].with_columns(most.alias("n_tokens"))}
    rows = [r for r in saving_rows(replace(found, tables=tables)) if r["metric"] == "token_share"]
    assert rows
    assert all(r["ci_hi"] is None or r["ci_hi"] <= 1 for r in rows)
    assert {r["most"] for r in rows} == {1.0}


def test_resamples_in_which_the_search_does_not_get_there_have_no_ratio(found: Findings) -> None:
    # Every other clip is coded well, and the fixed budget reaches the other ones.
    own = coded([4] * 40, [True, False] * 20)
    made = saving(found, own, reference(own, [False, True] * 20), 8)
    assert made.value == pytest.approx(2.0)
    assert made.ci_lo is None
    assert "resamples" in str(made.reason)
    apart = own.with_columns(pl.lit("x").alias("sample_id"))
    assert saving(found, own, reference(apart, [True] * 40), 4).n == 0
