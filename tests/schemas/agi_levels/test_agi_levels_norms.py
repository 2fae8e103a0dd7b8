from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from measurand import params
from measurand.errors import ParamsError
from schemas.agi_levels.norms import NormFile, TaskFile

GROUP = {"name": "adults", "definition": "adults who read", "reference": "skilled"}
SHARED = {"id": "n", "task": "t", "group": GROUP, "source": "s", "licence": "CC0-1.0"}


def read(tmp_path: Path, *norms: dict[str, Any]) -> NormFile:
    path = tmp_path / "norms.yaml"
    path.write_text(yaml.safe_dump({"norms": list(norms)}), encoding="utf-8")
    return params.read(path, NormFile)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "raw", "counts": {}}, "counts"),
        ({"kind": "raw", "counts": {5.0: 0}}, "at least one of them above 0"),
        ({"kind": "raw", "counts": {5.0: -1, 6.0: 3}}, "numbers of people"),
        ({"kind": "moments", "mean": 1, "sd": -0.1, "n": 20}, "sd"),
        ({"kind": "moments", "mean": 1, "sd": 0.1, "n": 1}, "n"),
        ({"kind": "table", "rows": {1: 50, 2: 40}}, "per cent rise"),
        ({"kind": "table", "rows": {1: 50, 2: 140}}, "0..100"),
        ({"kind": "items", "items": ["a", "b"], "patterns": {"011": 3}}, "pattern '011'"),
        ({"kind": "items", "items": ["a", "a"], "patterns": {"01": 3}}, "same item twice"),
        ({"kind": "items", "items": ["a", "b"], "patterns": {"01": 0}}, "above 0"),
        ({"kind": "time", "minutes": {"a": 0}}, "minutes"),
        ({"kind": "guess"}, "kind"),
        ({"kind": "moments", "mean": 1, "sd": 1, "n": 9, "reliability": 1.5}, "reliability"),
    ],
)
def test_faults_are_named(tmp_path: Path, fault: dict[str, Any], words: str) -> None:
    with pytest.raises(ParamsError, match="norms") as caught:
        read(tmp_path, {**SHARED, **fault})
    assert words in str(caught.value)


def test_norms_stand_once(tmp_path: Path) -> None:
    one = {**SHARED, "kind": "mean_only", "mean": 0.5}
    with pytest.raises(ParamsError, match="n stands twice"):
        read(tmp_path, one, one)
    with pytest.raises(ParamsError, match="two of one task, version, group and kind"):
        read(tmp_path, one, {**one, "id": "m"})
    other = {**one, "id": "m", "group": {**GROUP, "name": "others"}}
    assert len(read(tmp_path, one, other).norms) == 2


def test_tasks_stand_once_and_have_known_families(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yaml"
    for tasks, words in (
        ([{"id": "a"}, {"id": "a"}], "a stands twice"),
        ([{"id": "a", "families": ["charm"]}], "families"),
    ):
        path.write_text(yaml.safe_dump({"tasks": tasks}), encoding="utf-8")
        with pytest.raises(ParamsError, match=words):
            params.read(path, TaskFile)
