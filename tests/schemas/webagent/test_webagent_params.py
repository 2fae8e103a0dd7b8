from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from measurand import params
from schemas.webagent.params import (
    EVAL_RECORDS,
    HELD_OUT_THEMES,
    TRAIN_RECORDS,
    TRAIN_THEMES,
    Agent,
    Build,
    Evaluate,
    Params,
)

PRESETS = sorted((Path(__file__).parents[3] / "params/presets/webagent").glob("*.yaml"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_presets_compare_a_pretrained_planner_with_one_from_scratch(path: Path) -> None:
    found = params.read(path, Params)
    assert found.train is not None
    assert found.train.planners == ("tuned", "scratch")
    names = {agent.planner for agent in found.evaluate.agents}
    assert {"oracle", "random", "trained:tuned", "trained:scratch", None} == names


def test_what_is_held_out_is_never_trained_on() -> None:
    assert HELD_OUT_THEMES
    assert not set(TRAIN_THEMES) & set(HELD_OUT_THEMES)
    assert not set(TRAIN_RECORDS) & set(EVAL_RECORDS)


def test_the_same_agent_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="agents: the same value twice"):
        Evaluate(agents=(Agent(name="oracle"), Agent(name="oracle", summariser=False)))


def test_who_has_no_planner_is_pointed_at_nothing() -> None:
    assert Agent(name="alone", planner=None, summariser=False).plans
    for odd in ({"summariser": True}, {"summariser": False, "shuffled": True}):
        with pytest.raises(ValidationError, match="nobody points or plans"):
            Agent(name="odd", planner=None, **odd)


def test_a_site_twice_and_an_unknown_site_are_refused() -> None:
    with pytest.raises(ValidationError, match="the same value twice"):
        Build(sites=("map", "map"))
    with pytest.raises(ValidationError, match="sites"):
        Build.model_validate({"sites": ["shop"]})


def test_programs_are_refused_without_a_sandbox_unless_it_is_said() -> None:
    assert Params().evaluate.without_sandbox is False
