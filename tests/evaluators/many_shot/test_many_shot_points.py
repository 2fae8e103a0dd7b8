from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from many_shot_rows import answered

from evaluators.many_shot.context import Subject
from evaluators.many_shot.points import SHARES, point_rows


def rows_of(subject: Subject) -> dict[tuple[str, str], dict[str, Any]]:
    return {(r["metric"], r["slice"]): r for r in point_rows(subject)}


def test_accuracy_is_the_share_of_right_answers(everyone: list[Subject]) -> None:
    for subject in everyone:
        found = rows_of(subject)
        for task, curve, answers in subject.curves():
            for (k,), some in answers.group_by("k"):
                row = found["accuracy", f"curve={curve},k={k},task={task}"]
                right = some["correct"].drop_nulls()
                if len(right):
                    assert row["estimate"] == pytest.approx(right.mean())
                else:
                    assert row["estimate"] is None
                    assert row["reason"] == "no rows"


def test_the_solver_is_right_everywhere_and_the_majority_at_chance(everyone: list[Subject]) -> None:
    by_name = {s.model: rows_of(s) for s in everyone}
    solver = [r for (m, _), r in by_name["oracle:solver"].items() if m == "accuracy"]
    assert {r["estimate"] for r in solver} == {1.0}
    assert all(r["ci_lo"] < 1 for r in solver)
    majority = by_name["oracle:majority"]["accuracy", "curve=supervised,k=6,task=line"]
    [subject] = [s for s in everyone if s.model == "oracle:majority"]
    answers = subject.curve("line", "supervised").filter(k=6)
    share = answers.unique("query_id").select((pl.col("answer_idx") == 0).mean()).item()
    assert majority["estimate"] in (pytest.approx(share), pytest.approx(1 - share))


def test_alpha_equals_pingouin(everyone: list[Subject]) -> None:
    import pingouin

    [subject] = [s for s in everyone if s.model == "oracle:knn5"]
    found = rows_of(subject)
    checked = 0
    for k in (6, 12, 24):
        at = f"curve=supervised,k={k},task=line"
        row = found["seed_alpha", at]
        assert found["accuracy", at]["reliability"] == row["estimate"]
        if row["estimate"] is not None:
            answers = subject.curve("line", "supervised").filter(k=k)
            wide = answers.pivot(on="seed", index="query_id", values="correct").drop("query_id")
            expected, _ = pingouin.cronbach_alpha(wide.to_pandas())
            assert row["estimate"] == pytest.approx(expected, abs=1e-9)
            checked += 1
    assert checked


def test_shares_of_variance_add_up_or_say_why_not(everyone: list[Subject]) -> None:
    for subject in everyone:
        parts: dict[str, list[dict[str, Any]]] = {}
        for (metric, slice_), row in rows_of(subject).items():
            if metric == "variance_share":
                parts.setdefault(slice_.rpartition(",source=")[0], []).append(row)
        for rows in parts.values():
            shares = [row["estimate"] for row in rows]
            if None in shares:
                assert shares == [None] * 3
                assert all(row["reason"] for row in rows)
            else:
                assert sum(shares) == pytest.approx(1)


def test_the_range_over_orders_is_reported_where_there_are_orders(everyone: list[Subject]) -> None:
    found = rows_of(everyone[1])
    ranges = {slice_ for metric, slice_ in found if metric == "order_range"}
    assert ranges == {"curve=supervised,k=1,task=sums", "curve=supervised,k=2,task=sums"}
    assert found["order_range", "curve=supervised,k=2,task=sums"]["estimate"] == 0


def test_intervals_of_shares_stay_between_0_and_1(everyone: list[Subject]) -> None:
    rows = [r for s in everyone for r in point_rows(s) if r["metric"] in SHARES]
    assert {r["metric"] for r in rows} >= {"confidence", "mass"}
    known = [r for r in rows if r["ci_lo"] is not None]
    assert known
    assert all(-1e-9 <= r["ci_lo"] <= r["ci_hi"] <= 1 + 1e-9 for r in known)


def test_the_range_over_orders_is_the_best_minus_the_worst_of_the_same_shots() -> None:
    # Orders of the first shot set: three, two and one of four right; of the second two and two.
    right = {(0, 0): 3, (0, 1): 2, (0, 2): 1, (1, 0): 2, (1, 1): 2}
    rows = [
        {"query_id": f"q{q}", "seed": seed, "order": order, "correct": float(q < many)}
        for (seed, order), many in right.items()
        for q in range(4)
    ]
    found = rows_of(answered(rows))["order_range", "curve=supervised,k=2,task=line"]
    assert found["estimate"] == pytest.approx((0.5 + 0) / 2)
    assert found["n"] == 2


@pytest.mark.parametrize("source", ["question", "shot_set"])
def test_variance_is_told_of_what_it_comes_from(source: str) -> None:
    rows = [
        {"query_id": f"q{q}", "seed": s, "correct": float((q if source == "question" else s) % 2)}
        for q in range(6)
        for s in range(4)
    ]
    found = rows_of(answered(rows))
    at = "curve=supervised,k=2,source={},task=line"
    shares = {n: found["variance_share", at.format(n)] for n in ("question", "shot_set", "rest")}
    for name, row in shares.items():
        assert row["estimate"] == pytest.approx(float(name == source), abs=1e-12)
        assert row["n"] == 24


def test_a_question_without_an_answer_is_in_no_share_of_the_variance() -> None:
    rows = [
        {"query_id": f"q{q}", "seed": s, "correct": None if (q, s) == (0, 0) else float(q % 2)}
        for q in range(5)
        for s in range(3)
    ]
    found = rows_of(answered(rows))
    row = found["variance_share", "curve=supervised,k=2,source=question,task=line"]
    assert (row["estimate"], row["n"]) == (pytest.approx(1.0), 12)


def test_intervals_of_measures_end_where_their_values_do() -> None:
    rows = [
        {"query_id": f"q{q}", "seed": s, "correct": 1.0, "mass": x, "nll": 10 * x}
        for s in range(2)
        for q, x in enumerate((0.0, 0.01 + s / 50, 0.9 * s))
    ]
    found = rows_of(answered(rows))
    at = "curve=supervised,k=2,task=line"
    assert 0 <= found["mass", at]["ci_lo"] < found["mass", at]["ci_hi"] <= 1
    assert found["nll", at]["ci_lo"] == 0
    assert found["nll", at]["ci_hi"] > 1
