from __future__ import annotations

import pytest

from measurand.models import thoughts


@pytest.mark.parametrize(
    ("text", "close", "said"),
    [
        ("Lima", "", "Lima"),
        ("<think>Peru...</think>\n\nLima", "", "Lima"),
        ("\n<thinking>a</thinking> b</thinking>Lima", "", "Lima"),
        ("[THINK]Peru[/THINK]Lima", "", "Lima"),
        ("so it is Lima</think>\nLima", "</think>", "Lima"),
        # A server whose template opened the thought sends its end alone.
        ("so it is Lima</think>\nLima", "", "Lima"),
        ("<think>Peru is", "", None),
        ("Peru is", "</think>", None),
        ("", "", ""),
        ("a < b and <b>c</b>", "", "a < b and <b>c</b>"),
    ],
)
def test_the_answer_stands_after_the_thought(text: str, close: str, said: str | None) -> None:
    assert thoughts.answer(text, close) == said


def test_a_template_that_opens_a_thought_is_seen() -> None:
    assert thoughts.opened("<|user|>Hi<|assistant|><think>\n") == "</think>"
    assert thoughts.opened("<|assistant|>[THINK]") == "[/THINK]"
    assert thoughts.opened("<|assistant|><think>\n\n</think>\n\n") == ""
    assert thoughts.opened("<|assistant|>") == ""


def test_a_first_token_may_begin_a_thought() -> None:
    assert thoughts.begins(" <think>")
    assert not thoughts.begins("")
    assert not thoughts.begins("A")


def test_stop_texts_cut_at_the_first() -> None:
    assert thoughts.cut("a\nQ: b; c", (";", "\nQ:", "")) == "a"
    assert thoughts.cut("abc", ()) == "abc"
