from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import ParamsError
from pipelines.agi_levels import known, quiz, shipped
from schemas.agi_levels.norms import Items

# Shares of right answers in data set SPISA of psychotree 0.16-0, by question.
SHARES = {
    "politics_1": 0.307, "politics_2": 0.424, "history_3": 0.905, "history_5": 0.170,
    "economy_2": 0.403, "economy_9": 0.829, "culture_3": 0.505, "culture_9": 0.741,
    "science_3": 0.430, "science_9": 0.908,
}  # fmt: skip


def test_questions_and_answers_of_people_are_of_one_quiz() -> None:
    [norm] = shipped.read("students")[0]
    assert isinstance(norm, Items)
    found, source = quiz.read("students")
    assert (found.norm, found.task) == (norm.id, norm.task)
    assert [question.id for question in found.questions] == list(norm.items)
    assert found.version != norm.task_version
    assert source.sha256


def test_answers_are_those_of_the_package() -> None:
    """By the share of right answers to each question; 1,075 people."""
    [norm] = shipped.read("students")[0]
    assert isinstance(norm, Items)
    table = np.array([[int(c) for c in p] for p in norm.patterns])
    often = np.array(list(norm.patterns.values()))
    assert often.sum() == 1075
    share = dict(zip(norm.items, often @ table / 1075, strict=True))
    for item, known_share in SHARES.items():
        assert share[item] == pytest.approx(known_share, abs=5e-4)


def test_who_knows_all_and_who_guesses() -> None:
    rows = quiz.rows([quiz.read("students")[0]]).to_pylist()
    assert {quiz.right(quiz.KEY, row, 1) for row in rows} == {1.0}
    drawn = [quiz.right(known.CHANCE, row, seed) for row in rows for seed in range(30)]
    assert np.mean(drawn) == pytest.approx(0.25, abs=0.05)


def test_an_unknown_file_is_refused() -> None:
    with pytest.raises(ParamsError, match="no file riddles"):
        quiz.read("riddles")
