from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from measurand.errors import ParamsError
from measurand.params import read as read_params
from schemas.elastictok.params import Params

ROOT = Path(__file__).parents[3]
TINY: dict[str, Any] = yaml.safe_load(
    (ROOT / "params/presets/elastictok/tiny.yaml").read_text(encoding="utf-8")
)


def changed(path: str, value: Any) -> dict[str, Any]:
    raw = copy.deepcopy(TINY)
    *way, last = path.split(".")
    at = raw
    for key in way:
        at = at[key]
    at[last] = value
    return raw


@pytest.mark.parametrize("preset", sorted((ROOT / "params/presets/elastictok").glob("*.yaml")))
def test_presets_are_valid(preset: Path) -> None:
    params = read_params(preset, Params)
    assert params.elastic.name == "elastic"
    assert params.slots >= 16


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("build.sources", [], "at least 1"),
        ("build.sources", [{"kind": "tape"}], "kind"),
        ("build.size", 30, "must divide"),
        ("build.validation_share", 0.8, "no clips to train on"),
        ("build.sources", [{"kind": "moving", "clips": 1, "frames": 9, "objects": [3, 1]}],
         "fewest and most"),
        ("train.min_tokens", 65, "above K"),
        ("train.models", [{"name": "a", "tokens": 8}], "must be elastic"),
        ("train.models", [{"name": "a"}, {"name": "a", "tokens": 8}], "a name twice"),
        ("train.models", [{"name": "jpeg"}], "reserved"),
        ("train.models", [{"name": "a"}, {"name": "b", "tokens": 65}], "more tokens than K"),
        ("train.network.width", 90, "twice the heads"),
        ("train.bottleneck", {"kind": "fsq", "levels": [1, 8]}, "2 or more"),
        ("evaluate.models", ["nobody"], "no such model"),
        ("evaluate.budgets", [1.0, 0.5], "must ascend"),
        ("evaluate.searches", ["full"], "binary"),
        ("evaluate.surprise", 1, "Extra inputs"),
    ],
)  # fmt: skip
def test_impossible_parameters_are_refused(path: str, value: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Params.model_validate(changed(path, value))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="no such parameter file"):
        read_params(tmp_path / "x.yaml", Params)
