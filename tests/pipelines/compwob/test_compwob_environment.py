from __future__ import annotations

import pytest
from compwob_web import IN_A_BROWSER, spec

from measurand.web.browser import BrowserFailed, Owner, Session
from measurand.web.observation import Observation
from pipelines.compwob.actions import click, write
from pipelines.compwob.environment import Environment, Rules, Spec
from pipelines.compwob.tasks import NAMES, composition
from schemas.compwob.params import BASE_TASKS

pytestmark = IN_A_BROWSER
PAIR = "click-button_click-link"


def _first(owner: Owner, what: Spec, rules: Rules | None = None) -> tuple[str, Observation]:
    def work(session: Session) -> tuple[str, Observation]:
        env = Environment(session, what, rules or Rules())
        return env.utterance, env.observe()

    return owner.call(work, 60)


def test_a_seed_gives_the_same_page_again_whatever_was_shown_before(owner: Owner) -> None:
    names = [(name, "single") for name in BASE_TASKS] + [(name, "reverse") for name in NAMES[::7]]
    first = [_first(owner, spec(name, order)) for name, order in names]
    again = [_first(owner, spec(name, order)) for name, order in reversed(names)][::-1]
    for (name, _), one, two in zip(names, first, again, strict=True):
        assert one[0] == two[0], name
        assert one[1].html == two[1].html, name


def test_pages_that_are_used_again_look_as_if_they_were_new(owner: Owner) -> None:
    fresh = _first(owner, spec("click-checkboxes", seed=5))[1]
    _first(owner, spec("click-checkboxes", seed=6))
    assert _first(owner, spec("click-checkboxes", seed=5))[1].html == fresh.html


def test_a_part_is_the_same_problem_alone_and_in_a_composition(owner: Owner) -> None:
    alone = _first(owner, spec("click-link", seed=7))[1].roots[0].text
    assert _first(owner, spec(PAIR, "forward", 7))[1].roots[1].text == alone


def test_no_name_of_a_task_and_nothing_outside_the_panels_is_seen(owner: Owner) -> None:
    for name in NAMES[20::6]:
        said, seen = _first(owner, spec(name, "forward"))
        assert len(seen.roots) == len(composition(name).views[0])
        for part in BASE_TASKS:
            assert part not in seen.html
            assert part not in said
        for hidden in ("reward", "START", "Time left", said):
            assert hidden not in seen.html


def _run(owner: Owner, what: Spec, rules: Rules, moves: str) -> tuple[float, str, list[int]]:
    """Do moves such as ``B+ L-``: the right or a wrong button or link."""

    def work(session: Session) -> tuple[float, str, list[int]]:
        env = Environment(session, what, rules)
        seen = env.observe()
        said = [part.utterance.split('"')[1] for part in env.parts]
        for move in moves.split():
            tag, text = ("button", said[0]) if move[0] == "B" else ("span", said[1])
            nodes = [n for n in seen.nodes() if (n.tag == tag and "alink" in n.classes) or (
                tag == "button" and n.tag == "button")]  # fmt: skip
            node = next(n for n in nodes if (n.text == text) == (move[1] == "+"))
            env.act(click(node.ref))
        state = env.state()
        return state.reward, state.reason, list(state.parts)

    return owner.call(work, 60)


SEED = 1_000_004


@pytest.mark.parametrize(
    ("order", "errors", "moves", "wanted"),
    [
        ("strict", "latch", "B+ L+", (1.0, "final", [1, 1])),
        ("strict", "latch", "L+ B+", (-1.0, "order:1", [0, 0])),
        ("strict", "latch", "B- B+ L+", (1.0, "final", [1, 1])),
        ("strict", "latch", "B- L+", (-1.0, "order:1", [-1, 0])),
        ("strict", "terminal", "B- B+", (-1.0, "wrong:0", [-1, 0])),
        ("strict", "latch", "B+ L-", (-1.0, "wrong:1", [1, -1])),
        ("flags", "latch", "B- L+", (-1.0, "wrong:0", [-1, 1])),
        ("flags", "latch", "L+ B+", (-1.0, "wrong:0", [0, 1])),
        ("strict", "latch", "B+", (0.0, "", [1, 0])),
    ],
)
def test_the_state_machine(
    owner: Owner, order: str, errors: str, moves: str, wanted: tuple[float, str, list[int]]
) -> None:
    rules = Rules(order, errors, "mouse")
    assert _run(owner, spec(PAIR, "forward", SEED), rules, moves) == wanted


def test_a_view_is_shown_when_the_one_before_is_done(owner: Owner) -> None:
    def work(session: Session) -> list[int]:
        what = spec("login-user_navigate-tree-transition", "forward")
        env = Environment(session, what, Rules())
        sizes = [len(env.observe().roots)]
        words = env.parts[0].utterance.split('"')
        fields = [n for n in env.observe().nodes() if n.tag == "input"]
        button = next(n for n in env.observe().nodes() if n.tag == "button")
        env.act(click(button.ref))
        sizes.append(len(env.observe().roots))
        assert env.observe().nodes()[0].first(lambda n: n.tag == "input") is not None
        for field, text in zip(fields, (words[1], words[3]), strict=True):
            env.act(write(field.ref, text))
        env.act(click(button.ref))
        after = env.observe()
        assert after.nodes()[0].first(lambda n: "filetree" in n.classes) is not None
        sizes.append(len(after.roots))
        return sizes

    assert owner.call(work, 60) == [1, 1, 1]


def test_an_action_on_an_element_that_is_not_there_does_nothing(owner: Owner) -> None:
    def work(session: Session) -> bool:
        env = Environment(session, spec("click-button"), Rules())
        before = env.observe().html
        env.act(click(9999))
        env.act(write(9999, "x"))
        return env.observe().html == before

    assert owner.call(work, 60)


def test_a_page_that_is_not_there_is_the_browsers_failure_and_no_result(owner: Owner) -> None:
    what = Spec(composition("click-button"), "single", 1, source="/miniwob/none.html")
    with pytest.raises(BrowserFailed, match=r"no core|lack"):
        _first(owner, what)
