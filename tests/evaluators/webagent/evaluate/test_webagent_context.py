from __future__ import annotations

from pathlib import Path

import webagent_small as small

from evaluators.webagent.evaluate.context import Found, Subject, found_in
from measurand import runs, shards
from schemas.webagent.params import Agent, Evaluate, Params
from schemas.webagent.tables import EPISODES, RUNS, STEPS


def test_agents_come_in_the_order_of_the_parameters(found: Found) -> None:
    assert [one.agent for one in found.everyone] == [one.name for one in small.AGENTS]
    assert {one.agent for one in found.everyone if one.is_control} == {
        "oracle", "random", "shuffled",
    }  # fmt: skip
    oracle, random = found.planned_by("oracle"), found.planned_by("random")
    assert oracle is not None
    assert random is not None
    assert (oracle.agent, random.agent) == ("oracle", "random")


def test_an_instruction_is_the_same_for_all_agents_and_seeds(found: Found) -> None:
    ids = [set(one.every["instruction_id"].to_list()) for one in found.everyone]
    assert all(one == ids[0] for one in ids)
    assert "map|map-t3|13" in ids[0]
    assert len(ids[0]) == 3 * small.EACH


def test_rules_of_which_a_half_is_taken_away_are_measured(found: Found) -> None:
    given = Params(evaluate=Evaluate(agents=(Agent(name="oracle", summariser=False),)))
    one = found.everyone[0]
    cut = Subject(one.system, "oracle", 1, 100, one.every, one.steps, given)
    assert one.is_control
    assert not cut.is_control


def test_agents_have_their_own_episodes_and_steps_in_one_order_however_they_are_written(
    tmp_path: Path,
) -> None:
    given = small.params(seeds=2)
    where = [(site, k, seed) for site in ("map", "forum") for k in range(2) for seed in (2, 10)]
    every = [small.episode(agent, *at) for agent in given.evaluate.agents[:2] for at in where]
    made = []
    for step in (1, -1):
        folder = tmp_path / str(step)
        for name, spec, rows in (
            ("episodes", EPISODES, [row for row, _, _ in every]),
            ("steps", STEPS, [row for _, steps, _ in every for row in steps]),
            ("runs", RUNS, [row for _, _, row in every]),
        ):
            shards.write_dataset(folder / name, spec, runs.table(spec, rows[::step]))
        made.append(found_in(folder, given).everyone)
    for one, other in zip(*made, strict=True):
        assert set(one.every["agent"]) == {one.agent}
        # As words, 10 comes before 2.
        assert one.every["seed"].to_list() == [2, 10] * 4
        assert other.every.equals(one.every)
        assert other.steps == one.steps
        assert all([row["step"] for row in s] == list(range(len(s))) for s in one.steps.values())
        assert one.at("map")["site"].unique().to_list() == ["map"]
        assert one.at("").equals(one.episodes)
