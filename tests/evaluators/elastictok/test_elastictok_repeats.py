from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest

from evaluators.elastictok.context import Findings
from evaluators.elastictok.curves import curve_rows
from evaluators.elastictok.repeats import block_alpha
from evaluators.elastictok.savings import saving_rows

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
    alpha = block_alpha(found, blocks(table), "x")
    assert alpha.value == pytest.approx(pingouin.cronbach_alpha(pd.DataFrame(table))[0])
    assert (alpha.n, alpha.n_clusters) == (60, 30)
    assert alpha.ci_lo < alpha.value < alpha.ci_hi


def test_blocks_of_other_sequences_say_nothing(found: Findings) -> None:
    alike = np.stack([OWN, OWN + RNG.normal(0, 0.1, 60)], axis=1)
    assert block_alpha(found, blocks(alike), "x").value > 0.98
    shuffled = [
        block_alpha(
            found, blocks(np.stack([alike[:, 0], RNG.permutation(alike[:, 1])], axis=1)), "x"
        ).value
        for _ in range(50)
    ]
    # One alpha of 60 unrelated pairs spreads by .26.
    assert abs(np.mean(shuffled)) < 0.15


def test_one_block_or_no_variation_leaves_it_undefined(found: Findings) -> None:
    alone = block_alpha(found, blocks(OWN[:, None]), "x")
    assert (alone.value, alone.reason) == (None, "fewer than two sequences, or one block each")
    flat = block_alpha(found, blocks(np.ones((10, 2))), "x")
    assert (flat.value, flat.reason) == (None, "2 of 2 items never vary")


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
