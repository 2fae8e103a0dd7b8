from __future__ import annotations

import math
from typing import Any

import pytest

from measurand.models.openai_answers import (
    NotGiven,
    Unable,
    Unanswered,
    cached_tokens,
    listed,
    number,
    spelled,
    text_of,
    turn_openings,
    used_tokens,
)


def completion(**choice: Any) -> dict[str, Any]:
    return {"choices": [{"finish_reason": "stop", **choice}], "usage": {"prompt_tokens": 3}}


def test_raw_tokens_are_read_as_the_text_they_stand_for() -> None:
    assert spelled(["ĠA", "Ċ", "Ã©", "B"]) == [" A", "\n", "é", "B"]
    assert spelled(["▁A", "<0x0A>", "B"]) == [" A", "\n", "B"]
    # Without a raw blank among them these are letters of a text.
    assert spelled(["Ã©", "A", "ÄĠ"]) == ["Ã©", "A", "ÄĠ"]
    assert spelled([]) == []


def test_openings_of_a_turn_have_no_blank_and_are_added_up() -> None:
    table = {"A": math.log(0.3), " A": math.log(0.2), "\n\nB": math.log(0.1), " ": math.log(0.4)}
    found = turn_openings(table)
    assert {k: round(math.exp(x), 12) for k, x in found.items()} == {"A": 0.5, "B": 0.1}


def test_equal_texts_of_a_list_are_added_up_and_nothing_is_made_of_zero() -> None:
    tokens = [("a", math.log(0.5)), ("Ġ", math.log(0.2)), ("Ġ", math.log(0.1)), ("x", -math.inf)]
    rows = [{"token": t, "logprob": x} for t, x in tokens]
    found = listed(completion(logprobs={"content": [{"top_logprobs": rows}]}), chat=False)
    assert {k: round(math.exp(x), 12) for k, x in found.items()} == {"a": 0.5, " ": 0.3}


ROWS = [{"token": "1", "logprob": math.log(0.3)}, {"token": "2", "logprob": math.log(0.2)}]


@pytest.mark.parametrize(
    "given",
    [
        {"content": [{"top_logprobs": [*ROWS, ROWS[0]]}]},
        {"content": [{"top_logprobs": [ROWS[0], *ROWS]}], "top_logprobs": None},
        {"top_logprobs": [ROWS]},
        {"top_logprobs": [{row["token"]: row["logprob"] for row in ROWS}]},
    ],
)
def test_forms_of_a_list_give_each_token_once(given: Any) -> None:
    found = listed(completion(logprobs=given), chat=False)
    assert {k: round(math.exp(x), 12) for k, x in found.items()} == {"1": 0.3, "2": 0.2}


@pytest.mark.parametrize("form", ["chat", "completions", "list"])
@pytest.mark.parametrize(("value", "said"), [(0.5, "0.5"), (2.3, "2.3"), ("-1", "no number: '-1'")])
def test_a_log_prob_that_is_none_is_named_as_what_it_is(form: str, value: Any, said: str) -> None:
    rows = [ROWS[0], {"token": "2", "logprob": value}]
    given = {
        "chat": {"content": [{"top_logprobs": rows}]},
        "completions": {"top_logprobs": [{row["token"]: row["logprob"] for row in rows}]},
        "list": {"top_logprobs": [rows]},
    }[form]
    with pytest.raises(NotGiven, match=f"log-prob .*{said}"):
        listed(completion(logprobs=given), chat=False)


def test_the_generated_token_alone_is_no_list() -> None:
    given = {"tokens": ["1"], "token_logprobs": [-1.0], "top_logprobs": None}
    with pytest.raises(Unable, match="generated token alone"):
        listed(completion(logprobs=given), chat=False)


@pytest.mark.parametrize(
    "given", [None, {}, {"content": []}, {"content": [{}]}, {"top_logprobs": [3]}]
)
def test_a_list_that_is_none_is_named(given: Any) -> None:
    with pytest.raises(NotGiven, match="no log-probs"):
        listed(completion(logprobs=given), chat=False)


def test_a_thought_beside_the_list_is_named() -> None:
    rows = [{"top_logprobs": [{"token": "1", "logprob": -1.0}]}]
    answer = completion(logprobs={"content": rows}, message={"content": "", "reasoning": "So"})
    with pytest.raises(Unable, match="belongs to a thought"):
        listed(answer, chat=True)


def test_text_and_counts() -> None:
    answer = completion(text="so</think> Lima")
    assert text_of(answer, chat=False, close="</think>") == ("Lima", "stop", None)
    assert (used_tokens(answer), cached_tokens(answer)) == (3, None)
    for lost in ({}, {"choices": []}, {"choices": [{"text": 3}]}):
        with pytest.raises(NotGiven, match=r"no (text|choices)"):
            text_of(lost, chat=False)


@pytest.mark.parametrize("value", [True, "1", None, math.nan])
def test_what_is_no_number_is_no_log_probability(value: Any) -> None:
    with pytest.raises(NotGiven, match="log-prob that is no number: "):
        number(value)
    with pytest.raises(NotGiven, match=r"a log-prob of 0\.5; the logarithm of a probability is 0"):
        number(0.5)
    with pytest.raises(NotGiven, match="a log-prob of inf"):
        number(math.inf)
    assert number(-math.inf) == -math.inf


@pytest.mark.parametrize("finish", ["error", "abort", "insufficient_system_resource", "ERROR"])
def test_what_was_written_until_the_server_failed_is_no_answer(finish: str) -> None:
    rows = [{"top_logprobs": [{"token": t, "logprob": -1.0} for t in "12"]}]
    given = {"finish_reason": finish, "message": {"content": "a par"}, "text": "a par"}
    answer = completion(**given, logprobs={"content": rows})
    for chat in (True, False):
        with pytest.raises(NotGiven, match="broke off"):
            text_of(answer, chat=chat)
    with pytest.raises(NotGiven, match="broke off"):
        listed(answer, chat=True)
    with pytest.raises(NotGiven, match="broke off"):
        text_of(completion(message={"content": "a par"}, error={"code": 502}), chat=True)


@pytest.mark.parametrize("finish", ["content_filter: PROHIBITED_CONTENT", "SAFETY", "RECITATION"])
def test_a_filter_has_many_names(finish: str) -> None:
    with pytest.raises(Unanswered, match="content filter"):
        text_of(completion(finish_reason=finish, message={"content": "x"}), chat=True)


def test_a_list_whose_probabilities_are_none_is_named() -> None:
    rows = [{"top_logprobs": [{"token": t, "logprob": -0.1} for t in "12"]}]
    with pytest.raises(NotGiven, match=r"sum to 1\.81"):
        listed(completion(logprobs={"content": rows}), chat=False)


def test_the_first_alternative_is_read_wherever_it_stands() -> None:
    two = {"choices": [{"index": 1, "text": "b"}, {"index": 0, "text": "a"}]}
    assert text_of(two, chat=False)[0] == "a"
    assert text_of({"choices": [{"index": 3, "text": "only"}]}, chat=False)[0] == "only"
    for wrong in ([{"text": "a"}, {"text": "b"}], [{"index": 1}, {"index": 2}]):
        with pytest.raises(NotGiven, match="none of them of index 0"):
            text_of({"choices": wrong}, chat=False)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": "the model is  loading"}, "; the server says: the model is loading"),
        ({"message": "quota"}, "quota"),
        ({"detail": [{"msg": "field required"}]}, '"msg": "field required"'),
        ({"choices": None, "error_msg": "x" * 500}, "x" * 200 + r"\.\.\.$"),
        ({"object": "list"}, "no choices in the answer$"),
    ],
)
def test_a_body_without_an_answer_is_quoted(body: dict[str, Any], said: str) -> None:
    with pytest.raises(NotGiven, match=said):
        listed(body, chat=True)


FILTERED = {"hate": {"filtered": True, "severity": "high"}}


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [], "prompt_filter_results": [{"content_filter_results": FILTERED}]},
        {"choices": None, "prompt_annotations": [{"content_filter_results": FILTERED}]},
        {"choices": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
        {"choices": [{"finish_reason": "content_filter", "message": None, "logprobs": None}]},
        {"choices": [{"finish_reason": "PROHIBITED_CONTENT", "logprobs": {}}]},
    ],
)
def test_what_a_filter_stopped_is_no_failure_of_the_server(answer: dict[str, Any]) -> None:
    """Some filters leave no message, or no choice at all; asking again is no use."""
    with pytest.raises(Unanswered, match="withheld"):
        text_of(answer, chat=True)
    with pytest.raises(Unanswered, match="withheld"):
        listed(answer, chat=True)


def test_a_filter_that_stopped_nothing_explains_no_missing_answer() -> None:
    passed = {"hate": {"filtered": False, "severity": "safe"}}
    answer = {"choices": [], "prompt_filter_results": [{"content_filter_results": passed}]}
    with pytest.raises(NotGiven, match="no choices in the answer"):
        text_of(answer, chat=True)
