from __future__ import annotations

import pytest
from compwob_web import element

from measurand.errors import InputError
from measurand.web.observation import Observation
from pipelines.compwob.actions import NOOP, click
from pipelines.compwob.agents import SCRIPTED, Oracle, TextOracle, scripted
from pipelines.compwob.environment import Part

LINKS = element("div", 1, element("span", 2, "amet", **{"class": "alink"}))
BUTTONS = element("div", 3, element("button", 4, "OK"), element("button", 5, "No"))
LOGIN = element(
    "div", 6, element("input", 7, id="username", type="text", value="ada"),
    element("input", 8, id="password", type="password", value="x"),
    element("button", 9, "OK", id="subbtn"),
)  # fmt: skip
SENTENCE = 'Click on the "OK" button, and then click on the link "amet".'


def test_the_text_oracle_gives_every_clause_a_panel_of_its_own() -> None:
    seen = Observation.from_page([LOGIN, LINKS, BUTTONS])
    agent = TextOracle({})
    asked = (
        'Click on the "OK" button, and then enter the username "ada" and the password "x" into '
        "the text fields and press login."
    )
    agent.start("e", asked, ())
    # The login form has an OK button too, but it is the only panel for the login.
    assert agent.act(seen, []).action == click(4)
    assert agent.act(seen, []).action == click(9)
    assert agent.act(seen, []).action == NOOP


def test_who_ignores_after_begins_at_the_wrong_end() -> None:
    seen = Observation.from_page([LINKS, BUTTONS])
    asked = 'Click on the link "amet", after clicking on the "OK" button.'
    right, wrong = TextOracle({}), TextOracle({}, follows_after=False)
    for agent in (right, wrong):
        agent.start("e", asked, ())
    assert right.act(seen, []).action == click(4)
    assert wrong.act(seen, []).action == click(2)


def test_the_oracle_looks_at_the_panel_that_it_is_told() -> None:
    seen = Observation.from_page([LINKS, BUTTONS])
    oracle = Oracle({})
    oracle.start("e", SENTENCE, [Part("click-button", 'Click on the "No" button.', {}, 3)])
    assert oracle.act(seen, []).action == click(5)


def test_the_oracle_refuses_wording_that_it_does_not_know() -> None:
    with pytest.raises(InputError, match="not worded"):
        Oracle({}).start("e", "", [Part("click-button", "Press it.", {}, 3)])


def test_random_is_the_same_for_the_same_episode_and_step() -> None:
    seen = Observation.from_page([LINKS, BUTTONS, LOGIN])
    one, two = scripted("random", {}), scripted("random", {})
    one.start("e", SENTENCE, ())
    two.start("e", SENTENCE, ())
    first = [one.act(seen, [NOOP] * i).action for i in range(20)]
    assert first == [two.act(seen, [NOOP] * i).action for i in range(20)]
    assert len(set(first)) > 5
    two.start("other", SENTENCE, ())
    assert first != [two.act(seen, [NOOP] * i).action for i in range(20)]


def test_the_first_button_is_clicked_whatever_is_asked() -> None:
    agent = scripted("first_button", {})
    agent.start("e", SENTENCE, ())
    assert agent.act(Observation.from_page([LINKS, BUTTONS]), []).action == click(4)
    assert agent.act(Observation.from_page([LINKS]), []).action == NOOP


def test_only_the_oracle_is_told_the_parts() -> None:
    assert [name for name in SCRIPTED if scripted(name, {}).privileged] == ["oracle"]
    with pytest.raises(InputError, match="no such scripted agent"):
        scripted("cheat", {})
