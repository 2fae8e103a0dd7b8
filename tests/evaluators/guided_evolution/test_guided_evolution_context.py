from __future__ import annotations

import pytest
from guided_evolution_world import BUDGET, SEEDS, times

from evaluators.guided_evolution.context import Material, mean_of


def test_evaluations_to_a_target_are_those_of_the_searches(known: Material) -> None:
    for method, wanted in times().items():
        found = known.reached("physics", method, "top")
        assert found["evaluations"].to_list() == list(wanted)
        assert found["budget"].to_list() == [BUDGET] * SEEDS


def test_every_task_has_every_method_and_its_levels(known: Material) -> None:
    pairs = [(task.id, method.id) for task, method in known.methods()]
    assert len(pairs) == 18
    assert known.levels("cora") == [("top", 0.9)]
    assert known.levels("none") == []
    assert known.model == "evolution"
    assert known.replaced("pam").model == "pam"


def test_means_stay_in_their_range() -> None:
    found = mean_of([0.0, 1.0, 1.0], low=0, high=1)
    assert found.value == pytest.approx(2 / 3)
    assert 0 <= (found.ci_lo or -1) < (found.ci_hi or 2) <= 1
