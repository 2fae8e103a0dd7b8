from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from compwob_handmade import params, write

from evaluators.compwob.context import subjects
from evaluators.compwob.quality import reference_rows
from measurand import runs, shards
from measurand.subject import measured
from schemas.compwob.tables import EPISODES


def test_agents_come_in_the_order_of_the_parameters(tmp_path: Path) -> None:
    agents = {"zero_shot@m": lambda s: True, "oracle": lambda s: True, "random": lambda s: False}
    given = params(agents, seeds=2)
    found = subjects(write(tmp_path, given, agents), given)
    assert [s.agent for s in found] == list(agents)
    assert [s.agent for s in measured(found)] == ["zero_shot@m"]
    assert measured(found[1:]) == found[1:]
    assert found[0].episodes["bad_references"].to_list() == [[]] * len(found[0].episodes)
    assert found[0].of("single")["success"].to_list() == [1.0] * len(found[0].of("single"))


def test_results_without_bad_references_can_still_be_reported(tmp_path: Path) -> None:
    agents = {"zero_shot@m": lambda s: s.seed % 2 == 0}
    given = params(agents, seeds=2)
    results = write(tmp_path, given, agents)
    old = dataclasses.replace(
        EPISODES, columns=tuple(c for c in EPISODES.columns if c.name != "bad_references")
    )
    rows = shards.read_table(results / "episodes").drop_columns(["bad_references"])
    shutil.rmtree(results / "episodes")
    shards.write_dataset(results / "episodes", old, rows)
    (found,) = subjects(results, given)
    (row,) = reference_rows(found)
    assert (row["estimate"], row["reason"]) == (None, "an older run, which did not look")


def test_episodes_without_a_result_are_left_out_and_counted(tmp_path: Path) -> None:
    agents = {"oracle": lambda s: True, "random": lambda s: False}
    given = params(agents, seeds=2)
    results = write(tmp_path, given, agents)
    rows = shards.read_table(results / "episodes").to_pylist()
    mine = [row for row in rows if row["agent"] == "random"]
    lost = {row["episode_id"] for row in mine[:3]}
    for row in rows:
        if row["episode_id"] in lost:
            row |= {"success": None, "status": "infra_error", "reason": "the browser failed"}
    shutil.rmtree(results / "episodes")
    shards.write_dataset(results / "episodes", EPISODES, runs.table(EPISODES, rows))
    first, second = subjects(results, given)
    assert (first.lost, second.lost) == (0, 3)
    assert len(second.episodes) == len(mine) - 3
