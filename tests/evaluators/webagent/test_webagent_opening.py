from __future__ import annotations

from dataclasses import replace

from evaluators.webagent.evaluate.context import View
from evaluators.webagent.opening import opening


def test_findings_come_first_with_their_intervals(seen: View) -> None:
    found = opening(seen)
    assert found is not None
    said = found.findings
    assert said[0] == (
        "full carries out 0.80 [0.68, 0.88] of its instructions (60 episodes) and "
        "0.90 [0.84, 0.96] of what they ask for."
    )
    assert "the snippet adds 0.40 [0.27, 0.53] (McNemar's p 1.2e-07)" in said[1]
    assert "the planner's words adds" not in said[1]
    assert "the planner's words add 0.50" in said[1]
    assert "planning 0.05" in said[2]
    assert said[3].startswith("Snippets around other elements of the page cost 0.65")
    assert said[4].startswith("Controls: rules that know the steps carry out 1.00")
    assert found.figure is not None
    assert (found.figure["model"], found.figure["metric"]) == ("full", "success")


def test_without_agents_there_is_no_first_screen(seen: View) -> None:
    assert opening(replace(seen, found=replace(seen.found, everyone=[]))) is None
