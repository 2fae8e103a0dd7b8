from __future__ import annotations

from typing import Any

import pytest

from measurand.models.openai_http import Refused
from measurand.models.openai_manners import Manners, too_long, withheld

BODY: dict[str, Any] = {"model": "m", "max_tokens": 5, "temperature": 0.0, "seed": 1, "top_k": 0}


def refusal(words: str, status: int = 400, fields: tuple[str, ...] = ()) -> Refused:
    return Refused(status, words, words=words, fields=fields)


def test_own_fields_go_over_ours_and_null_leaves_out() -> None:
    manners = Manners("x", {"temperature": None, "top_k": 5, "max_completion_tokens": 9})
    fitted = manners.fit(BODY)
    assert fitted == {"model": "m", "max_completion_tokens": 9, "seed": 1, "top_k": 5}
    # What the user asks for is not taken back.
    assert not manners.learn(fitted, refusal("Unsupported parameter: 'top_k'"))


@pytest.mark.parametrize(
    ("words", "fields", "gone"),
    [
        ("Unsupported value: 'temperature' does not support 0", ("temperature",), {"temperature"}),
        ("Unrecognized request argument supplied: top_k", (), {"top_k"}),
        ("Unknown parameter: 'seed'", ("seed",), {"seed"}),
        ("Extra inputs are not permitted, input: {'temperature': 0}", ("seed",), {"seed"}),
    ],
)
def test_fields_that_are_named_are_left_out_from_then_on(
    words: str, fields: tuple[str, ...], gone: set[str]
) -> None:
    manners = Manners()
    assert manners.learn(manners.fit(BODY), refusal(words, fields=fields))
    assert set(BODY) - set(manners.fit(BODY)) == gone
    # A refusal of the same field again is no progress.
    assert not manners.learn(manners.fit(BODY), refusal(words, fields=fields))


@pytest.mark.parametrize(
    "wrong",
    [
        refusal("temperature is a fine thing"),
        refusal("Unsupported parameter: 'messages'", fields=("messages",)),
        refusal("Unsupported parameter: 'temperature'", status=500),
        refusal("Unsupported model"),
    ],
)
def test_other_refusals_teach_nothing(wrong: Refused) -> None:
    manners = Manners()
    assert not manners.learn(manners.fit(BODY), wrong)
    assert manners.fit(BODY) == BODY


def test_the_limit_is_renamed() -> None:
    manners = Manners()
    words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    assert manners.learn(manners.fit(BODY), refusal(words, fields=("max_tokens",)))
    fitted = manners.fit(BODY)
    assert fitted["max_completion_tokens"] == 5
    assert "max_tokens" not in fitted


def test_a_limit_that_the_model_string_gives_is_not_renamed() -> None:
    manners = Manners("x", {"max_tokens": 9})
    words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    sent = manners.fit(BODY)
    assert sent["max_tokens"] == 9
    assert not manners.learn(sent, refusal(words, fields=("max_tokens",)))


def test_a_server_that_wants_more_tokens_gets_them() -> None:
    manners = Manners()
    words = "Invalid 'max_tokens': integer below minimum value. Expected a value >= 16"
    assert manners.learn(manners.fit(BODY), refusal(words, fields=("max_tokens",)))
    assert manners.fit(BODY)["max_tokens"] == 16
    assert manners.fit(BODY | {"max_tokens": 99})["max_tokens"] == 99
    assert not manners.learn(manners.fit(BODY), refusal(words))
    assert not manners.learn(manners.fit(BODY), refusal("max_tokens must be at least 5000"))
    assert "max_tokens" not in manners.fit({"model": "m"})


def test_a_temperature_of_zero_may_be_no_temperature() -> None:
    manners = Manners()
    assert manners.learn(manners.fit(BODY), refusal("`temperature` must be strictly positive", 422))
    assert "temperature" not in manners.fit(BODY)


def test_refusals_of_one_prompt() -> None:
    assert too_long(refusal("This model's maximum context length is 8192 tokens"))
    assert not too_long(refusal("context length", status=429))
    assert withheld(refusal("blocked by content_filter"))
    assert not withheld(refusal("filter"))


@pytest.mark.parametrize(
    "words",
    [
        "the request exceeds the available context size, try increasing it",
        "Input validation error: `inputs` must have less than 4095 tokens. Given: 5000",
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 and 200",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "Input length (5000 tokens) exceeds the maximum allowed length (4096 tokens).",
        "Please reduce the length of the messages or completion.",
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
        "The number of tokens to keep from the initial prompt is greater than the context length",
    ],
)
def test_servers_say_that_a_prompt_is_too_long_in_many_ways(words: str) -> None:
    assert too_long(refusal(words))
    assert not too_long(refusal("max_tokens exceeds the maximum of 4096 for a completion"))
