from __future__ import annotations

import numpy as np

from pipelines.guided_evolution.programs import Grammar, fault
from pipelines.guided_evolution.spaces import Graphs, failed


def test_the_space_of_a_grammar_draws_changes_and_writes_its_programs(typed: Grammar) -> None:
    space, rng = Graphs(typed, 3), np.random.default_rng(0)
    assert space.max_nodes == 12
    assert space.names[:2] == ("g", "rate")
    for _ in range(100):
        parent = space.random(rng)
        found = space.mutate(parent, rng)
        assert found is not None
        assert fault(typed, found[0]) is None
        assert space.text(found[0]) != space.text(parent) or found[1] == "constant"


def test_a_failed_evaluation_has_no_fitness() -> None:
    assert (failed("why").fitness, failed("why").status) == (None, "failed")
