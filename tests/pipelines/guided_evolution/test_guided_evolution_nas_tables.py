from __future__ import annotations

import importlib.util
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import rankdata

from measurand import project
from measurand.errors import VerifyError
from pipelines.guided_evolution import nas_tables
from pipelines.guided_evolution.discriminator import Discriminator, Learning

FOLDER = project.find_root(Path(__file__).parent) / "data" / "sources"


@pytest.fixture(scope="module")
def wheel() -> Path:
    return nas_tables.fetch(FOLDER)


@pytest.fixture(scope="module")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package's own rules of which spellings are the same architecture."""
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(wheel) as archive:
        archive.extract("nas_bench_graph/architecture.py", folder)
    path = folder / "nas_bench_graph" / "architecture.py"
    spec = importlib.util.spec_from_file_location("nas_architecture", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.integration
def test_rows_and_extremes_are_the_published_ones(wheel: Path) -> None:
    cora = list(nas_tables.read(wheel, "cora"))
    valid = np.array([v for _, v, _ in cora])
    assert len(cora) == 26_206
    assert (valid.min().round(4), valid.max().round(4)) == (0.1567, 0.8193)
    proteins = list(nas_tables.read(wheel, "proteins"))
    assert len(proteins) == 2_021
    assert {op for program, _, _ in proteins for op in program.ops} == set(range(6))


@pytest.mark.integration
@pytest.mark.parametrize("graph", ["cora", "proteins"])
def test_every_spelling_finds_the_row_that_the_package_finds(
    graph: str, wheel: Path, package: ModuleType
) -> None:
    """Architectures in any spelling, also those that the package has to rewrite first."""
    space, rng = nas_tables.trees(graph), np.random.default_rng(0)
    found = {program.key: (valid, test) for program, valid, test in nas_tables.read(wheel, graph)}
    raw = nas_tables._rows(wheel, graph)
    asked = 0
    while asked < 2000:
        links = [int(rng.integers(0, i + 1)) for i in range(4)]
        ops = [space.ops[i] for i in rng.integers(0, len(space.ops), 4)]
        if set(ops) == {"skip"}:
            continue
        code = package.Arch(list(links), list(ops)).valid_hash()
        assert found[space.make(links, ops).key] == tuple(raw[str(code)])
        asked += 1


@pytest.mark.integration
@pytest.mark.parametrize(("shuffled", "low", "high"), [(False, 0.78, 1.0), (True, 0.42, 0.58)])
def test_the_network_knows_architectures_that_it_has_not_seen(
    shuffled: bool, low: float, high: float, wheel: Path
) -> None:
    """500 random architectures of cora are seen, 5,000 pairs of 500 others judged; five seeds."""
    rows = {p.key: (p, valid) for p, valid, _ in nas_tables.read(wheel, "cora")}
    learning = Learning(every=20, steps=8, shuffled=shuffled)
    found = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        keys = sorted(rows)
        some = [rows[keys[i]] for i in rng.choice(len(keys), 1000, replace=False)]
        network = Discriminator(learning, 10, 5, ("cora", seed))
        for at, (program, valid) in enumerate(some[:500], start=1):
            network.add(program, valid, None)
            if at % learning.every == 0:
                network.train()
        s, y = network.scores([p for p, _ in some[500:]]), np.array([v for _, v in some[500:]])
        left, right = rng.integers(0, 500, (2, 5000))
        better, apart = y[left] > y[right], y[left] != y[right]
        ranks = rankdata((s[left] - s[right])[apart])
        n = int(better[apart].sum())
        area = (ranks[better[apart]].sum() - n * (n + 1) / 2) / (n * (apart.sum() - n))
        found.append(area)
    assert low <= np.mean(found) <= high


def test_an_archive_without_the_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nas_bench_graph/light/cora.bench", b"no pickle")
    with pytest.raises(VerifyError, match="holds no table of cs"):
        list(nas_tables.read(path, "cs"))
    with pytest.raises(VerifyError, match="cora cannot be read"):
        list(nas_tables.read(path, "cora"))


def test_codes_are_digits() -> None:
    assert nas_tables.decode(11_234) == ((0, 0, 0, 1), ["gcn", "gin", "cheb", "sage"])
    assert nas_tables.decode(78) == ((0, 0, 0, 0), ["gat", "gat", "fc", "skip"])
