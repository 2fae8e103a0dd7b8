from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from many_shot_rows import answered

from evaluators.many_shot.context import Subject
from evaluators.many_shot.contrasts import contrast_rows, few_shot
from measurand.stats.crossed import crossed_mean
from measurand.stats.weighted_t import in_range


@pytest.fixture(scope="module")
def subject(everyone: list[Subject]) -> Subject:
    """A reader that gets some questions right and others wrong, taken as a model."""
    [found] = [s for s in everyone if s.model == "oracle:knn5"]
    return replace(found, model="m")


def rows_of(subject: Subject) -> dict[tuple[str, str], dict[str, Any]]:
    return {(r["metric"], r["slice"]): r for r in contrast_rows(subject)}


def invented(
    subject: Subject, right: dict[int, list[list[float]]], answer: tuple[int | None, ...] = ()
) -> Subject:
    """Answers by number of shots: rows are shot sets, columns questions with their right class."""
    rows = [
        {"task": "line", "curve": "supervised", "query_id": f"q{q}", "seed": seed, "order": 0,
         "k": k, "answer_idx": answer[q] if answer else None, "correct": value,
         "nll": 1.0 - value, "nll_program": None, "nll_model": None}
        for k, table in right.items()
        for seed, line in enumerate(table)
        for q, value in enumerate(line)
    ]  # fmt: skip
    types = {
        "correct": pl.Float64,
        "answer_idx": pl.Int16,
        "nll_program": pl.Float64,
        "nll_model": pl.Float64,
    }
    return replace(subject, responses=pl.DataFrame(rows, schema_overrides=types), baselines={})


def test_the_nearest_number_of_shots_is_the_few_shot_point() -> None:
    assert few_shot([0, 2, 8], 4) == 2
    assert few_shot([0, 4, 16], 4) == 4
    assert few_shot([2, 6], 4) == 2
    assert few_shot([16], 4) == 16


def test_gains_equal_the_paired_difference_by_hand(subject: Subject) -> None:
    rows = rows_of(subject)
    answers = subject.curve("line", "supervised")
    wide = {
        k: answers.filter(k=k).sort("query_id", "seed")["correct"].to_numpy() for k in (6, 12, 24)
    }
    for k in (12, 24):
        row = rows["gain_crossed", f"curve=supervised,k={k},over=6,task=line"]
        difference = wide[k] - wide[6]
        assert row["estimate"] == pytest.approx(difference.mean())
        questions, sets = np.indices((len(difference) // 3, 3)).reshape(2, -1)
        wanted = in_range(
            crossed_mean(difference, sets, questions), difference, questions, low=-1.0
        )
        assert (row["ci_lo"], row["ci_hi"]) == (wanted.ci_lo, wanted.ci_hi)
        assert row["n_clusters"] == 3
    assert not any(slice_ == "curve=supervised,k=6,over=6,task=line" for _, slice_ in rows)


def test_the_advantage_over_itself_is_nothing_and_over_the_solver_what_is_wrong(
    subject: Subject,
) -> None:
    rows = rows_of(subject)
    accuracy = subject.curve("line", "supervised").filter(k=12)["correct"].mean()
    itself = rows["advantage", "curve=supervised,k=12,over=oracle:knn5,task=line"]
    assert itself["estimate"] == 0
    solver = rows["advantage", "curve=supervised,k=12,over=oracle:solver,task=line"]
    assert solver["estimate"] == pytest.approx(accuracy - 1)  # type: ignore[operator]


def test_oracles_are_not_compared_with_oracles(everyone: list[Subject]) -> None:
    assert not any(metric == "advantage" for metric, _ in rows_of(everyone[1]))


def test_other_curves_are_compared_with_the_plain_one(everyone: list[Subject]) -> None:
    [majority] = [s for s in everyone if s.model == "oracle:majority"]
    rows = rows_of(majority)
    row = rows["against_supervised", "curve=supervised-flipped,k=6,task=line"]
    plain, flipped = (
        majority.curve("line", curve).filter(k=6)["correct"].mean()
        for curve in ("supervised", "supervised-flipped")
    )
    assert row["estimate"] == pytest.approx(flipped - plain)  # type: ignore[operator]


def test_the_best_number_of_shots_is_chosen_on_other_questions(subject: Subject) -> None:
    """Pure luck: each K is right on its own half alone, so choosing must not be rewarded."""
    luck = {2: [[1.0, 0.0] * 4] * 3, 4: [[0.0, 1.0] * 4] * 3}
    rows = rows_of(invented(subject, luck))
    assert rows["best_k_accuracy", "curve=supervised,task=line"]["estimate"] == 0
    halves = [rows["best_k", f"curve=supervised,half={h},task=line"]["estimate"] for h in (1, 2)]
    assert halves == [2, 4]
    skill = {2: [[0.0] * 8] * 3, 4: [[1.0] * 6 + [0.0] * 2] * 3}
    best = rows_of(invented(subject, skill))["best_k_accuracy", "curve=supervised,task=line"]
    assert best["estimate"] == pytest.approx(0.75)


def test_a_prompt_without_shots_may_be_the_best_one(subject: Subject) -> None:
    right = {0: [[1.0, 1.0, 1.0, 0.0]], 4: [[0.0] * 4] * 3}
    row = rows_of(invented(subject, right))["best_k_accuracy", "curve=supervised,task=line"]
    assert row["estimate"] == pytest.approx(0.75)
    assert row["n_clusters"] == 3


def test_the_bar_of_chance_is_the_best_constant_answer(subject: Subject) -> None:
    """Six of eight questions have class 1: whoever always says it is right on .75, not on .5."""
    classes = (1, 1, 0, 1, 1, 0, 1, 1)
    at = "curve=supervised,task=line"

    def above(line: list[float]) -> dict[str, Any]:
        given = {k: [line] * 3 for k in (2, 4)}
        return rows_of(invented(subject, given, classes))["above_constant", at]

    itself = [float(c == 1) for c in classes]
    assert above(itself)["estimate"] == 0
    assert above([1.0 - x for x in itself])["estimate"] == pytest.approx(-0.5)
    assert above([1.0] * 8)["estimate"] == pytest.approx(0.25)
    # A coin's luck of .625 lies above .5 and below the bar.
    assert above([1.0] * 5 + [0.0] * 3)["estimate"] == pytest.approx(-0.125)
    free = rows_of(invented(subject, {k: [itself] * 3 for k in (2, 4)}))
    assert ("above_constant", at) not in free


def test_likelihood_and_accuracy_are_correlated_over_points(subject: Subject) -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    right = {k: (rng.random((6, 8)) < share).astype(float).tolist() for k, share in
             ((1, 0.2), (2, 0.5), (4, 0.8))}  # fmt: skip
    made = invented(subject, right)
    rows = rows_of(made)
    row = rows["nll_accuracy_rho", "curve=supervised,of=nll,task=line"]
    points = made.responses.group_by("k", "seed").agg(
        pl.col("correct").mean(), pl.col("nll").mean()
    )
    assert row["estimate"] == pytest.approx(spearmanr(points["correct"], points["nll"]).statistic)
    assert row["estimate"] == pytest.approx(-1)  # nll is 1 - correct here
    assert ("nll_accuracy_rho", "curve=supervised,of=nll_model,task=line") not in rows


def test_the_reliability_of_a_gain_is_that_of_the_differences(subject: Subject) -> None:
    import pandas as pd
    import pingouin

    rng = np.random.default_rng(2)
    few, many = (rng.random((3, 8)) for _ in range(2))
    rows = rows_of(invented(subject, {4: few.tolist(), 16: many.tolist()}))
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame((many - few).T))
    row = rows["gain_crossed", "curve=supervised,k=16,over=4,task=line"]
    assert row["reliability"] == pytest.approx(expected, abs=1e-9)
    beside = rows["seed_alpha", "curve=supervised,k=16,of=gain_crossed,over=4,task=line"]
    assert beside["estimate"] == row["reliability"]


def test_the_reliability_at_the_best_number_of_shots(subject: Subject) -> None:
    import pandas as pd
    import pingouin

    rng = np.random.default_rng(3)
    skill = rng.random((3, 8))
    at = "curve=supervised,task=line"
    row = rows_of(invented(subject, {2: (skill / 9).tolist(), 4: skill.tolist()}))
    expected, _ = pingouin.cronbach_alpha(pd.DataFrame(skill.T))
    assert row["best_k_accuracy", at]["reliability"] == pytest.approx(expected, abs=1e-9)
    without = {0: [[1.0, 0.9] * 4], 4: (skill / 9).tolist()}
    assert rows_of(invented(subject, without))["best_k_accuracy", at]["reliability"] is None


def _best_of(right: dict[int, list[float]]) -> dict[tuple[str, str], dict[str, Any]]:
    rows = [
        {"query_id": f"q{q}", "seed": seed, "k": k, "correct": value}
        for k, line in right.items()
        for seed in (0, 1)
        for q, value in enumerate(line)
    ]
    return rows_of(answered(rows))


def test_of_equally_good_numbers_of_shots_the_fewest_are_the_best() -> None:
    rows = _best_of({8: [1.0, 0.0, 1.0, 1.0], 2: [1.0, 0.0, 1.0, 1.0], 4: [0.0] * 4})
    halves = [rows["best_k", f"curve=supervised,half={h},task=line"]["estimate"] for h in (1, 2)]
    assert halves == [2, 2]


def test_one_question_or_one_number_of_shots_has_no_best() -> None:
    alone = _best_of({2: [1.0], 4: [0.0]})["best_k_accuracy", "curve=supervised,task=line"]
    assert (alone["estimate"], alone["reason"]) == (None, "fewer than two questions")
    assert not any(metric.startswith("best_k") for metric, _ in _best_of({2: [1.0, 0.0]}))
    two = _best_of({2: [1.0, 0.0], 4: [0.0, 1.0]})["best_k_accuracy", "curve=supervised,task=line"]
    assert two["estimate"] == 0


def test_likelihoods_need_three_numbers_of_shots_and_shot_sets_are_clusters() -> None:
    rng = np.random.default_rng(4)

    def found(shots: tuple[int, ...], seeds: int) -> dict[tuple[str, str], dict[str, Any]]:
        return rows_of(answered([
            {"query_id": f"q{q}", "seed": s, "k": k, "correct": float(rng.random() < 0.5),
             "nll": rng.random()}
            for q in range(4) for s in range(seeds) for k in shots
        ]))  # fmt: skip

    at = ("nll_accuracy_rho", "curve=supervised,of=nll,task=line")
    assert at not in found((1, 2), 6)
    assert (found((1, 2, 4), 6)[at]["n"], found((1, 2, 4), 6)[at]["n_clusters"]) == (18, 6)
    assert found((1, 2, 4), 1)[at]["n_clusters"] in (None, 3)


def test_another_curve_and_a_baseline_are_met_at_their_own_point() -> None:
    """Plain answers are right with 2 shots and wrong with 4; of the other curve half are right."""
    curves = ("supervised", "flipped")
    plain = {2: 1.0, 4: 0.0}
    rows = [
        {"query_id": f"q{q}", "k": k, "curve": curve,
         "correct": right if curve == "supervised" else float(q < 2)}
        for curve in curves
        for k, right in plain.items()
        for q in range(4)
    ]  # fmt: skip
    made = answered(rows, curves=curves)
    always = made.responses.with_columns(
        pl.when(curve="flipped").then(1.0).otherwise(pl.col("correct")).alias("correct")
    )
    found = rows_of(replace(made, baselines={"oracle:always": always}))
    for k, right in plain.items():
        against = found["against_supervised", f"curve=flipped,k={k},task=line"]
        assert (against["estimate"], against["n"]) == (0.5 - right, 4)
        for curve, wanted in (("supervised", 0.0), ("flipped", -0.5)):
            over = f"curve={curve},k={k},over=oracle:always,task=line"
            assert (found["advantage", over]["estimate"], found["advantage", over]["n"]) == (
                wanted,
                4,
            )
