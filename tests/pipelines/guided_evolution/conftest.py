from __future__ import annotations

import numpy as np
import pytest
from guided_evolution_small import Chains

from pipelines.guided_evolution.expressions import grammar
from pipelines.guided_evolution.programs import Grammar, Op


@pytest.fixture(scope="session")
def formulas() -> Grammar:
    return grammar(
        ["x", "y"], ["add", "sub", "mul", "div", "sin", "cos", "exp", "log"], constants=True
    )


@pytest.fixture(scope="session")
def typed() -> Grammar:
    """Numbers and vectors: no operation takes the one for the other."""
    return Grammar(
        (
            Op("g", gives="vector"),
            Op("rate", gives="number"),
            Op("c", gives="number", constant=True),
            Op("scale", ("number", "vector"), "vector"),
            Op("plus", ("vector", "vector"), "vector", commutes=True),
            Op("norm", ("vector",), "number"),
            Op("times", ("number", "number"), "number", commutes=True),
        ),
        gives="vector",
        max_nodes=12,
        inputs=("g",),
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def chains() -> Chains:
    return Chains()
