from __future__ import annotations

from pathlib import Path

import pytest
import webagent_small as small
from canned_model import Canned

from measurand.errors import InputError
from pipelines.webagent import loop
from pipelines.webagent.agents import Shuffled, Wordless, asked_for, close_all, identity, opened
from pipelines.webagent.instructions import task
from pipelines.webagent.page import Seen
from pipelines.webagent.planning import Trained
from pipelines.webagent.prompting import Prompted
from pipelines.webagent.rules import END, Oracle, RandomClicks
from schemas.webagent.params import Agent, Params

TASK = task("map", "eval", 0, 0)
PAGE = Seen(
    "<main>" + "".join(f'<a data-ref="{n}" href="/{n}">L{n}</a>' for n in range(1, 30)) + "</main>"
)


class Told:
    """Points at the element of its step and ends after three, as its own history says."""

    name = "told"

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def plan(self, task, history, page):  # type: ignore[no-untyped-def]
        from pipelines.webagent.rules import Plan

        self.heard.append(tuple(history))
        if len(history) == 3:
            return Plan(END)
        return Plan(f"step {len(history)}", (len(history) + 1, 9))


def test_a_shuffled_planner_keeps_its_words_and_points_elsewhere() -> None:
    plain, other = Told().plan(TASK, [], PAGE), Shuffled(Told()).plan(TASK, [], PAGE)
    assert other.sub_instruction == plain.sub_instruction
    assert len(other.refs) == len(plain.refs)
    assert not set(other.refs) & set(plain.refs)
    assert set(other.refs) <= PAGE.refs
    assert Shuffled(Told()).plan(TASK, [], PAGE) == other
    assert Shuffled(Told()).plan(TASK, ["a", "b", "c"], PAGE).sub_instruction == END


def test_a_wordless_planner_points_in_the_words_of_the_instruction() -> None:
    told = Told()
    quiet = Wordless(told)
    for _ in range(2):
        history: list[str] = []
        # The second step fails once: the history stands still and the planner hears it so.
        for grows in (True, False, True, True):
            plan = quiet.plan(TASK, history, PAGE)
            assert plan.sub_instruction == TASK.text
            assert plan.refs == (len(history) + 1, 9)
            history = [*history, plan.sub_instruction] if grows else history
        assert quiet.plan(TASK, history, PAGE).sub_instruction == END
    once = [(), ("step 0",), ("step 0",), ("step 0", "step 1"), ("step 0", "step 1", "step 2")]
    assert told.heard == [*once, *once]


def ready(spec: Agent) -> loop.Agent:
    """An agent of rules: of the folder nothing is read."""
    return opened(spec, Params(), Path("nowhere"))


def test_agents_are_what_parameters_say() -> None:
    assert isinstance(ready(Agent(name="a")).planner, Oracle)
    assert isinstance(ready(Agent(name="a", planner="random")).planner, RandomClicks)
    assert ready(Agent(name="a", planner=None, summariser=False)).planner is None
    assert isinstance(ready(Agent(name="a", shuffled=True)).planner, Shuffled)
    assert isinstance(ready(Agent(name="a", plans=False)).planner, Wordless)
    assert not ready(Agent(name="a", summariser=False)).summariser
    for odd in ({"planner": "hf:none"}, {"writer": "hf:none"}):
        with pytest.raises(InputError, match="hf:none"):
            ready(Agent(name="a", **odd))


def test_a_trained_planner_is_one_of_the_parameters(planners: tuple[Path, Params]) -> None:
    folder, params = planners
    spec = Agent(name="full", planner="trained:tuned")
    found = opened(spec, params, folder).planner
    assert isinstance(found, Trained)
    assert found.name == "trained:tuned"
    with pytest.raises(InputError, match="no planner 'nobody'"):
        opened(Agent(name="a", planner="trained:nobody"), params, folder)
    with pytest.raises(InputError, match="no experience to train planners on"):
        opened(spec, params, folder / "checkpoint")


def test_what_a_planner_learned_is_a_part_of_who_acts(planners: tuple[Path, Params]) -> None:
    folder, params = planners
    names = {
        identity(spec, opened(spec, params, folder), params, folder)
        for spec in (Agent(name="a", planner=f"trained:{name}") for name in ("tuned", "scratch"))
    }
    assert len(names) == 2
    rules = Agent(name="a")
    assert identity(rules, ready(rules), params, folder) is None


def test_a_model_string_is_a_writer() -> None:
    server = Canned("pass")
    spec = Agent(name="a", writer=server.model)
    try:
        found = ready(spec)
        assert isinstance(found.writer, Prompted)
        assert identity(spec, found, Params(), Path("nowhere"))
    finally:
        close_all()
        server.http.shutdown()
        server.http.server_close()


def test_one_agent_of_the_list_can_be_asked_for() -> None:
    params = Params()
    assert asked_for(params, None) == params.evaluate.agents
    assert [one.name for one in asked_for(small.params(), "told")] == ["told"]
    with pytest.raises(InputError, match="no agent 'nobody'"):
        asked_for(params, "nobody")
