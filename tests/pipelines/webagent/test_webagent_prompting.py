from __future__ import annotations

from collections.abc import Iterator

import pytest
from canned_model import Canned

from measurand.errors import InfraError, InputError
from pipelines.webagent import guard, prompting
from pipelines.webagent.instructions import tasks
from pipelines.webagent.page import Seen
from pipelines.webagent.prompting import EXAMPLES, program, prompt
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


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(InputError, match="nobody"):
        prompting.load("nobody:x")
