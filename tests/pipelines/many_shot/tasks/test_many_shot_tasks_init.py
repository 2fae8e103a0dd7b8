from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from pipelines.many_shot import tasks
from schemas.many_shot.params import Source, Task

SOURCES: list[dict[str, Any]] = [
    {"kind": "linear", "features": 4, "seed": 0},
    {"kind": "parity", "bits": 8},
    {"kind": "arithmetic", "terms": 3, "digits": 1},
    {"kind": "planning", "domain": "blocksworld", "objects": 3},
    {"kind": "sentiment", "corpus": "film", "classes": 2, "bound": 1.0},
    {"kind": "tabular", "name": "wine"},
    {"kind": "reasoning_gym", "generator": "chain_sum"},
    {"kind": "file", "path": "t.jsonl", "question": "q", "answer": "a"},
]
GENERATED = ("linear", "parity", "arithmetic", "tabular", "reasoning_gym")


def task(source: dict[str, Any], train: int = 10, test: int = 4) -> Task:
    curves = [{"shots": [0], "seeds": 1}]
    return Task.model_validate(
        {"id": "t", "source": source, "train": train, "dev": 2, "test": test, "curves": curves}
    )


def test_every_kind_of_the_schema_has_a_module() -> None:
    kinds = {get_args(s.model_fields["kind"].annotation)[0] for s in _kinds()}
    assert kinds == {source["kind"] for source in SOURCES} == set(tasks._MODULES)


def _kinds() -> tuple[Any, ...]:
    union, _ = get_args(Source)
    return get_args(union)


@pytest.mark.parametrize("source", [s for s in SOURCES if s["kind"] in GENERATED])
def test_sources_give_enough_distinct_examples_under_distinct_keys(source: dict[str, Any]) -> None:
    drawn = tasks.examples(task(source), 0, Path())
    assert len({e.input for e in drawn.examples}) >= 16
    assert len({e.key for e in drawn.examples}) == len(drawn.examples)
    assert all(e.target in (e.options or (e.target,)) for e in drawn.examples)


def test_wanted_leaves_a_tenth_and_at_least_eight_to_spare() -> None:
    assert tasks.wanted(task(SOURCES[1], 10, 4)) == 24
    assert tasks.wanted(task(SOURCES[1], 900, 98)) == 1100


@pytest.mark.integration
def test_importing_the_package_loads_no_source() -> None:
    code = (
        "import sys, pipelines.many_shot.tasks, pipelines.many_shot.verifiers;"
        "heavy = {'sklearn', 'torch', 'unified_planning', 'reasoning_gym', 'datasketch'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout.strip() == "[]"
