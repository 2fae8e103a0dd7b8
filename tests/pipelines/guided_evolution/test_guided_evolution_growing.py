from __future__ import annotations

import numpy as np
import pytest

from measurand.errors import InputError
from pipelines.guided_evolution.growing import constant, pick, random_program
from pipelines.guided_evolution.programs import Grammar, Op, fault


def _depth(args: tuple[tuple[int, ...], ...]) -> int:
    depths: list[int] = []
    for mine in args:
        depths.append(1 + max((depths[a] for a in mine), default=-1))
    return depths[-1]


@pytest.mark.parametrize("name", ["formulas", "typed"])
def test_random_programs_keep_to_the_grammar_and_use_all_of_it(
    name: str, request: pytest.FixtureRequest, rng: np.random.Generator
) -> None:
    space: Grammar = request.getfixturevalue(name)
    some = [random_program(space, rng, depth=4) for _ in range(500)]
    assert all(fault(space, p) is None for p in some)
    assert max(_depth(p.args) for p in some) <= 4
    assert {op for p in some for op in p.ops} == set(range(len(space.ops)))
    assert len({p.key for p in some}) > 50


def test_the_same_generator_gives_the_same_programs(formulas: Grammar) -> None:
    one, two = (
        [random_program(formulas, rng) for _ in range(50)]
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    assert one == two


def test_constants_are_log_uniform_in_their_range(formulas: Grammar) -> None:
    rng = np.random.default_rng(0)
    some = np.array([constant(formulas, rng) for _ in range(4000)])
    low, high = formulas.constants
    assert abs((some < 0).mean() - 0.5) < 0.04
    place = np.log(np.abs(some) / low) / np.log(high / low)
    assert 0 <= place.min() < 0.01 < 0.99 < place.max() <= 1
    assert abs(place.mean() - 0.5) < 0.02


def test_picks_are_even(rng: np.random.Generator) -> None:
    counts = np.bincount([pick(rng, 4) for _ in range(8000)])
    assert len(counts) == 4
    assert np.abs(counts - 2000).max() < 200


def test_limits_that_no_program_keeps_are_named(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="raise max_nodes"):
        random_program(Grammar((Op("x"), Op("f", ("real",))), max_nodes=0), rng)
