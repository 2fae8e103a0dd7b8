from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from canned_model import Canned
from compwob_web import element

from measurand import runs, shards
from measurand.journal import Journal
from measurand.web.observation import Observation
from pipelines.compwob.actions import NOOP, click
from pipelines.compwob.prompted import Demonstrations, ModelFailed, ZeroShot, open_prompted
from schemas.compwob.tables import STEPS

PAGE = Observation.from_page(
    [element("div", 1, element("button", 2, "OK"), element("button", 3, "No"))]
)


@pytest.fixture
def canned() -> Iterator[Canned]:
    server = Canned("click(2)")
    yield server
    server.http.shutdown()
    server.http.server_close()


def _agent(kind: str, server: Canned, tmp_path: Path) -> ZeroShot:
    journal = Journal(tmp_path / "calls.jsonl")
    found = open_prompted(kind, server.model, data=tmp_path, journal=journal, cache=tmp_path)
    assert isinstance(found, ZeroShot)
    server.asked.clear()
    return found


def test_zero_shot_shows_task_page_and_history_and_nothing_else(
    canned: Canned, tmp_path: Path
) -> None:
    agent = _agent("zero_shot", canned, tmp_path)
    agent.start("click-button|single|1|x", 'Click on the "OK" button.', ())
    decision = agent.act(PAGE, [click(3)])
    assert decision.action == click(2)
    assert (decision.prompt_tokens, decision.completion_tokens) == (11, 5)
    (prompt,) = canned.asked
    assert 'Task: Click on the "OK" button.' in prompt
    assert PAGE.html in prompt
    assert "click(3)" in prompt
    assert "click-button" not in prompt


def test_an_answer_without_an_action_is_the_models_mistake(canned: Canned, tmp_path: Path) -> None:
    agent = _agent("zero_shot", canned, tmp_path)
    canned.reply = lambda prompt: (200, "I am not sure.")
    agent.start("e", "x", ())
    decision = agent.act(PAGE, [])
    assert (decision.action, decision.parse_error) == (NOOP, True)
    assert decision.raw_output == "I am not sure."


def test_a_server_that_fails_is_nobodys_mistake(canned: Canned, tmp_path: Path) -> None:
    agent = _agent("zero_shot", canned, tmp_path)
    canned.reply = lambda prompt: (400, "")
    agent.start("e", "x", ())
    try:
        decision = agent.act(PAGE, [])
    except ModelFailed:
        return
    assert decision.parse_error


def test_an_answered_prompt_is_not_asked_again(canned: Canned, tmp_path: Path) -> None:
    agent = _agent("zero_shot", canned, tmp_path)
    agent.start("e", "x", ())
    agent.act(PAGE, [])
    agent.act(PAGE, [])
    assert len(canned.asked) == 1


def test_calls_that_a_server_made_again_are_counted_once(canned: Canned, tmp_path: Path) -> None:
    model = f"{canned.model}?backoff=0.001"
    journal = Journal(tmp_path / "calls.jsonl")
    agent = open_prompted("rci", model, data=tmp_path, journal=journal, cache=tmp_path)
    failures = {"Next action:": 2, "Improved plan": 1}

    def reply(prompt: str) -> tuple[int, str]:
        for words in failures:
            if words in prompt and failures[words]:
                failures[words] -= 1
                return 503, ""
        return 200, "click(2)"

    canned.reply = reply
    agent.start("e", "x", ())
    assert agent.act(PAGE, []).retries == 3
    assert agent.act(PAGE, [click(2)]).retries == 0
    agent.start("again", "x", ())
    assert agent.act(PAGE, []).retries == 0


def test_what_a_try_that_failed_had_made_again_is_told_by_the_next(
    canned: Canned, tmp_path: Path
) -> None:
    model = f"{canned.model}?backoff=0.001&retries=1"
    journal = Journal(tmp_path / "calls.jsonl")
    agent = open_prompted("rci", model, data=tmp_path, journal=journal, cache=tmp_path)
    codes = iter([503, 200, 503, 503])
    canned.reply = lambda prompt: (next(codes, 200), "click(2)")
    agent.start("e", "x", ())
    with pytest.raises(ModelFailed):
        agent.act(PAGE, [])
    agent.start("e", "x", ())
    assert agent.act(PAGE, []).retries == 1


def test_rci_plans_criticises_improves_and_refines_twice(canned: Canned, tmp_path: Path) -> None:
    agent = _agent("rci", canned, tmp_path)

    def reply(prompt: str) -> tuple[int, str]:
        if "Next action:" not in prompt:
            return 200, "BETTER" if "Improved plan" in prompt else "a plan"
        return 200, "click(3)" if "exactly one of the forms" in prompt else "click(2)"

    canned.reply = reply
    agent.start("e", "x", ())
    assert agent.act(PAGE, []).action == click(3)
    assert len(canned.asked) == 6
    assert "BETTER" in canned.asked[3]
    agent.act(PAGE, [click(3)])
    assert len(canned.asked) == 9


def _demonstrations(folder: Path) -> None:
    said = {
        "a": 'Click on the "OK" button.',
        "b": "Select x and click Submit.",
        "c": 'Enter "ada" into the text field and press Submit.',
    }
    rows = [
        {
            "episode_id": key, "task": "t", "order": "single", "seed": 1, "agent": "oracle",
            "step": step, "utterance": text, "html": "<p>", "html_sha256": "0" * 64,
            "action_type": "click", "ref": 4, "element_html": f"<b ref={step}>{key}", "text": None,
            "raw_output": None, "parse_error": False, "bad_reference": None,
            "covered": False, "reward": 1.0,
            "done": True, "part_states": [1],
        }
        for key, text in said.items()
        for step in range(2)
    ]  # fmt: skip
    shards.write_dataset(folder / "steps", STEPS, runs.table(STEPS, rows))


def test_exemplars_are_demonstrations_of_like_sentences_over_an_abstract_page(
    canned: Canned, tmp_path: Path
) -> None:
    _demonstrations(tmp_path / "dataset")
    shown = Demonstrations(tmp_path / "dataset").like('Click on the "No" button.', 2)
    assert "<b ref=0>a" in shown[-1]
    agent = _agent("exemplars", canned, tmp_path)
    agent.start("e", 'Click on the "No" button.', ())
    agent.act(PAGE, [])
    (prompt,) = canned.asked
    assert "Example task" in prompt
    assert '<button ref="2">OK' in prompt
    assert "<div" not in prompt
