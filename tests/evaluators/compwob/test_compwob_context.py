from __future__ import annotations

from pathlib import Path

from compwob_handmade import params, write

from evaluators.compwob.context import measured, subjects


def test_agents_come_in_the_order_of_the_parameters(tmp_path: Path) -> None:
    agents = {"zero_shot@m": lambda s: True, "oracle": lambda s: True, "random": lambda s: False}
    given = params(agents, seeds=2)
    found = subjects(write(tmp_path, given, agents), given)
    assert [s.agent for s in found] == list(agents)
    assert [s.agent for s in measured(found)] == ["zero_shot@m"]
    assert measured(found[1:]) == found[1:]
    assert found[0].of("single")["success"].to_list() == [1.0] * len(found[0].of("single"))
