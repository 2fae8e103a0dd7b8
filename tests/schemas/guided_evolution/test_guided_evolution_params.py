from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from schemas.guided_evolution.params import GATE_SEED, MOST_TUNED, TUNE_SEED, Params

GIVEN = yaml.safe_load(
    """
    build:
      tasks: [{id: one, source: {kind: formula, name: nguyen1}, budget: 10, seeds: 2}]
      methods: [{id: evolution, kind: evolution}, {id: guided, kind: pam_rt}]
    train: null
    """
)


def _with(**build: Any) -> Params:
    return Params.model_validate(GIVEN | {"build": GIVEN["build"] | build})


def test_the_baseline_searches_for_every_task() -> None:
    task = GIVEN["build"]["tasks"][0] | {"methods": ["guided"]}
    build = _with(tasks=[task]).build
    assert [m.id for m in build.methods_of(build.tasks[0])] == ["evolution", "guided"]
    assert build.baseline.id == "evolution"


def test_seeds_that_tune_never_count() -> None:
    assert TUNE_SEED + MOST_TUNED <= GATE_SEED
    with pytest.raises(ValidationError, match="sweep"):
        _with(tasks=[GIVEN["build"]["tasks"][0] | {"sweep": MOST_TUNED + 1}])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        ({"methods": [{"id": "a", "kind": "random"}]}, "the baseline"),
        ({"methods": [{"id": "a", "kind": "pam", "judge": "oracle"}]}, "an oracle needs one"),
        ({"methods": [{"id": "a", "kind": "pam", "accuracy": 0.5}]}, "accuracy belongs"),
        ({"methods": [{"id": "a", "kind": "evolution"}] * 2}, "same value twice"),
        ({"populations": []}, "give numbers above 0"),
        ({"tasks": [GIVEN["build"]["tasks"][0] | {"methods": ["x"]}]}, "no such method: x"),
        ({"network": {"hidden": 30}}, "multiple of 4"),
        ({"tasks": [{"id": "a", "source": {"kind": "rl_loss", "steps": 3}}]}, "equal to 4"),
        ({"tasks": [{"id": "a", "source": {"kind": "rl_loss", "rate": 0}}]}, "greater than 0"),
    ],
)
def test_what_does_not_fit_is_refused(build: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _with(**build)


@pytest.mark.parametrize("source", [{"kind": "digits"}, {"kind": "table", "file": "mine.csv"}])
def test_a_table_is_not_named_like_a_data_set_that_is_searched_too(source: dict[str, Any]) -> None:
    table = {"id": "cora", "source": source, "budget": 10, "seeds": 2}
    graph = table | {"id": "graphs", "source": {"kind": "architecture", "graph": "cora"}}
    with pytest.raises(ValidationError, match="task cora: another task searches the data set cora"):
        _with(tasks=[table, graph])
    assert len(_with(tasks=[table | {"id": "mine"}, graph]).build.tasks) == 2
    other = graph | {"source": {"kind": "architecture", "graph": "physics"}}
    assert len(_with(tasks=[table, other]).build.tasks) == 2


def test_only_judged_methods_with_a_network_learn() -> None:
    methods = _with(
        methods=[
            {"id": "e", "kind": "evolution"},
            {"id": "p", "kind": "pam"},
            {"id": "o", "kind": "pam", "judge": "oracle", "accuracy": 1},
        ]
    ).build.methods
    assert [m.learns for m in methods] == [False, True, False]


def test_presets_are_whole() -> None:
    root = Path(__file__).parents[3]
    for path in (root / "params/presets/guided_evolution").glob("*.yaml"):
        Params.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
