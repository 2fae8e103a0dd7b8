"""The tables of NAS-Bench-Graph: what every architecture of four layers reaches on nine graphs.

They lie as pickles in the wheel of ``nas-bench-graph`` 1.4.0 (Apache-2.0; Qin et al. 2022). The
wheel is fetched by its hash and never installed; its pickles are read once, each in a process of
its own that makes numbers alone. Its times are of another machine and are not read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from measurand import pypi
from measurand.errors import VerifyError
from measurand.manifest import Source
from pipelines.guided_evolution import unpickle
from pipelines.guided_evolution.architectures import LINKS, OPS, OPS_OF_PROTEINS, Trees
from pipelines.guided_evolution.programs import Program

PACKAGE, VERSION = "nas-bench-graph", "1.4.0"
FILE = "nas_bench_graph-1.4.0-py3-none-any.whl"
SHA256 = "f6ea43836262f1ee8d60c35bbbd20aa2536ee1f8492025e3b0b90096f5afc6ad"
SOURCE = Source(
    "Qin et al. 2022, NAS-Bench-Graph",
    f"https://pypi.org/project/{PACKAGE}/",
    "Apache-2.0",
    SHA256,
)
GRAPHS = (
    "arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "proteins", "pubmed",
)  # fmt: skip


def fetch(folder: Path) -> Path:
    """The wheel, from ``folder`` where it lies there already.

    Raises:
        InfraError: it cannot be fetched.
        VerifyError: it is not the one expected.
    """
    return pypi.fetch(PACKAGE, VERSION, FILE, SHA256, folder)


def trees(graph: str) -> Trees:
    """The architectures that the table of a graph has."""
    return Trees(OPS_OF_PROTEINS if graph == "proteins" else OPS)


def read(wheel: Path, graph: str) -> Iterator[tuple[Program, float, float]]:
    """Architectures with validation and test accuracy, in the table's order.

    Raises:
        VerifyError: the wheel has no such table, its pickle holds something else than numbers, or
            two rows are the same architecture.
    """
    space = trees(graph)
    seen: set[bytes] = set()
    for code, (valid, test) in _rows(wheel, graph).items():
        program = space.make(*decode(int(code)))
        if program.key in seen:
            raise VerifyError(f"{graph}: code {code} is an architecture that stands twice")
        seen.add(program.key)
        yield program, valid, test


def decode(code: int) -> tuple[tuple[int, ...], list[str]]:
    """Links and operations behind a row's code: decimal digits, those of the four nodes last.

    Operations count in the list of all nine in every table, that of proteins too.
    """
    shape, digits = divmod(code, 10_000)
    return LINKS[shape], [OPS[int(digit)] for digit in f"{digits:04d}"]


def _rows(wheel: Path, graph: str) -> dict[str, list[float]]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(f"nas_bench_graph/light/{graph}.bench")
    except (KeyError, zipfile.BadZipFile) as error:
        raise VerifyError(f"{wheel.name} holds no table of {graph}: {error}") from error
    done = subprocess.run(
        [sys.executable, "-I", str(Path(unpickle.__file__).resolve())],
        input=data, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise VerifyError(f"the table of {graph} cannot be read: {' '.join(why)}")
    rows: dict[str, list[float]] = json.loads(done.stdout)
    return rows
