from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest

from evaluators.elastictok.context import Findings, with_alpha
from evaluators.elastictok.curves import curve_rows
from evaluators.elastictok.savings import saving_rows
from measurand.stats.estimate import Estimate

RNG = np.random.default_rng(7)
OWN = RNG.normal(size=60)


def blocks(table: np.ndarray) -> pl.DataFrame:
    """(sequences, blocks) scores as rows; two sequences a clip."""
    n, k = table.shape
    return pl.DataFrame(
        {
            "sample_id": np.repeat([f"{i:03d}" for i in range(n)], k),
            "block": np.tile(np.arange(k), n),
            "clip_id": np.repeat([f"c{i // 2}" for i in range(n)], k),
            "x": table.ravel(),
        }
    ).sample(fraction=1.0, shuffle=True, seed=1)


def test_it_is_the_alpha_of_pingouin(found: Findings) -> None:
    table = OWN[:, None] + RNG.normal(0, 0.7, (60, 3)) + [0.0, 1.0, 2.0]
    _, row = with_alpha(found, "m", "x", {}, blocks(table), "x", Estimate(0.0))
    assert row["estimate"] == pytest.approx(pingouin.cronbach_alpha(pd.DataFrame(table))[0])
    assert (row["n"], row["n_clusters"]) == (60, 30)
    assert row["ci_lo"] < row["estimate"] < row["ci_hi"]


def test_scores_bear_the_alpha_of_their_own_blocks(found: Findings) -> None:
    made = [*curve_rows(found), *saving_rows(found)]
    rows = {(r["model"], r["metric"], r["slice"]): r for r in made}
    at = found.budget("elastic", "test_clip").filter(n_tokens=8).sort("sample_id", "block")
    table = pd.DataFrame(at["mse"].to_numpy().reshape(-1, 2))
    expected = pingouin.cronbach_alpha(table)[0]
    row = rows["elastic", "mse", "n=8,split=test_clip"]
    assert row["reliability"] == pytest.approx(expected)
    alpha = rows["elastic", "block_alpha", "n=8,of=mse,split=test_clip"]
    assert alpha["estimate"] == row["reliability"]
    assert rows["elastic", "gain", "split=test_clip"]["reliability"] is None
    for metric in ("tokens", "token_share", "feasible"):
        where = "split=test_clip,threshold=strict"
        alpha = rows["elastic", "block_alpha", f"of={metric},{where}"]
        assert rows["elastic", metric, where]["reliability"] == alpha["estimate"]
