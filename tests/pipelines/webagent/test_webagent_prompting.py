from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from canned_model import Canned

from measurand.errors import CapabilityError, InfraError, InputError
from measurand.models.protocol import Capabilities, Completion, Request, Sampling
from pipelines.webagent import guard, prompting
from pipelines.webagent.html import count
from pipelines.webagent.instructions import tasks
from pipelines.webagent.page import Seen
from pipelines.webagent.prompting import EXAMPLES, Prompted, program, prompt
from schemas.webagent.params import SITES

CODE = "driver.find_element(By.ID, 'a').click()"


@pytest.fixture
def canned() -> Iterator[Canned]:
    server = Canned(f"Sure!\n```python\n{CODE}\n```\nDone.")
    yield server
    prompting.close_all()
    server.http.shutdown()
    server.http.server_close()


def test_examples_may_run_and_name_elements_that_they_show() -> None:
    assert len(EXAMPLES) == 5
    for _, part, code in EXAMPLES:
        assert guard.refusal(code) is None
        shown = Seen(part)
        for ref in shown.refs:
            assert shown.element(ref) is not None
        used = [int(w.split('"')[0]) for w in code.split('data-ref="')[1:]]
        assert set(used) <= shown.refs


def test_examples_hold_no_value_that_is_asked_for() -> None:
    text = " ".join(" ".join(one) for one in EXAMPLES).lower()
    for site in SITES:
        for task in tasks(site, "eval", 24, 0):
            values = [v for v in task.goal.slots.values() if len(v) > 3]
            assert not [v for v in values if v.lower() in text]


def test_a_program_is_the_first_block_or_the_answer() -> None:
    assert program(f"Sure!\n```python\n{CODE}\n```\nor\n```\npass\n```") == f"{CODE}\n"
    assert program(f"```\n{CODE}\n{CODE}") == f"{CODE}\n{CODE}\n"
    assert program(f"\n{CODE}\n") == f"{CODE}\n"
    assert not program("```python\n```").strip()
    # Indentation is a part of a program.
    assert program("```py\nif 1:\n    pass\n```") == "if 1:\n    pass\n"


def test_a_writer_asks_for_the_step_with_its_snippet(canned: Canned) -> None:
    writer = prompting.load(canned.model)
    canned.asked.clear()
    found = writer.write('Press "A".', "<b>x</b>")
    assert (found.program, found.prompt_tokens, found.completion_tokens) == (f"{CODE}\n", 11, 5)
    writer.write('Press "A".', "<b>x</b>", "NoSuchElementException: a")
    assert canned.asked == [
        prompt('Press "A".', "<b>x</b>"),
        prompt('Press "A".', "<b>x</b>", "NoSuchElementException: a"),
    ]
    assert "The last program failed: NoSuchElementException: a\nProgram:" in canned.asked[1]
    assert writer.name == canned.model
    assert writer.identity == prompting.load(canned.model).identity


def test_a_server_that_fails_is_nobodys_mistake(canned: Canned) -> None:
    writer = prompting.load(canned.model)
    canned.reply = lambda _: (400, "")
    with pytest.raises(InfraError, match="openai:"):
        writer.write("x", "y")


class Local:
    """A model of this machine, as far as a writer sees it.

    Args:
        able: what it can do.
        text: what it writes.
        pause: seconds a token.
    """

    spec, fingerprint = "local", "f"

    def __init__(self, able: dict[str, bool], text: str = CODE, pause: float = 0.0) -> None:
        self.asked: list[tuple[Request, Sampling]] = []
        self._able, self._text, self._pause, self.closed = able, text, pause, False

    def capabilities(self) -> Capabilities:
        usual = {"logprobs": True, "chat_template": True, "begins": True} | self._able
        return Capabilities(
            generate=True, constrained=True, max_model_tokens=None, dtype="float32", **usual
        )

    def generate(self, requests: Any, sampling: Sampling, repeat: int = 0) -> list[Completion]:
        self.asked += [(one, sampling) for one in requests]
        time.sleep(self._pause * sampling.max_tokens)
        return [Completion(self._text, 4, 9, "stop") for _ in requests]

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("able", "begun", "ends"),
    [
        ({}, True, ("```",)),
        ({"chat_template": False, "begins": False}, False, ("```",)),
        ({"begins": False}, False, ("\nStep:",)),
        # A thought comes before what would be begun.
        ({"logprobs": False}, False, ("\nStep:",)),
    ],
)
def test_an_answer_begins_with_a_block_where_it_can(
    able: dict[str, bool], begun: bool, ends: tuple[str, ...]
) -> None:
    model: Any = Local(able)
    assert Prompted(model).write('Press "A".', "<b>x</b>").program == f"{CODE}\n"
    [(request, sampling)] = model.asked
    assert bool(request.begun) == begun
    assert sampling.stop == ends
    plain = able.get("chat_template") is False
    assert request.prompt.endswith("Program:\n```python\n" if plain else "Program:\n")


def test_a_slow_model_is_refused_before_the_first_episode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model: Any = Local({}, pause=0.01)
    monkeypatch.setattr(prompting.models, "load", lambda spec, cache: model)
    try:
        # A hundredth of a second a token, 160 tokens.
        with pytest.raises(CapabilityError, match="local would take up to") as caught:
            prompting.load("local", snippet_tokens=500, most_seconds=0.8)
        assert caught.value.code == "slow_writer"
        assert "evaluate.write_seconds" in str(caught.value.hint)
        short, long = model.asked[-2:]
        assert (short[1].max_tokens, long[1].max_tokens) == (1, prompting.TRIED)
        assert 400 < count(long[0].prompt.rpartition("Page: ")[2]) < 520
        assert model.closed
        with pytest.raises(CapabilityError):
            prompting.load("local", most_seconds=0.8)
    finally:
        prompting.close_all()
    model = Local({})
    try:
        assert prompting.load("local", most_seconds=60).name == "local"
    finally:
        prompting.close_all()


@pytest.mark.integration
def test_the_model_that_comes_without_a_download_writes_a_program() -> None:
    """Half a minute on one core: the model is unpacked, then writes some thirty tokens."""
    spec = "smollm2?template=none"
    try:
        page = '<form data-ref="4"><button data-ref="21">Search</button></form>'
        found = prompting.load(spec).write('Press "Search".', page)
    finally:
        prompting.close_all()
    assert guard.refusal(found.program) is None
    assert 'data-ref="' in found.program
    assert found.completion_tokens is not None
    assert found.completion_tokens < prompting.BEGUN.max_tokens


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(InputError, match="nobody"):
        prompting.load("nobody:x")
