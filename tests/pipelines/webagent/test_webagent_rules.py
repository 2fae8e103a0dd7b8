"""Rules on the sites' own pages, numbered as the browser does; about two seconds."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from web_client import Client, numbered

from pipelines.webagent.checker import check
from pipelines.webagent.goals import Act
from pipelines.webagent.guard import refusal
from pipelines.webagent.instructions import tasks
from pipelines.webagent.page import Seen
from pipelines.webagent.rules import END, Oracle, RandomClicks, Templates, found, sub_instruction
from pipelines.webagent.server import Sites
from pipelines.webagent.sessions import Setting
from pipelines.webagent.themes import Theme
from schemas.webagent.params import THEMES

# Not imported here: vLLM's CPU engine looks at every global of a process, flask's stand-ins too.
if find_spec("flask") is None:
    pytest.skip("the sites need flask: pip install 'measurand[web]'", allow_module_level=True)
TASKS = [tasks(site, "eval", 12, 3)[n] for site in ("estate", "forum", "map") for n in (0, 7)]


@pytest.fixture(scope="module")
def sites() -> Sites:
    return Sites()


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.id)
def test_the_oracle_points_at_what_its_programs_need(sites: Sites, task: object) -> None:
    client = Client(sites, task.setting)  # type: ignore[attr-defined]
    planner, writer = Oracle(), Templates()
    history: list[str] = []
    for act in task.goal.acts:  # type: ignore[attr-defined]
        page = Seen(numbered(client.html))
        plan = planner.plan(task, history, page)  # type: ignore[arg-type]
        assert set(plan.refs) <= page.refs
        program = writer.write(plan.sub_instruction, page.snippet(plan.refs, 1000)).program
        assert f'data-ref="{plan.refs[-1]}"' in program
        assert refusal(program) is None
        # Of another page there is nothing to write about.
        assert "driver" not in writer.write(plan.sub_instruction, "<p>x</p>").program
        history.append(plan.sub_instruction)
        client.do(act)
    assert planner.plan(task, history, Seen("")).sub_instruction == END  # type: ignore[arg-type]


@pytest.mark.parametrize("theme", THEMES)
def test_random_clicks_point_at_something_that_can_be_acted_on(sites: Sites, theme: str) -> None:
    task = tasks("map", "eval", 1, 0)[0]
    client = Client(sites, Setting("map", theme, 0))
    client.get("/map/places?kind=cafe")
    page = Seen(numbered(client.html))
    said = set()
    for n in range(30):
        plan = RandomClicks().plan(task, ["x"] * n, page)
        program = Templates().write(plan.sub_instruction, page.snippet(plan.refs, 1000)).program
        assert refusal(program) is None
        said.add(plan.sub_instruction.split(" ")[0])
    assert {"Open", "Press"} <= said
    assert RandomClicks().plan(task, [], Seen("<p>x</p>")).sub_instruction == END


@pytest.mark.integration
@pytest.mark.parametrize("site", ["estate", "forum", "map"])
def test_random_clicks_solve_at_most_one_in_fifty_instructions(sites: Sites, site: str) -> None:
    """Without a browser; half a minute."""
    solved = 0
    for task in tasks(site, "eval", 20, 0):
        client = Client(sites, task.setting)
        for n in range(15):
            page = Seen(numbered(client.html))
            client.use(RandomClicks().plan(task, ["x"] * n, page), page)
        solved += check(task.goal, client.session.state, sites.strangers).success
    assert solved == 0


def test_sub_instructions_are_in_the_words_of_a_theme() -> None:
    act = Act("choose", "beds", "2")
    assert sub_instruction(act, Theme("meadow")) == 'Choose "2" in "Bedrooms".'
    assert sub_instruction(act, Theme("quartz")) == 'Choose "2" in "Sleeping rooms".'


@pytest.mark.parametrize("said", ["", "END", "Do it.", 'Open "x"', 'Type "x" into "y"'])
def test_what_is_no_sub_instruction_is_about_nothing(said: str) -> None:
    assert found(said, Seen('<a href="/" data-ref="1">x</a>')) is None
    assert Templates().write(said, '<a href="/" data-ref="1">x</a>').program == f"# {said}\n"


def test_quotes_in_a_value_stay_inside_the_program() -> None:
    snippet = '<input data-ref="3" aria-label="y">'
    program = Templates().write('Type "a\'); driver.quit(); (\'" into "y".', snippet).program
    assert refusal(program) is None
    assert "driver.quit" in program
