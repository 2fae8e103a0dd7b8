from __future__ import annotations

import pytest
from many_shot_rows import answered

from evaluators.many_shot.bias import bias_rows, word
from evaluators.many_shot.context import Subject


@pytest.mark.integration
def test_a_majority_reader_says_one_word_and_the_solver_errs_nowhere(
    everyone: list[Subject],
) -> None:
    by_name = {s.model: s for s in everyone}
    solver = list(bias_rows(by_name["oracle:solver"]))
    assert solver
    assert {r["estimate"] for r in solver} == {0.0}
    majority = by_name["oracle:majority"]
    rows = {(r["metric"], r["slice"]): r for r in bias_rows(majority)}
    at = "k=6,task=line"
    answers = majority.curve("line", "supervised").filter(k=6)
    said = answers["prediction"].unique().to_list()
    assert len(said) == 1
    right = (answers["answer_idx"] == said[0]).mean()
    row = rows["label_bias", f"class={said[0]},curve=supervised,{at}"]
    assert row["estimate"] == pytest.approx(1 - right)  # type: ignore[operator]
    largest = rows["max_label_bias", f"curve=supervised,{at}"]
    assert largest["estimate"] == pytest.approx(abs(row["estimate"]))


def test_biases_of_all_words_add_up_to_nothing(everyone: list[Subject]) -> None:
    for subject in everyone:
        sums: dict[str, float] = {}
        for row in bias_rows(subject):
            if row["metric"] == "label_bias":
                _, _, point = row["slice"].partition(",")
                sums[point] = sums.get(point, 0.0) + row["estimate"]
        assert all(total == pytest.approx(0) for total in sums.values())


def test_a_class_has_the_word_of_its_label_map(everyone: list[Subject]) -> None:
    subject = everyone[0]
    assert [word(subject, "line", "supervised", i) for i in (0, 1)] == ["A", "B"]
    assert [word(subject, "line", "supervised-flipped", i) for i in (0, 1)] == ["B", "A"]


def test_the_largest_bias_may_be_of_the_word_that_is_never_said() -> None:
    # Right: A three times, B once, C once. Said: never A, B twice, C three times.
    right, said = (0, 0, 0, 1, 2), (1, 1, 2, 2, 2)
    rows = [
        {"query_id": f"q{i}", "prediction": p, "answer_idx": a}
        for i, (p, a) in enumerate(zip(said, right, strict=True))
    ]
    rows.append({"query_id": "lost", "prediction": None, "answer_idx": 0})
    found = {(r["metric"], r["slice"]): r for r in bias_rows(answered(rows))}
    at = "curve=supervised,k=2,task=line"
    biases = [found["label_bias", f"class={i},{at}"]["estimate"] for i in range(3)]
    assert biases == pytest.approx([-0.6, 0.2, 0.4])
    largest = found["max_label_bias", at]
    assert (largest["estimate"], largest["n"]) == (pytest.approx(0.6), 5)


@pytest.mark.parametrize(("words", "told"), [(1, False), (2, True), (10, True), (11, False)])
def test_two_to_ten_words_have_a_table(words: int, told: bool) -> None:
    rows = [{"query_id": "q", "prediction": 0, "answer_idx": 0}]
    subject = answered(rows, tuple(f"w{i}" for i in range(words)))
    assert bool(list(bias_rows(subject))) == told
