"""What would make each control of gates/many_shot.yaml fail, shown on rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from gate_controls import Row, controls, outcome, spoil

from evaluators.many_shot.context import Subject
from evaluators.many_shot.contrasts import contrast_rows
from evaluators.many_shot.points import point_rows
from evaluators.many_shot.quality import quality_rows
from measurand.results import RESULTS
from schemas.many_shot.tables import LEAKAGE

LINE = {"task": ["line"]}
"""The classification of the small world."""
CURVE = {"task": "line", "curve": "supervised"}
Make = Callable[[Path, Subject, bool], Iterable[Row]]


def _leak(data: Path, subject: Subject, fault: bool) -> Iterable[Row]:
    spoil(data / "dataset/leakage", LEAKAGE, lambda r: {**r, "near_duplicates": int(fault)})
    return quality_rows(subject, data, data / "results")


def _planted(data: Path, subject: Subject, fault: bool) -> Iterable[Row]:
    lost = int(fault)
    spoil(data / "dataset/leakage", LEAKAGE, lambda r: {**r, "found": r["planted"] - lost})
    return quality_rows(subject, data, data / "results")


def _long(data: Path, subject: Subject, fault: bool) -> Iterable[Row]:
    tokens = pl.lit(1_000_000 if fault else 10, pl.Int32).alias("prompt_tokens")
    return quality_rows(_with(subject, tokens), data, data / "results")


def _missing(data: Path, subject: Subject, fault: bool) -> Iterable[Row]:
    many = pl.concat([subject.responses] * 20)
    lost = pl.int_range(pl.len()) % (10 if fault else 10**6) == 3
    correct = pl.when(lost).then(None).otherwise(pl.lit(1.0)).alias("correct")
    whole = replace(subject, responses=many.with_columns(correct))
    return quality_rows(whole, data, data / "results")


def _again(data: Path, subject: Subject, fault: bool) -> Iterable[Row]:
    same = 0.0 if fault else 1.0
    items = data / "results/items"
    spoil(items, RESULTS, lambda r: r | ({"value": same} if "retest" in r["metric"] else {}))
    return quality_rows(subject, data, data / "results")


def _reliable(data: Path, subject: Subject, fault: bool) -> Iterable[Row]:
    """Questions that are hard or easy whatever the shots, or luck alone."""
    rng = np.random.default_rng(0)
    hard = rng.random(80) if not fault else np.full(80, 0.5)
    right = (
        (rng.random((12, 80)) < (hard > 0.5) * 0.9 + 0.05)
        if not fault
        else (rng.random((12, 80)) < 0.5)
    )
    return point_rows(_answered(subject, right.astype(float)))


def _answered(subject: Subject, right: np.ndarray) -> Subject:
    """Answers with six shots: rows are shot sets, columns questions of class 0 and 1 by turns."""
    rows: list[dict[str, Any]] = [
        {**CURVE, "query_id": f"q{q:02}", "seed": seed, "order": 0, "k": 6, "correct": value,
         "answer_idx": q % 2, "partial": None, "confidence": None, "mass": None, "nll": None,
         "nll_program": None, "nll_model": None}
        for seed, line in enumerate(right)
        for q, value in enumerate(line)
    ]  # fmt: skip
    floats = dict.fromkeys(
        ("correct", "partial", "confidence", "mass", "nll", "nll_program", "nll_model"), pl.Float64
    )
    return replace(subject, responses=pl.DataFrame(rows, schema_overrides=floats), baselines={})


CASES: dict[str, tuple[Make, dict[str, Any]]] = {
    "no-leak": (_leak, LINE),
    "search-finds-planted-leaks": (_planted, LINE),
    "fits-the-context": (_long, {}),
    "few-missing": (_missing, {}),
    "same-answer-again": (_again, {}),
    "reliable": (_reliable, {**CURVE, "k": 6}),
}
"""From the small world, sound or with its fault, to the statistics that the gate reads."""


def test_every_control_has_a_failing_case() -> None:
    assert set(CASES) == controls("many_shot")


@pytest.mark.parametrize("gate", sorted(CASES))
def test_a_control_fails_on_its_fault_and_never_where_all_is_well(
    tmp_path: Path, built: Path, results: Path, everyone: list[Subject], gate: str
) -> None:
    for name in ("dataset", "results"):
        shutil.copytree(built / name, tmp_path / name)
    subject = everyone[0]
    make, parts = CASES[gate]
    # Of so small a sample what is well may be undecided.
    for fault, states in ((False, {"pass", "inconclusive"}), (True, {"fail"})):
        rows = list(make(tmp_path, subject, fault))
        assert outcome("many_shot", gate, rows, subject.model, **parts) <= states


def test_a_constant_answer_is_not_above_chance(everyone: list[Subject]) -> None:
    """The best constant is right on 48 of 80; half would be no bar, and a tie is no pass."""

    def state(right: np.ndarray) -> set[str]:
        both = [
            _answered(everyone[0], right).responses.with_columns(
                k=pl.lit(k, pl.Int64), answer_idx=(pl.col("query_id") >= "q32").cast(pl.Int64)
            )
            for k in (6, 12)
        ]
        subject = replace(_answered(everyone[0], right), responses=pl.concat(both))
        rows = list(contrast_rows(subject))
        return outcome("many_shot", "above-chance", rows, subject.model, **CURVE)

    classes = np.arange(80) >= 32
    assert state(np.tile(classes, (5, 1)).astype(float)) != {"pass"}
    assert state(np.ones((5, 80))) == {"pass"}


def test_a_gain_on_a_few_questions_whatever_the_shots_is_not_learning(
    everyone: list[Subject],
) -> None:
    """Five shot sets agree, and other questions could still turn it round."""

    def state(many: np.ndarray) -> set[str]:
        both = [
            _answered(everyone[0], right).responses.with_columns(k=pl.lit(k, pl.Int64))
            for k, right in ((4, np.full((5, 12), 0.5)), (64, many))
        ]
        subject = replace(_answered(everyone[0], many), responses=pl.concat(both))
        rows = list(contrast_rows(subject))
        return outcome("many_shot", "learns-from-shots", rows, subject.model, **CURVE)

    few = np.tile([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, *([0.5] * 6)], (5, 1))
    few[0, 6] = 1.0
    assert state(few) == {"inconclusive"}
    assert state(np.full((5, 12), 0.5)) == {"inconclusive"}
    wide = np.ones((5, 12))
    wide[0, 0] = 0.5
    assert state(wide) == {"pass"}


def _with(subject: Subject, column: pl.Expr) -> Subject:
    return replace(subject, responses=subject.responses.with_columns(column))
