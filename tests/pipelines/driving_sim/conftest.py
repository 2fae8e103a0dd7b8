from __future__ import annotations

import pytest

from pipelines.driving_sim import generator, worlds
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.world import World
from schemas.driving_sim.params import FAMILIES


@pytest.fixture(scope="session")
def scenarios() -> list[Scenario]:
    """Three of each family."""
    return [generator.scenario(family, seed) for seed in range(3) for family in FAMILIES]


@pytest.fixture(scope="session")
def world(scenarios: list[Scenario]) -> World:
    return worlds.world(scenarios)


@pytest.fixture(scope="session")
def ids(scenarios: list[Scenario]) -> list[str]:
    return [s.scenario_id for s in scenarios]
