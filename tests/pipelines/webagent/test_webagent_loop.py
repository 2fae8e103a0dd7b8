from __future__ import annotations

from pipelines.webagent.instructions import tasks
from pipelines.webagent.loop import Limits, numbering


def test_every_instruction_and_step_has_numbers_of_its_own() -> None:
    some = tasks("map", "train", 8, 0) + tasks("map", "train", 8, 1)
    found = [numbering(Limits(shuffle=1), task, step) for task in some for step in range(5)]
    assert len(set(found)) == len(found)
    # The page's generator has 32 bits, and 0 asks for the order of the page.
    assert all(0 < one < 2**32 for one in found)
    assert found[0] == numbering(Limits(shuffle=1), some[0], 0)
    assert found[0] != numbering(Limits(shuffle=2), some[0], 0)
    assert numbering(Limits(), some[0], 3) == 0
