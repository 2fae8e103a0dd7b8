from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.driving_sim import playing
from evaluators.driving_sim.film import Drive
from measurand.errors import InputError
from pipelines.driving_sim import generator
from pipelines.driving_sim.dataset import write
from pipelines.driving_sim.drives import drive
from schemas.driving_sim.params import Build


@pytest.mark.integration
def test_a_scenario_is_taken_from_a_dataset_before_it_is_made(tmp_path: Path) -> None:
    write(Build(families=("tee",), scenarios=2, n_shards=1), tmp_path, "FnApiRunner")
    stored = playing.find("tee-1", tmp_path)
    assert tuple(stored.track[0, 10, :2]) == (0, 0)  # a stored one counts from its origin
    made = playing.find("tee-1", None)
    assert made.track[0, 10, 0] == generator.scenario("tee", 1).track[0, 10, 0]
    assert playing.find("curve-4", tmp_path).family == "curve"


@pytest.mark.parametrize("name", ["", "tee", "tee-", "loop-3", "tee-3x", "tee-99999999999"])
def test_an_unknown_scenario_is_named(name: str) -> None:
    with pytest.raises(InputError, match="no scenario") as error:
        playing.find(name, None)
    assert error.value.code == "no_scenario"


def test_an_unknown_planner_is_named() -> None:
    with pytest.raises(InputError, match="no planner 'bc'"):
        playing.who("bc", None, None, "")


def test_a_drive_is_the_one_that_is_measured(crash: Drive) -> None:
    (row,) = drive(playing.who("constant_speed", None, None, ""), "playback", [crash.scenario])
    assert {k: row[k] for k in crash.row} == dict(crash.row)
    assert crash.pose.shape[0] == 81
    said = playing.verdict(crash)
    assert said.startswith("collision at 4.6 s; 0.0 m of the recorded")
