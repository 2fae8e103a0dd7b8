"""Instructions carried out without a browser, read by the checker, and had again from the log."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from web_client import Client, carried_out

from measurand.web.server import Request
from pipelines.webagent.checker import NOTHING_ELSE, check
from pipelines.webagent.goals import Goal, Task, Want
from pipelines.webagent.instructions import tasks
from pipelines.webagent.replay import again, folded
from pipelines.webagent.server import Sites
from pipelines.webagent.state import State
from schemas.webagent.params import SITES

# Not imported here: vLLM's CPU engine looks at every global of a process, flask's stand-ins too.
if find_spec("flask") is None:
    pytest.skip("the sites need flask: pip install 'measurand[web]'", allow_module_level=True)
TASKS = [t for site in SITES for split in ("train", "eval") for t in tasks(site, split, 8, 5)]
GOAL = Goal({}, (), (Want("query", "city", "Kelworth"), Want("save", "home", "h1")), "homes")
DONE = State({"on": "homes", "city": "kelworth "}, "h1", [{"kind": "save", "home": "h1"}])


@pytest.fixture(scope="module")
def sites() -> Sites:
    return Sites()


@pytest.mark.integration
@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.id)
def test_every_instruction_can_be_carried_out_and_the_log_says_the_same(
    sites: Sites, task: Task
) -> None:
    """Eight seconds in all."""
    carried_out_and_had_again(sites, task)


@pytest.mark.parametrize("task", TASKS[::12], ids=lambda t: t.id)
def test_the_steps_of_an_instruction_carry_it_out_and_the_log_says_the_same(
    sites: Sites, task: Task
) -> None:
    carried_out_and_had_again(sites, task)


def carried_out_and_had_again(sites: Sites, task: Task) -> None:
    client = carried_out(sites, task)
    state = client.session.state
    assert check(task.goal, state, sites.strangers).success
    assert folded(client.session.log) == state
    assert again(client.session) == state


@pytest.mark.parametrize("task", TASKS[::15], ids=lambda t: t.id)
def test_no_step_can_be_left_out_but_those_that_are_met_anyway(sites: Sites, task: Task) -> None:
    client = Client(sites, task.setting)
    for act in task.goal.acts[:-1]:
        client.do(act)
    assert not check(task.goal, client.session.state).success


def test_doing_nothing_meets_no_attribute(sites: Sites) -> None:
    for task in TASKS[::9]:
        assert check(task.goal, Client(sites, task.setting).session.state).score == 0


def with_a_post(split: str = "eval") -> Task:
    return next(t for t in tasks("forum", split, 8, 5) if t.template.id == "forum-talk-disagree")


def verdict(sites: Sites, task: Task, client: Client) -> dict[str, bool]:
    checked = check(task.goal, client.session.state, sites.strangers)
    assert not checked.success
    assert folded(client.session.log) == client.session.state
    return dict(checked.attributes)


def test_the_right_thing_and_an_extra_post_fails(sites: Sites) -> None:
    task = with_a_post()
    client = carried_out(sites, task)
    client.get("/forum/submit")
    token = client.html.split('name="token" value="')[1].split('"')[0]
    client.post("/forum/submit", community="pottery", title="x", body="y", token=token)
    client.get(f"/forum/post/{client.session.state.made[0]['post']}")
    found = verdict(sites, task, client)
    assert found.pop(NOTHING_ELSE) is False
    assert all(found.values())


def test_the_same_comment_twice_fails(sites: Sites) -> None:
    task = with_a_post()
    client = carried_out(sites, task)
    for act in task.goal.acts[-2:]:
        client.do(act)
    assert verdict(sites, task, client)[NOTHING_ELSE] is False


@pytest.mark.parametrize("site", SITES)
def test_the_answer_typed_into_a_search_box_fails(sites: Sites, site: str) -> None:
    box = {"estate": "/estate/help?help={}", "forum": "/forum/posts?words={}",
           "map": "/map/places?place={}"}  # fmt: skip
    for task in tasks(site, "eval", 2, 2):
        client = Client(sites, task.setting)
        said = "+".join([*task.goal.slots.values(), *(w.value for w in task.goal.wants)])
        client.get(box[site].format(said.replace(" ", "+")))
        verdict(sites, task, client)


def test_a_second_session_fails_although_the_first_did_everything(sites: Sites) -> None:
    task = with_a_post()
    client = carried_out(sites, task)
    sites.answer(Request("GET", "/forum/"))
    assert verdict(sites, task, client)[NOTHING_ELSE] is False


def test_what_another_session_did_is_not_counted(sites: Sites) -> None:
    task = with_a_post()
    own = Client(sites, task.setting)
    cookie, own.cookie = own.cookie, ""
    for act in task.goal.acts:
        try:
            own.do(act)
        except (AssertionError, AttributeError):
            break
    own.cookie = cookie
    assert not any(verdict(sites, task, own).values())


def test_a_replayed_request_is_refused_and_fails(sites: Sites) -> None:
    task = with_a_post()
    client = carried_out(sites, task)
    sent = next(one for one in client.session.log if one.path == "/forum/comment")
    headers = {"Cookie": client.cookie, "Content-Type": "application/x-www-form-urlencoded"}
    body = f"{sent.body}&token={sent.token}".encode()
    answer = sites.answer(Request("POST", sent.path, "", headers, body))
    assert answer is not None
    assert answer.status == 409
    assert verdict(sites, task, client)[NOTHING_ELSE] is False


def test_requests_of_an_earlier_episode_do_nothing_in_the_next(sites: Sites) -> None:
    task = with_a_post()
    before = carried_out(sites, task).session.log
    client = Client(sites, task.setting)
    headers = {"Cookie": client.cookie, "Content-Type": "application/x-www-form-urlencoded"}
    for one in before:
        body = f"{one.body}&token={one.token}".encode() if one.method == "POST" else b""
        sites.answer(Request(one.method, one.path, one.query, headers, body))
    assert client.session.state.refused == 2
    assert not client.session.state.made
    verdict(sites, task, client)


def test_what_is_asked_for_is_met_whatever_the_case() -> None:
    assert check(GOAL, DONE).success


@pytest.mark.parametrize(
    "state",
    [
        State({**DONE.query, "beds": "2"}, "h1", DONE.made),
        State({"on": "help", "city": "Kelworth"}, "h1", DONE.made),
        State(DONE.query, "h1", [*DONE.made, *DONE.made]),
        State(DONE.query, "h1", [*DONE.made, {"kind": "save", "home": "h2"}]),
        State(DONE.query, "h1", [{"kind": "save", "home": "h1", "note": "x"}]),
        State(DONE.query, "h1", DONE.made, refused=1),
        State(DONE.query, "h1", [*DONE.made, {"kind": "contact", "home": "h1", "message": ""}]),
    ],
)
def test_anything_else_fails(state: State) -> None:
    checked = check(GOAL, state)
    assert checked.score == 1
    assert not checked.success
