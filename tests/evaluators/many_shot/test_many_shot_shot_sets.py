from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest

from evaluators.many_shot.context import Subject, over_shot_sets

PARTS = {"task": "line", "k": "4"}


def values(table: np.ndarray) -> pl.DataFrame:
    """Questions x shot sets as the rows that are repeated; NaN is left out."""
    return pl.DataFrame(
        [
            {"query_id": f"q{q:03d}", "seed": seed, "value": float(value)}
            for q, line in enumerate(table)
            for seed, value in enumerate(line)
            if not np.isnan(value)
        ]
    )


def made(rng: np.random.Generator, questions: int, shot_sets: int, noise: float) -> np.ndarray:
    found: np.ndarray = rng.normal(size=(questions, 1)) + noise * rng.normal(
        size=(questions, shot_sets)
    )
    return found


def rows(subject: Subject, table: np.ndarray) -> dict[str, dict[str, Any]]:
    frame = values(table)
    figures = {"nll": over_shot_sets(frame), "nll_crossed": over_shot_sets(frame)}
    return {row["metric"]: row for row in subject.with_alpha(PARTS, frame, figures)}


def test_reliability_is_pingouins_alpha_of_questions_over_shot_sets(
    everyone: list[Subject],
) -> None:
    table = made(np.random.default_rng(0), 12, 3, 0.7)
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame(table))
    found = rows(everyone[0], table)
    assert found["nll"]["reliability"] == pytest.approx(expected, abs=1e-9)
    assert found["nll_crossed"]["reliability"] == found["nll"]["reliability"]
    beside = found["seed_alpha"]
    assert beside["slice"] == "k=4,of=nll,task=line"
    assert beside["estimate"] == found["nll"]["reliability"]
    assert beside["ci_lo"] < beside["estimate"] < beside["ci_hi"]


def test_one_prompt_is_no_repeat(everyone: list[Subject]) -> None:
    found = rows(everyone[0], np.array([[0.1], [0.4], [0.2]]))
    assert set(found) == {"nll", "nll_crossed"}
    assert found["nll"]["reliability"] is None
    one = everyone[0].alpha(PARTS, values(np.ones((3, 1))))
    assert (one.value, one.reason) == (None, "fewer than two shot sets or questions")
