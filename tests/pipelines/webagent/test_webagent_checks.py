from __future__ import annotations

from dataclasses import replace

from pipelines.webagent import checks
from pipelines.webagent.checker import check
from pipelines.webagent.instructions import task
from pipelines.webagent.loop import Played, Step
from pipelines.webagent.page import Seen
from pipelines.webagent.replay import folded
from pipelines.webagent.rules import Plan
from pipelines.webagent.sandbox import Ran
from pipelines.webagent.sessions import Asked
from schemas.webagent.checks import COUNTED

TASK = task("map", "eval", 0, 0)


def _played() -> Played:
    asked = "&".join(f"{w.key}={w.value}" for w in TASK.goal.wants if w.of == "query")
    log = [Asked("GET", "/map/places", asked, "", "", 200)]
    state = folded(log)
    step = Step([], "u", Seen("<p>x</p>"), Plan("x"), "", "pass",
                Ran("ok", None, None, "bubblewrap"), "a", state.sha256)  # fmt: skip
    return Played(TASK, "oracle", [step], check(TASK.goal, state), "planner_end", log=log)


def test_a_state_that_comes_out_the_same_is_said_by_nothing() -> None:
    played = _played()
    assert folded(played.log).query
    assert checks.differs(played) is None
    assert checks.differs(replace(played, checked=None)) is None


def test_a_log_that_lacks_a_request_differs() -> None:
    words = checks.differs(replace(_played(), log=[]))
    assert words is not None
    assert words.endswith("False instead of True")


def test_a_checker_that_reads_something_else_differs() -> None:
    played = _played()
    assert played.checked is not None
    turned = tuple((name, not met) for name, met in played.checked.attributes)
    words = checks.differs(replace(played, checked=replace(played.checked, attributes=turned)))
    assert words is not None
    assert "instead of" in words


def test_the_guard_lets_no_hostile_program_through_and_plain_ones_pass() -> None:
    assert checks.let_through() == []
    assert len(set(checks.HOSTILE)) >= 20
    harmless = "driver.find_element(By.ID, 'q').click()"
    assert checks.let_through([harmless]) == [harmless]


def test_rows_count_what_was_found() -> None:
    episodes = [{"foreign": ["http://a/"]}, {"foreign": []}]
    rows = {row["name"]: row for row in checks.rows(episodes, [None, "another state"], 2)}
    assert tuple(rows) == COUNTED
    assert (rows["replays_other"]["count"], rows["replays_other"]["of"]) == (1, 2)
    assert rows["replays_other"]["detail"] == "another state"
    assert rows["foreign_requests"]["detail"] == "http://a/"
    assert rows["browsers_left"]["count"] == 2
