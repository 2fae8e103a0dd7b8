from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from guided_evolution_small import Chains

from pipelines.guided_evolution.choosing import Kind, Rule, choose
from pipelines.guided_evolution.evaluations import Evaluations
from pipelines.guided_evolution.population import Counts, Member, Population
from pipelines.guided_evolution.programs import Program


class Says:
    """A judge that says what it is told, and keeps what it was asked."""

    def __init__(self, *answers: float) -> None:
        self.answers, self.asked = list(answers), []

    def better(self, programs: Sequence[Program], than: Member) -> np.ndarray:
        self.asked.append(([p.key for p in programs], than))
        first = self.answers.pop(0) if self.answers else 0.0
        return np.array([0.0] * (len(programs) - 1) + [first])


@pytest.fixture
def population(chains: Chains, tmp_path: Path) -> Iterator[Population]:
    with Evaluations(chains, tmp_path) as paid:
        made = Population(chains, paid, np.random.default_rng(0), 20, 5)
        while len(made.members) < 20:
            child = made.random(Counts())
            outcome, _ = made.measure(child)
            if outcome.fitness is not None:
                made.join(child.program, outcome.fitness)
        yield made


def _rule(kind: Kind, **more: float) -> Rule:
    return Rule(kind, **({"children": 4, "rounds": 3, "explore": 0.0} | more))  # type: ignore[arg-type]


def test_without_a_judge_it_is_plain_evolution(population: Population) -> None:
    for kind in ("evolution", "best_of", "pam", "pam_rt"):
        assert choose(_rule(kind), population, None, Counts()).how == "plain"
    assert choose(_rule("random"), population, None, Counts()).how == "random"


def test_the_best_of_some_is_taken_whatever_its_chance(population: Population) -> None:
    judge = Says(0.2)
    found = choose(_rule("best_of"), population, judge, Counts())
    assert (found.how, found.p) == ("judged", 0.2)
    [(keys, than)] = judge.asked
    assert len(set(keys)) == 4
    assert found.child.program.key == keys[-1]
    assert found.child.parent == than


def test_pam_rt_draws_another_parent_until_a_child_is_preferred(population: Population) -> None:
    judge, counts = Says(0.1, 0.4, 0.7), Counts()
    found = choose(_rule("pam_rt"), population, judge, counts)
    assert (found.how, found.p) == ("judged", 0.7)
    assert counts.tournaments == 3
    assert found.child.parent == judge.asked[-1][1]
    assert "+" not in found.child.mutation


def test_pam_changes_the_best_child_again(population: Population) -> None:
    judge, counts = Says(0.1, 0.4, 0.7), Counts()
    found = choose(_rule("pam"), population, judge, counts)
    assert counts.tournaments == 1
    assert len({than.program.key for _, than in judge.asked}) == 1
    assert found.child.mutation.count("+") == 2


def test_where_nothing_is_preferred_a_plain_child_is_measured(population: Population) -> None:
    judge = Says(0.1, 0.2, 0.5, 0.9)
    found = choose(_rule("pam_rt"), population, judge, Counts())
    assert (found.how, found.p, found.reason) == ("plain", None, "none_preferred")
    assert len(judge.asked) == 3


def test_a_share_of_steps_is_plain_in_any_case(population: Population) -> None:
    how = [
        choose(_rule("pam_rt", explore=0.3), population, Says(0.9), Counts()) for _ in range(500)
    ]
    plain = [one for one in how if one.reason == "explore"]
    assert 0.24 < len(plain) / len(how) < 0.36
    assert all(one.how == "plain" for one in plain)
