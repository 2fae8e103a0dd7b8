from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import pytest
from compwob_web import IN_A_BROWSER, episode, spec

from measurand import runs
from measurand.web import chromium
from measurand.web.browser import Owner
from measurand.web.observation import Observation
from pipelines.compwob import agents, solvers
from pipelines.compwob.actions import Action
from pipelines.compwob.episodes import Setting, play, step_limit
from pipelines.compwob.pages import Composed, Overlay, Wheel
from pipelines.compwob.tasks import NAMES
from schemas.compwob.params import BASE_TASKS
from schemas.compwob.tables import EPISODES, RUNS, STEPS

pytestmark = IN_A_BROWSER


def test_the_oracle_solves_every_base_task(owner: Owner) -> None:
    for name in BASE_TASKS:
        found = episode(owner, name, click="dispatch")
        assert found.episode["success"], (name, found.episode["done_reason"])


def test_rows_keep_to_the_tables(owner: Owner) -> None:
    found = episode(owner, "click-dialog_search-engine", order="reverse")
    assert found.episode["success"]
    EPISODES.validate(runs.table(EPISODES, [found.episode]))
    STEPS.validate(runs.table(STEPS, found.steps))
    RUNS.validate(runs.table(RUNS, [found.run]))
    assert found.run["attempts"] == 1
    assert found.run["foreign"] == []
    assert found.run["retries"] is None


@pytest.mark.parametrize("name", [NAMES[9], NAMES[26], NAMES[44], NAMES[49]])
def test_text_oracle_and_forward_only_differ_on_reversed_sentences(owner: Owner, name: str) -> None:
    for order in ("forward", "reverse"):
        assert episode(owner, name, "text_oracle", order, click="dispatch").episode["success"]
    assert episode(owner, name, "forward_only", "forward", click="dispatch").episode["success"]
    late = episode(owner, name, "forward_only", "reverse", click="dispatch").episode
    assert not late["success"]


def test_agents_that_do_not_read_fail_and_stop_at_the_limit(owner: Owner) -> None:
    found = episode(owner, "enter-text", "first_button", click="dispatch")
    assert (found.episode["success"], found.episode["done_reason"]) == (False, "wrong:0")
    idle = episode(owner, "click-button_click-link", "first_button", "forward", click="dispatch")
    assert idle.episode["steps"] <= step_limit(2)


def test_the_same_episode_gives_the_same_rows(owner: Owner) -> None:
    one = episode(owner, NAMES[30], "random", "forward", seed=1_000_009)
    two = episode(owner, NAMES[30], "random", "forward", seed=1_000_009)
    assert one.episode == two.episode
    assert one.steps == two.steps


def test_a_core_that_never_pays_gives_no_success(miniwob: Wheel) -> None:
    core = miniwob.read("/core/core.js") or b""
    poison = (
        core
        + b"""
    (function () { var own = core.endEpisode;
      core.endEpisode = function (reward, t, why) { own.call(core, -1, t, why); }; })();"""
    )
    own = Owner(Composed(Overlay(miniwob, {"/core/core.js": poison})))
    try:
        for name, order in (("click-link", "single"), ("click-button_click-link", "forward")):
            found = episode(own, name, order=order, click="dispatch")
            assert (found.episode["status"], found.episode["success"]) == ("ok", False)
    finally:
        own.close()


def test_a_page_that_throws_at_its_start_is_no_failure_of_the_agent(miniwob: Wheel) -> None:
    page = (miniwob.read("/miniwob/click-link.html") or b"").decode()
    broken = page.replace("var genProblem = function() {", "var genProblem = function() { oops();")
    own = Owner(Composed(Overlay(miniwob, {"/miniwob/click-link.html": broken.encode()})))
    try:
        found = episode(own, "click-link")
    finally:
        own.close()
    assert found.episode["status"] == "infra_error"
    assert found.episode["success"] is None
    assert "oops" in found.episode["reason"]
    assert found.run["attempts"] == 3
    EPISODES.validate(runs.table(EPISODES, [found.episode]))


class Clumsy(agents.FirstButton):
    """Names elements that are not there, or not what it takes them for."""

    def act(self, observation: Observation, history: Sequence[Action]) -> agents.Decision:
        box = next(n for n in observation.nodes() if n.get("type") == "radio")
        moves = [
            Action("click", 9999), Action("click"), Action("type", box.ref, "x"),
            Action("select", box.ref, "x"), Action("noop"),
        ]  # fmt: skip
        return agents.Decision(moves[min(len(history), 4)])


def test_elements_that_cannot_be_acted_on_are_counted_by_reason(owner: Owner) -> None:
    found = play(owner, spec("click-option"), Clumsy(), Setting())
    wanted = ["never_seen", "no_number", "no_field", "no_list"]
    assert found.episode["bad_references"] == wanted
    assert [step["bad_reference"] for step in found.steps][:5] == [*wanted, None]
    EPISODES.validate(runs.table(EPISODES, [found.episode]))
    STEPS.validate(runs.table(STEPS, found.steps))


class Killer(agents.Oracle):
    """An oracle whose browser dies under its hands, once."""

    token = ""

    def act(self, observation: Observation, history: Sequence[Action]) -> agents.Decision:
        if len(history) == 3:
            for pid in chromium.processes(self.token):
                os.kill(pid, signal.SIGKILL)
            self.token = "nobody"
        return super().act(observation, history)


def test_a_browser_killed_in_mid_episode_is_replaced_and_the_rows_are_the_same(
    miniwob: Wheel, owner: Owner
) -> None:
    words = solvers.synonyms_of(miniwob)
    what = spec(NAMES[44], "forward")
    whole = play(owner, what, agents.Oracle(words), Setting())
    own, killer = Owner(Composed(miniwob)), Killer(words)
    killer.token = own.token
    try:
        again = play(own, what, killer, Setting())
    finally:
        own.close()
    assert again.run["attempts"] == 2
    assert "closed" in again.run["failures"]
    assert again.episode == whole.episode
    assert again.steps == whole.steps


def test_pictures_show_the_element_acted_on(owner: Owner) -> None:
    agent = agents.scripted("oracle", solvers.synonyms_of(owner.site.pages))
    found = play(owner, spec("click-option"), agent, Setting(), pictures=True)
    assert len(found.pictures) == len(found.steps) + 1
    assert all(picture.image[:2] == b"\xff\xd8" for picture in found.pictures)
    assert found.pictures[0].box is not None
    assert found.pictures[-1].box is None
