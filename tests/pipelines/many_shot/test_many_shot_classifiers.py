from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from pipelines.many_shot import classifiers
from pipelines.many_shot.reader import Shot, Undefined


def text(row: np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in row)


def test_numbers_are_read_and_words_with_digits_are_not() -> None:
    found = classifiers.numbers("x1: -3, y: 2.50, 1e-3, n16 7, (8)")
    assert found.tolist() == [-3.0, 2.5, 0.001, 7.0, 8.0]


def test_predictions_on_text_are_those_on_arrays() -> None:
    wine = load_wine()
    x, y = wine.data, np.array(["A", "B", "C"])[wine.target]
    train, test = np.arange(0, 178, 2), np.arange(1, 178, 2)
    shots = tuple(Shot(text(x[i]), str(y[i])) for i in train)
    near = KNeighborsClassifier(5).fit(x[train], y[train]).predict(x[test])
    assert [classifiers.knn5(shots).label(text(x[i])) for i in test] == near.tolist()
    scale = StandardScaler().fit(x[train])
    fit = LogisticRegression(C=1e3, max_iter=2000).fit(scale.transform(x[train]), y[train])
    linear = fit.predict(scale.transform(x[test]))
    assert [classifiers.logreg(shots, False).label(text(x[i])) for i in test] == linear.tolist()


@pytest.mark.parametrize(
    ("shots", "why"),
    [
        ([], "0 shots"),
        ([("1, 2", "A")] * 4, "4 shots"),
        ([("1, 2", "A")] * 5, "one class"),
        ([("1, 2", "A"), ("1", "B")] * 3, "no rows"),
        ([("good", "A"), ("bad", "B")] * 3, "no rows"),
    ],
)
def test_what_cannot_be_fitted_is_undefined(shots: list[tuple[str, str]], why: str) -> None:
    with pytest.raises(Undefined, match=why):
        classifiers.knn5(tuple(Shot(*shot) for shot in shots))


def test_a_question_of_another_length_is_undefined() -> None:
    shots = tuple(Shot(f"{i}, {i}", "AB"[i % 2]) for i in range(6))
    with pytest.raises(Undefined, match="3 numbers in the question, 2 in the shots"):
        classifiers.knn5(shots).label("1, 2, 3")


def test_no_shots_fit_no_regression() -> None:
    with pytest.raises(Undefined, match="no answer"):
        classifiers.logreg((), True)
