"""A gate of a system, put to statistics that were made from rows with a known fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import yaml

from measurand import runs, shards
from measurand.gates import run_gates
from measurand.manifest import read_manifest
from measurand.parquet import write_shard
from measurand.results import STATISTICS
from measurand.statistics import statistics_table
from measurand.tables import Table

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]


def controls(system: str, of: str = "instrument") -> set[str]:
    """Gates of a system that ask about its instrument, or about what was measured."""
    content = yaml.safe_load((ROOT / "gates" / f"{system}.yaml").read_text(encoding="utf-8"))
    return {gate["id"] for gate in content["gates"] if gate["of"] == of}


def outcome(
    system: str, gate: str, rows: Iterable[Row] | pa.Table, model: str, **parts: Any
) -> set[str]:
    """States of one gate of ``gates/S.yaml``, for one model.

    The small worlds of the tests have other names and fewer rows than a run: ``parts`` replace
    values of the gate's slice, and no least sample is asked for.
    """
    table = rows if isinstance(rows, pa.Table) else statistics_table(list(rows))
    content = yaml.safe_load((ROOT / "gates" / f"{system}.yaml").read_text(encoding="utf-8"))
    [asked] = [one for one in content["gates"] if one["id"] == gate]
    asked.pop("models", None)
    asked |= {"min_n": 0, "min_clusters": 0, "slice": {**asked["slice"], **parts}}
    content |= {"gates": [asked], "models": [model]}
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "gates.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        write_shard(STATISTICS, table, folder / "statistics.parquet")
        (folder / "results").mkdir()
        verdict = run_gates(
            folder / "gates.yaml",
            root=folder,
            results=folder / "results",
            statistics=folder / "statistics.parquet",
        )
    assert verdict.problem is None, verdict.problem
    errors = [one.sentence for one in verdict.gates if one.state == "error"]
    assert not errors, errors
    return {one.state for one in verdict.gates}


def spoil(folder: Path, spec: Table, change: Callable[[Row], Row]) -> None:
    """Write a dataset again, each row changed."""
    found = [change(row) for row in spec.conform(shards.read_table(folder)).to_pylist()]
    known = read_manifest(folder)
    for path in folder.iterdir():
        path.unlink()
    table = runs.table(spec, found)
    shards.write_dataset(folder, spec, table, parents=known.parents, params=known.params)
