from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import webagent_planners
import webagent_small as small

from evaluators.webagent import report
from evaluators.webagent.evaluate.context import Found, View, found_in
from evaluators.webagent.evaluate.failing import Walks
from schemas.webagent.params import Params


@pytest.fixture(scope="session")
def params() -> Params:
    return small.params()


@pytest.fixture(scope="session")
def results(params: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write(tmp_path_factory.mktemp("webagent_results"), params)


@pytest.fixture(scope="session")
def found(results: Path, params: Params) -> Found:
    return found_in(results, params)


@pytest.fixture(scope="session")
def walks(found: Found) -> Walks:
    return Walks(found)


@pytest.fixture(scope="session")
def table(results: Path, params: Params) -> pa.Table:
    return report.statistics(results, results, params)


@pytest.fixture(scope="session")
def seen(results: Path, params: Params, table: pa.Table) -> View:
    return report.view(results, results, table, params)


@pytest.fixture(scope="session")
def planners(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Params]:
    """A folder with ``dataset`` and ``checkpoint``, and their parameters."""
    folder = tmp_path_factory.mktemp("webagent_planners")
    return folder, webagent_planners.made(folder)
