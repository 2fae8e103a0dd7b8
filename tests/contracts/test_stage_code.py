"""What decides a stage's rows is among the dependencies of its block in dvc.yaml."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
SYSTEMS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["systems"]
STARTS = {
    "build": "pipelines.{}.dataset",
    "train": "pipelines.{}.train",
    "evaluate": "evaluators.{}.evaluate",
}
AROUND = {
    *("attempts", "costs", "dealing", "doctor", "errors", "params", "progress", "project"),
    *("manifest", "parquet", "results", "runs", "servers", "shards", "tables"),
    *("journal", "pypi", "publishing.private", "reporting.document", "reporting.view", "subject"),
    *("stats.arrays", "stats.estimate", "stats.exact", "statistics"),
}
"""Modules of the engine that carry rows, tell, refuse or show, and decide none."""


def file_of(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Modules that a file imports; several systems stand on the same files."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if file_of(inner) else node.module


def left_out(stage: str, system: str) -> set[str]:
    """Modules that a stage's code imports, which neither dvc.yaml nor :data:`AROUND` names."""
    deps = [one.replace("${item}", system) for one in GRAPH[stage]["do"]["deps"]]
    ahead, seen, missing = [STARTS[stage].format(system)], set(), set()
    while ahead:
        name = ahead.pop()
        path = file_of(name)
        if path is None or name in seen:
            continue
        seen.add(name)
        place = path.relative_to(ROOT).as_posix()
        if any(place == dep or place.startswith(f"{dep}/") for dep in deps):
            ahead += imported(path)
        elif name.removeprefix("measurand.") not in AROUND:
            missing.add(name)
    return missing


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("stage", STARTS)
def test_a_stage_depends_on_the_code_that_decides_its_rows(stage: str, system: str) -> None:
    assert not left_out(stage, system)


def test_a_module_that_no_block_names_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    system = SYSTEMS[0]
    deps = [d for d in GRAPH["evaluate"]["do"]["deps"] if not d.startswith("schemas/")]
    monkeypatch.setitem(GRAPH["evaluate"]["do"], "deps", deps)
    assert f"schemas.{system}.params" in left_out("evaluate", system)
