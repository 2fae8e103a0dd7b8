from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from guided_evolution_small import Chains

from pipelines.guided_evolution.evaluations import Evaluations
from pipelines.guided_evolution.population import Counts, Exhausted, Population, fate
from pipelines.guided_evolution.programs import Grammar, Op
from pipelines.guided_evolution.spaces import Graphs, failed


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


def test_nothing_is_drawn_twice(population: Population) -> None:
    counts = Counts()
    seen = set(population.known)
    for _ in range(300):
        child = population.plain(counts)
        assert child.program.key not in seen
        seen.add(child.program.key)
        outcome, _ = population.measure(child)
        population.join(child.program, fate(outcome))
    assert counts.duplicates > 0
    assert counts.invalid > 0
    assert counts.proposals == 300 + counts.duplicates + counts.invalid


def test_a_program_that_computes_the_same_takes_the_value_over(
    population: Population, chains: Chains
) -> None:
    before, taken = chains.calls, 0
    for _ in range(200):
        child = population.plain(Counts())
        outcome, known = population.measure(child)
        population.join(child.program, fate(outcome))
        taken += known
        assert outcome == chains.measure(child.program)
        chains.calls -= 1
    assert taken > 0
    assert chains.calls - before == 200 - taken


def test_a_parent_is_the_best_of_a_tournament(population: Population) -> None:
    ranks = sorted((m.fitness for m in population.members), reverse=True)
    drawn = [population.parent(Counts()).fitness for _ in range(2000)]
    best = np.mean([f == ranks[0] for f in drawn])
    # Of 20, five are drawn: the best is among them in a quarter of tournaments.
    held = sum(f == ranks[0] for f in ranks)
    wanted = 1 - np.prod([(15 - i) / (20 - i) for i in range(held)])
    assert abs(best - wanted) < 0.04


def test_the_oldest_goes(population: Population) -> None:
    oldest = population.members[0]
    population.join(population.plain(Counts()).program, 0.5)
    assert len(population.members) == 20
    assert oldest not in population.members


def test_a_space_that_is_used_up_says_so(tmp_path: Path) -> None:
    chains = Chains()
    chains.space = Graphs(Grammar((Op("x"), Op("f", ("real",))), max_nodes=3))
    with Evaluations(chains, tmp_path) as paid:
        made = Population(chains, paid, np.random.default_rng(0), 5, 2)
        for _ in range(3):
            made.measure(made.random(Counts()))
        with pytest.raises(Exhausted):
            made.random(Counts())


def test_children_of_one_parent_differ_where_asked(population: Population) -> None:
    parent = max(population.members, key=lambda member: len(member.program.ops))
    also: set[bytes] = set()
    while (child := population.change(parent.program, parent, Counts(), "op", also)) is not None:
        assert child.mutation.startswith("op+")
        assert child.program.key not in also
        also.add(child.program.key)
    assert len(also) > 5


def test_a_failure_is_worse_than_any_value() -> None:
    assert fate(failed("x")) < -1e300
