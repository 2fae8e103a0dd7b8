from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from measurand.errors import ParamsError
from measurand.params import read as read_params
from pipelines.soft_labels.labels import VARIANTS
from pipelines.soft_labels.losses import METHODS
from schemas.soft_labels.params import Method, PairSet, Params, Run

ROOT = Path(__file__).parents[3]
PRESETS = sorted((ROOT / "params/presets/soft_labels").glob("*.yaml"))


def tiny() -> dict[str, Any]:
    raw = yaml.safe_load((ROOT / "params/presets/soft_labels/tiny.yaml").read_text())
    assert isinstance(raw, dict)
    return raw


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_presets_are_valid(path: Path) -> None:
    assert isinstance(read_params(path, Params), Params)


def test_tiny_repeats_dpo_and_gdpo_over_three_seeds() -> None:
    runs = read_params(ROOT / "params/presets/soft_labels/tiny.yaml", Params).train.runs
    thrice = {run.method for run in runs if run.seeds >= 3 and run.set == "film"}
    assert thrice == {"dpo", "gdpo"}


def test_full_holds_every_loss_three_times() -> None:
    runs = read_params(ROOT / "params/presets/soft_labels/full.yaml", Params).train.runs
    assert {run.method for run in runs if run.seeds >= 3} == set(METHODS)


def test_methods_and_variants_are_those_of_the_pipeline() -> None:
    assert get_args(Method) == METHODS
    assert get_args(PairSet.model_fields["variant"].annotation) == tuple(VARIANTS)


def test_repeats_have_names() -> None:
    run = Run(id="a", method="dpo", set="film", seeds=2, steps=1)
    assert run.names() == ["a-s0", "a-s1"]


def _set(raw: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    where: Any = raw
    for part in path[:-1]:
        where = where[part]
    where[path[-1]] = value


RUN, JUDGE = ("train", "runs", 0), ("build", "judges", 0)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ((*RUN, "set"), "nowhere", "no such set: nowhere"),
        ((*RUN, "labels"), "nobody", "no such labels: nobody"),
        ((*RUN, "labels"), "smollm2", "does not judge its training pairs"),
        ((*RUN, "id"), "reference", "cannot be called reference"),
        ((*RUN, "id"), "film_gdpo", "same value twice"),
        ((*RUN, "beta"), 0, "greater than 0"),
        ((*JUDGE, "sets"), ["nowhere"], "no such set: nowhere"),
        ((*JUDGE, "wordings"), {"a": "{first}"}, "{second} once"),
        ((*JUDGE, "wordings"), {"a": "{first}{first}{second}"}, "{first} once"),
        ((*JUDGE, "answers"), [" A", " A"], "same value twice"),
        (("evaluate", "judges"), ["nobody"], "no such judge: nobody"),
        (("build", "sets", 1, "id"), "film", "same value twice"),
        (
            ("build", "sets", 0, "source"),
            {"kind": "file", "path": "a.csv", "first": "a", "second": "b", "label": 1.5},
            "a number for all rows",
        ),
        (("train", "unknown"), 1, "unknown"),
        (("evaluate", "bandit"), {"steps": [5, 1]}, "must ascend"),
        (("evaluate", "bandit"), {"methods": ["dpo", "dpo"]}, "same value twice"),
    ],
)
def test_wrong_parameters_are_named(
    tmp_path: Path, path: tuple[str | int, ...], value: object, named: str
) -> None:
    raw = tiny()
    _set(raw, path, value)
    file = tmp_path / "p.yaml"
    file.write_text(yaml.safe_dump(raw))
    with pytest.raises(ParamsError) as error:
        read_params(file, Params)
    assert named in str(error.value)


def test_set_by_name() -> None:
    build = read_params(ROOT / "params/presets/soft_labels/tiny.yaml", Params).build
    assert build.set("known").source.kind == "known"
