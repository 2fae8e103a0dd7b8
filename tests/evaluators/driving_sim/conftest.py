from __future__ import annotations

from pathlib import Path

import driving_sim_small as small
import pyarrow as pa
import pytest

from evaluators.driving_sim import playing
from evaluators.driving_sim.film import Drive
from evaluators.driving_sim.report import statistics, view
from measurand.reporting.view import View
from pipelines.driving_sim import generator
from schemas.driving_sim.params import Params


@pytest.fixture(scope="session")
def crash() -> Drive:
    """A car that stands at a light that turns green, and is hit from behind."""
    driver = playing.who("constant_speed", None, None, "")
    return playing.play(generator.scenario("cross", 3), driver, "playback", 0)


@pytest.fixture(scope="session")
def params() -> Params:
    return small.params()


@pytest.fixture(scope="session")
def results(params: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write(tmp_path_factory.mktemp("driving_results"), params)


@pytest.fixture(scope="session")
def table(results: Path, params: Params) -> pa.Table:
    return statistics(results, results, params)


@pytest.fixture(scope="session")
def seen(results: Path, params: Params, table: pa.Table) -> View:
    return view(results, results, table, params)
