from __future__ import annotations

import webagent_small as small

from evaluators.webagent.evaluate.context import Found, Subject
from schemas.webagent.params import Agent, Evaluate, Params


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
