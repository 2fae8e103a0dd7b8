from __future__ import annotations

from pathlib import Path

import pytest

from measurand.errors import InputError
from pipelines.compwob.agents import SCRIPTED
from pipelines.compwob.opening import open_agent
from pipelines.compwob.pages import Wheel


@pytest.mark.parametrize("name", SCRIPTED)
def test_scripts_are_opened_by_name(name: str, miniwob: Wheel, tmp_path: Path) -> None:
    agent = open_agent(name, miniwob, data=tmp_path, cache=tmp_path)
    assert agent.name == name
    assert len(agent.sha256) == 64


@pytest.mark.parametrize("name", ["cheat", "oracle@smollm2", "zero_shot", "trained:uniform@x", ""])
def test_other_names_are_refused_with_those_that_exist(
    name: str, miniwob: Wheel, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="text_oracle"):
        open_agent(name, miniwob, data=tmp_path, cache=tmp_path)


def test_a_model_that_was_not_trained_is_named(miniwob: Wheel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="measurand train compwob"):
        open_agent("trained:uniform:0", miniwob, data=tmp_path, cache=tmp_path)
