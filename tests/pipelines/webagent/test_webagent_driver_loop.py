"""Episodes in a real browser, with programs in the sandbox; a minute on a quiet machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec

import pytest
from hostile import HOSTILE

from measurand.web import chromium
from pipelines.webagent.checker import check
from pipelines.webagent.driver import Driver
from pipelines.webagent.goals import Task
from pipelines.webagent.instructions import tasks
from pipelines.webagent.loop import Agent, Limits, beginning, play
from pipelines.webagent.page import Seen
from pipelines.webagent.replay import folded
from pipelines.webagent.rules import Oracle, Plan, RandomClicks, Templates, Written
from pipelines.webagent.sandbox import Sandbox, works

pytest.importorskip("selenium", reason="programs need selenium: pip install 'measurand[web]'")
# Not imported here: vLLM's CPU engine looks at every global of a process, flask's stand-ins too.
if find_spec("flask") is None:
    pytest.skip("the sites need flask: pip install 'measurand[web]'", allow_module_level=True)
MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
    pytest.mark.skipif(not works(), reason="no bubblewrap that works: apt-get install bubblewrap"),
]
ORACLE = Agent("oracle", Oracle(), Templates())
LIMITS = Limits(timeout_s=600)


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    made = Driver("test")
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(seconds=60)
    yield made
    made.close()


@pytest.mark.parametrize("site", ["estate", "forum", "map"])
def test_the_oracle_carries_instructions_out(driver: Driver, sandbox: Sandbox, site: str) -> None:
    task = tasks(site, "eval", 8, 4)[7]
    played = play(driver, sandbox, task, ORACLE, LIMITS, pictures=site == "map")
    assert played.reason is None
    assert played.checked is not None
    assert played.checked.success, [step.ran for step in played.steps]
    assert played.ending == "planner_end"
    assert [step.ran.what for step in played.steps] == ["ok"] * len(task.goal.acts)
    assert [step.history for step in played.steps] == [
        [one.plan.sub_instruction for one in played.steps[:n]] for n in range(len(played.steps))
    ]
    assert played.foreign == []
    assert check(task.goal, folded(played.log)) == played.checked
    assert len(played.pictures) == (len(played.steps) + 1 if site == "map" else 0)
    assert all(picture.image[:2] == b"\xff\xd8" for picture in played.pictures)


def test_mixed_numbers_say_nothing_about_a_place(driver: Driver, sandbox: Sandbox) -> None:
    task = tasks("forum", "eval", 2, 4)[1]
    driver.begin(task.setting)
    _, plain = driver.observe(5)
    again = driver.observe(9)[1]
    assert again == plain, "numbers stay as long as the page does"
    order = [
        int(e.get("data-ref")) for e in Seen(plain).root.find("body").iter() if e.get("data-ref")
    ]
    assert sorted(order) == list(range(1, len(order) + 1))
    assert order != sorted(order)
    played = play(driver, sandbox, task, ORACLE, Limits(timeout_s=600, shuffle=11))
    assert played.checked is not None
    # The same front page has other numbers in another instruction.
    short = Limits(timeout_s=600, shuffle=11, max_steps=0)
    fronts = [
        play(driver, sandbox, one, ORACLE, short).last
        for one in (task, replace(task, id="other"), task)
    ]
    texts = [front.html for front in fronts if front is not None]
    assert texts[0] == texts[2] != texts[1]
    bare = [re.sub(r'data-ref="\d+"', "", text) for text in texts]
    assert bare[0] == bare[1]
    assert played.checked.success


def test_random_clicks_solve_nothing(driver: Driver, sandbox: Sandbox) -> None:
    agent = Agent("random", RandomClicks(), Templates())
    task = tasks("map", "eval", 1, 4)[0]
    played = play(driver, sandbox, task, agent, Limits(max_steps=4, timeout_s=600))
    assert played.ending in ("step_limit", "program_errors")
    assert played.checked is not None
    assert not played.checked.success


class Says:
    """A writer that writes what it was given, one after the other."""

    name = "says"

    def __init__(self, programs: Sequence[str]) -> None:
        self.left, self.told = list(programs), [""]

    def write(self, said: str, snippet: str, error: str = "") -> Written:
        self.told.append(error)
        return Written(self.left.pop(0))


class Waits:
    """A planner that never ends."""

    name = "waits"

    def plan(self, task: Task, history: Sequence[str], page: Seen) -> Plan:
        return Plan("Wait.", (1,))


def test_hostile_programs_end_an_episode_and_nothing_else(driver: Driver, sandbox: Sandbox) -> None:
    named = {name: program for name, _, program in HOSTILE}
    some = [named[name].format(secret="/s", folder="/f", port=1, pid=1) for name in
            ("quit", "endless loop", "execute a script")]  # fmt: skip
    task = tasks("estate", "eval", 1, 4)[0]
    played = play(driver, sandbox, task, Agent("x", Waits(), Says(some)), LIMITS)
    assert played.ending == "program_errors"
    assert [(step.ran.what, step.ran.rule) for step in played.steps] == [
        ("guard", "attribute"),
        ("guard", "statement"),
        ("guard", "script"),
    ]
    assert all(step.before == step.after for step in played.steps)
    assert play(driver, sandbox, task, ORACLE, Limits(max_steps=1, timeout_s=600)).reason is None


def test_a_program_that_fails_is_asked_for_once_more_where_that_is_said(
    driver: Driver, sandbox: Sandbox
) -> None:
    writer = Says(["x = 'a'[5]", "x = 1", "x = 2"])
    task = tasks("estate", "eval", 1, 4)[0]
    limits = Limits(max_steps=2, retry_error=True, timeout_s=600)
    played = play(driver, sandbox, task, Agent("x", Waits(), writer), limits)
    assert writer.told == ["", "", "IndexError: string index out of range", ""]
    assert [step.ran.what for step in played.steps] == ["ok", "ok"]
    assert played.ending == "step_limit"


def test_an_empty_program_ends_an_episode_without_a_planner(
    driver: Driver, sandbox: Sandbox
) -> None:
    task = tasks("estate", "eval", 1, 4)[0]
    agent = Agent("x", None, Says(["x = 1", ""]), summariser=False)
    played = play(driver, sandbox, task, agent, LIMITS)
    assert played.ending == "planner_end"
    assert [step.plan.sub_instruction for step in played.steps] == [task.text] * 2
    assert played.steps[0].snippet == beginning(played.steps[0].page.html, 1000)


def test_a_browser_that_dies_leaves_no_result_and_no_process() -> None:
    lost = Driver("lost")
    sandbox = Sandbox(seconds=60)
    try:
        chromium.kill(lost.token)
        played = play(lost, sandbox, tasks("map", "eval", 1, 4)[0], ORACLE, LIMITS)
        assert (played.ending, played.checked) == ("infra", None)
        assert played.reason
    finally:
        lost.close()
        sandbox.close()
    assert chromium.left_over(lost.token) == 0
