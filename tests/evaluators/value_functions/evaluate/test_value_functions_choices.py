from __future__ import annotations

import numpy as np
import pytest

from evaluators.value_functions.evaluate.choices import log_loss, places, regret, tau, top

TRUE = np.array([0.1, 0.9, 0.5, 0.9])


def test_places_are_rows_of_an_item() -> None:
    found = {name: rows.tolist() for name, rows in places(np.array(["b", "a", "b"]))}
    assert found == {"a": [1], "b": [0, 2]}


def test_regret_and_top_move() -> None:
    assert regret(np.array([0, 1, 0, 0.0]), TRUE) == 0
    assert regret(np.array([1, 0, 0, 0.0]), TRUE) == pytest.approx(0.8)
    assert top(np.array([0, 0, 0, 1.0]), TRUE) == 1
    constant = np.full(4, 0.3)
    assert regret(constant, TRUE) == pytest.approx(0.9 - TRUE.mean())
    assert top(constant, TRUE) == 0.5


def test_order_is_undefined_where_all_are_alike() -> None:
    assert tau(np.full(4, 0.3), TRUE) is None
    assert tau(TRUE, np.full(4, 0.3)) is None
    assert tau(TRUE[:1], TRUE[:1]) is None
    assert tau(TRUE, TRUE) == pytest.approx(1)
    assert tau(-TRUE, TRUE) == pytest.approx(-1)
    # Ties of tau-b: 5 pairs of 6 are ordered by both.
    assert tau(np.array([1, 4, 2, 3.0]), TRUE) == pytest.approx(5 / np.sqrt(6 * 5))


def test_log_loss_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import log_loss as theirs

    said, true = np.array([0.2, 0.9, 0.6]), np.array([0.0, 1.0, 1.0])
    assert log_loss(said, true) == pytest.approx(theirs(true, said))
    assert log_loss(np.array([1.7]), np.array([0.0])) == pytest.approx(-np.log(0.001))
