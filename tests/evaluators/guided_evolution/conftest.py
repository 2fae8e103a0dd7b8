from __future__ import annotations

from pathlib import Path

import pytest
from guided_evolution_world import params, times, write

from evaluators.guided_evolution.context import Material, View, material
from evaluators.guided_evolution.report import statistics, view
from measurand.reporting.lookup import Figures


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write(folder, times())
    return folder


@pytest.fixture(scope="session")
def known(world: Path) -> Material:
    return material(world, world / "results", params())


@pytest.fixture(scope="session")
def seen(world: Path) -> View:
    table = statistics(world, world / "results", params())
    return view(world, world / "results", table, params())


@pytest.fixture(scope="session")
def figures(seen: View) -> Figures:
    return seen.figures
