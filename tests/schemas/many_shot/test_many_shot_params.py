from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from measurand.errors import ParamsError
from measurand.params import read as read_params
from schemas.many_shot.params import Curve, File, Params

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "params/presets/many_shot").glob("*.yaml"))


def tiny() -> dict[str, Any]:
    raw = yaml.safe_load((ROOT / "params/presets/many_shot/tiny.yaml").read_text())
    assert isinstance(raw, dict)
    return raw


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_presets_are_valid(path: Path) -> None:
    assert isinstance(read_params(path, Params), Params)


def test_presets_are_those_promised() -> None:
    assert [p.stem for p in PRESETS] == ["cpu", "full", "tiny"]


def test_tiny_has_curves_over_five_numbers_of_shots_and_five_seeds_on_four_tasks() -> None:
    build = read_params(ROOT / "params/presets/many_shot/tiny.yaml", Params).build
    wide = {t.id for t in build.tasks for c in t.curves if len(c.shots) >= 5 and c.seeds >= 5}
    assert len(wide) >= 4


def _set(raw: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    where: Any = raw
    for part in path[:-1]:
        where = where[part]
    where[path[-1]] = value


TASK = ("build", "tasks", 0)
CURVE = (*TASK, "curves", 0)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("build", "colour"), 1, "build.colour"),
        ((*TASK, "id"), "Film Task", "build.tasks.0.id"),
        ((*TASK, "source"), {"kind": "magic"}, "build.tasks.0.source"),
        ((*TASK, "source", "classes"), 4, "build.tasks.0.source.classes"),
        ((*TASK, "test"), 0, "build.tasks.0.test"),
        ((*CURVE, "shots"), [4, 2], "shots must ascend"),
        ((*CURVE, "shots"), [-1, 2], "shots must ascend"),
        ((*CURVE, "rationale"), "model", "reinforced regime shows rationale: model"),
        ((*CURVE, "demonstrations"), 2, "unsupervised prompts only"),
        ((*TASK, "curves", 1), {"shots": [1], "seeds": 1}, "curves: the same value twice"),
        (("build", "tasks", 1, "id"), "sentiment_film", "tasks: the same value twice"),
        (("build", "rationales"), None, "a reinforced curve needs rationales.tasks"),
        (("build", "rationales", "tasks"), ["algebra"], "no such task: algebra"),
        (("evaluate", "models", 0), {"model": "m", "tasks": ["algebra"]}, "no such task: algebra"),
        (("evaluate", "models", 0), {"model": "m", "curves": ["upward"]}, "no such curve: upward"),
    ],
)
def test_what_is_impossible_is_refused_by_name(
    tmp_path: Path, path: tuple[str | int, ...], value: object, named: str
) -> None:
    raw = tiny()
    _set(raw, path, value)
    file = tmp_path / "p.yaml"
    file.write_text(yaml.safe_dump(raw))
    with pytest.raises(ParamsError, match=named):
        read_params(file, Params)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"verifier": "regex"}, "regex and pattern belong together"),
        ({"pattern": "x"}, "regex and pattern belong together"),
        ({"verifier": "callable"}, "callable and function belong together"),
        ({"options": ["yes"]}, "two answers or more"),
        ({"options": ["yes", "no", "yes"]}, "options: the same value twice"),
        ({"tolerance": -1}, "tolerance"),
    ],
)
def test_a_file_task_says_how_it_is_judged(changes: dict[str, Any], named: str) -> None:
    good = {"kind": "file", "path": "a.csv", "question": "q", "answer": "a"}
    assert File.model_validate(good).verifier == "exact"
    with pytest.raises(ValueError, match=named):
        File.model_validate(good | changes)


def test_the_name_of_a_curve_says_what_differs_from_the_plain_one() -> None:
    names = {t.id: [c.name for c in t.curves] for t in read_params(PRESETS[-1], Params).build.tasks}
    assert names["sentiment_film"] == [
        "supervised",
        "supervised-flipped",
        "supervised-abstract",
        "unsupervised",
    ]
    assert names["arithmetic"][1:3] == ["supervised-program", "reinforced"]
    repeated = Curve(shots=(25, 250), seeds=2, distinct=25)
    assert repeated.name == "supervised-distinct25"
