from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.soft_labels.conversations import Asked, NotTextError, read

USER = {"role": "user", "content": "Why?"}
YES = {"role": "assistant", "content": "Because."}
NO = {"role": "assistant", "content": "No idea."}
PLAIN = Asked("Why?", "Because.", "No idea.")


@pytest.mark.parametrize(
    ("prompt", "first", "second"),
    [
        ("Why?", "Because.", "No idea."),
        ([USER], [YES], [NO]),
        ([USER], [USER, YES], [USER, NO]),
        ("Why?", [USER, YES], [USER, NO]),
        (None, [USER, YES], [USER, NO]),
        ("Why?", [YES], [NO]),
        ("Why?", [YES], "No idea."),
        ([{"from": "human", "value": "Why?"}], [{"from": "gpt", "value": "Because."}], [NO]),
        ([USER], [{"role": "assistant", "content": [{"type": "text", "text": "Because."}]}], [NO]),
    ],
)
def test_every_form_gives_the_same_texts(prompt: Any, first: Any, second: Any) -> None:
    assert read(prompt, first, second) == PLAIN


def test_several_messages_are_a_dialogue_with_names() -> None:
    system = {"role": "system", "content": "Be short."}
    early = {"role": "assistant", "content": "What?"}
    asked = read(None, [system, USER, early, USER, YES], [system, USER, early, USER, NO])
    assert asked == Asked(
        "System: Be short.\n\nUser: Why?\n\nAssistant: What?\n\nUser: Why?\n\nAssistant:",
        "Because.",
        "No idea.",
    )
    longer = read([USER], [YES, USER, NO], [NO, USER, YES])
    assert longer.first == "Because.\n\nUser: Why?\n\nAssistant: No idea."


def test_dialogues_as_one_text_share_their_beginning() -> None:
    before = "\n\nHuman: Why?\n\nAssistant: What?\n\nHuman: That.\n\nAssistant:"
    assert read(None, before + " Because.", before + " Be off.") == Asked(
        before, " Because.", " Be off."
    )
    assert read("P", before + " a", before + " b").prompt == "P"
    # Texts that only begin alike are no dialogue.
    assert read(None, "The sky is blue.", "The sky is green.").prompt == ""


def test_equal_conversations_give_equal_responses() -> None:
    asked = read(None, [USER, YES], [USER, YES])
    assert asked == Asked("Why?", "Because.", "Because.")


@pytest.mark.parametrize(
    "cell",
    [
        [1],
        ["text"],
        [{"content": "no role"}],
        [{"role": "assistant", "content": None}],
        [{"role": "assistant", "content": [{"type": "image", "image": 3}]}],
        {"text": "no message"},
        b"bytes",
    ],
)
def test_what_is_no_text_is_named(cell: Any) -> None:
    with pytest.raises(NotTextError):
        read("Why?", cell, [NO])


def test_one_message_and_messages_as_json_are_messages() -> None:
    asked = [{"from": "human", "value": "Q"}]
    good, bad = {"from": "gpt", "value": "good"}, {"from": "gpt", "value": "bad"}
    assert read(asked, good, bad) == ("Q", "good", "bad")
    written = [json.dumps([*asked, one]) for one in (good, bad)]
    assert read(None, *written) == ("Q", "good", "bad")
    assert read("[1] is cited", "[{x: 1}]", "y").first == "[{x: 1}]"
    with pytest.raises(NotTextError, match="no JSON"):
        read(None, str([good]), str([bad]))
