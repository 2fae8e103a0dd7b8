from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from measurand.errors import ParamsError
from measurand.params import read as read_params
from schemas.compwob.params import EVAL_SEED, Params

ROOT = Path(__file__).parents[3]


PRESETS = sorted((ROOT / "params/presets/compwob").glob("*.yaml"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_presets_are_valid_and_play_every_control(path: Path) -> None:
    agents = {run.agent for run in read_params(path, Params).evaluate.agents}
    assert {"oracle", "random", "forward_only"} <= agents


def test_presets_are_the_four_promised() -> None:
    assert [p.stem for p in PRESETS] == ["cpu", "full", "llm", "tiny"]


def test_mixtures_of_every_preset_draw_the_same_number_of_episodes() -> None:
    for path in PRESETS:
        found = read_params(path, Params)
        if found.train is not None and "natural" in found.train.mixtures:
            assert len(found.train.mixtures) == 3
            assert found.train.seeds == 3


def _load(tmp_path: Path, raw: dict[str, Any]) -> Params:
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(raw))
    return read_params(path, Params)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"build": {"colour": 1}}, "build.colour"),
        ({"build": {"tasks": ["click-cloud"]}}, "click-cloud"),
        ({"build": {"episodes_of": {"click-cloud": 3}}}, "click-cloud"),
        ({"build": {"first_seed": EVAL_SEED - 5}}, "seeds below"),
        ({"evaluate": {"first_seed": 5}}, "evaluate.first_seed"),
        ({"evaluate": {"extra_compositions": [["click-link"]]}}, "two base tasks"),
        ({"evaluate": {"extra_compositions": [["click-link", "no-task"]]}}, "no-task"),
        ({"evaluate": {"agents": [{"agent": "oracle"}, {"agent": "oracle"}]}}, "twice"),
        ({"evaluate": {"agents": [{"agent": "trained:uniform:0"}]}}, "no such model"),
        ({"train": {"width": 50, "heads": 4}}, "multiple"),
        ({"train": {"mixtures": ["uniform", "uniform"]}}, "twice"),
    ],
)
def test_every_bad_key_is_named(tmp_path: Path, raw: dict[str, Any], named: str) -> None:
    with pytest.raises(ParamsError, match=named):
        _load(tmp_path, raw)


def test_a_composition_of_ones_own_is_one_line(tmp_path: Path) -> None:
    own = ["click-link", "enter-date", "search-engine"]
    found = _load(tmp_path, {"evaluate": {"extra_compositions": [own]}})
    assert found.evaluate.extra_compositions == (tuple(own),)


def test_seeds_of_demonstrations_and_of_evaluation_never_meet() -> None:
    params = Params()
    last = params.build.first_seed + max(params.build.counts.values())
    assert last <= params.evaluate.first_seed


def test_counts_can_be_set_for_single_tasks(tmp_path: Path) -> None:
    build = {"tasks": ["click-link", "click-button"], "episodes": 3}
    found = _load(tmp_path, {"build": {**build, "episodes_of": {"click-link": 9}}})
    assert found.build.counts == {"click-link": 9, "click-button": 3}
