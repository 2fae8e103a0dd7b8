from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import toy_server
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_server import ToyServer, body, logprob, status

from measurand.errors import CapabilityError, InfraError
from measurand.models.openai_http import Http, Patience
from measurand.models.openai_routes import (
    CONSTRAINTS,
    NotGiven,
    Server,
    Unable,
    by_echo,
    by_ids,
    by_top,
    constrain,
    find_constraint,
    find_route,
)
from measurand.models.prompts import Prompts

DIGITS = ("1", "2", "3", "4", "5")
PROMPT = "Rate it from 1 to 5: "


@pytest.fixture
def server(toy: ToyServer) -> Iterator[Server]:
    http = Http(toy.url, patience=Patience(timeout_s=2, retries=0))
    yield Server(http, toy_server.MODEL, chat=False, prompts=None)
    http.close()


def test_echo_gives_the_known_log_probs(server: Server) -> None:
    score = by_echo(server, PROMPT, DIGITS)
    known = [logprob(PROMPT, digit) for digit in DIGITS]
    assert score.logprobs == pytest.approx(known, abs=1e-12)
    assert score.choice == known.index(max(known))
    assert score.mass == pytest.approx(sum(map(math.exp, known)))
    assert score.prompt_tokens == len(PROMPT)


def test_echo_sums_over_the_tokens_of_long_choices(server: Server) -> None:
    choices = ("agree", "agree strongly", "10", "1", "disagree")
    score = by_echo(server, PROMPT, choices)
    assert score.logprobs == pytest.approx([logprob(PROMPT, c) for c in choices], abs=1e-12)


def test_echo_counts_tokens_that_all_choices_begin_with(server: Server) -> None:
    score = by_echo(server, PROMPT, ("(a)", "(b)"))
    assert score.logprobs == pytest.approx([logprob(PROMPT, c) for c in ("(a)", "(b)")], abs=1e-12)


def test_top_gives_the_known_log_probs_where_they_are_listed(
    toy: ToyServer, server: Server
) -> None:
    toy.most_top = 200
    score = by_top(server, PROMPT, DIGITS, 200)
    assert score.logprobs == pytest.approx([logprob(PROMPT, d) for d in DIGITS], abs=1e-12)
    assert score.reason is None


@pytest.mark.parametrize("chat", [False, True])
def test_top_bounds_the_mass_of_unlisted_choices(server: Server, chat: bool) -> None:
    server = replace(server, chat=chat)
    prompt = "Rate it: "
    seen = f"[{prompt}]" if chat else prompt
    listed = list(toy_server.best(toy_server.row(seen), 20))
    inside = [c for c in listed if c != toy_server.END][:2]
    outside = [c for c in toy_server.ALPHABET if c not in listed][:3]
    choices = (outside[0], inside[1], outside[1], inside[0], outside[2])
    score = by_top(server, prompt, choices, 20)
    assert score.logprobs is not None
    assert score.mass is not None
    assert [x is None for x in score.logprobs] == [True, False, True, False, True]
    assert score.choice == 3
    truth = sum(math.exp(logprob(seen, c)) for c in choices)
    assert score.reason is not None
    assert score.reason.startswith("3 of 5 choices not among the 20 listed tokens: mass is between")
    low, high = (float(word) for word in score.reason.split("between ")[1].split(" and "))
    assert low <= truth <= high
    assert score.mass == pytest.approx(sum(math.exp(logprob(seen, c)) for c in inside))


def test_top_without_any_choice_is_no_score(server: Server) -> None:
    listed = toy_server.best(toy_server.row(PROMPT), 20)
    outside = [c for c in toy_server.ALPHABET if c not in listed][:3]
    score = by_top(server, PROMPT, outside, 20)
    assert (score.status, score.choice, score.mass) == ("model_error", None, None)


def test_top_refuses_choices_that_begin_with_a_listed_token(server: Server) -> None:
    first = next(iter(toy_server.best(toy_server.row(PROMPT), 1)))
    with pytest.raises(Unable, match="takes several tokens"):
        by_top(server, PROMPT, (f"{first}{first}", "other"), 20)


def test_ids_needs_a_tokenizer(server: Server) -> None:
    with pytest.raises(Unable, match="without a tokenizer"):
        by_ids(server, PROMPT, DIGITS)


class Letters:
    """A tokenizer whose tokens are characters, like those of the server."""

    def __call__(self, texts: str | list[str], add_special_tokens: bool) -> dict[str, Any]:
        if isinstance(texts, str):
            return {"input_ids": [ord(letter) for letter in texts]}
        return {"input_ids": [[ord(letter) for letter in text] for text in texts]}


def test_ids_gives_the_known_log_probs_in_one_request(toy: ToyServer, server: Server) -> None:
    server = replace(server, prompts=Prompts(Letters(), chat=False), context=100)
    score = by_ids(server, PROMPT, DIGITS)
    assert score.logprobs == pytest.approx([logprob(PROMPT, d) for d in DIGITS], abs=1e-12)
    assert len(toy.bodies) == 1
    assert toy.bodies[0]["prompt"] == [ord(letter) for letter in PROMPT]
    long = ("agree", "agree strongly", "1")
    score = by_ids(server, PROMPT, long)
    assert score.logprobs == pytest.approx([logprob(PROMPT, c) for c in long], abs=1e-12)
    assert len(toy.bodies) == 1 + 3
    assert by_ids(server, "x" * 99, DIGITS).status == "ok"
    assert by_ids(server, "x" * 100, DIGITS).status == "skipped"
    assert by_ids(server, "x" * 98, ("10", "1")).status == "skipped"
    assert by_ids(server, "", DIGITS).status == "skipped"


def test_a_server_that_passes_over_token_ids_is_read_by_echo(
    toy: ToyServer, server: Server
) -> None:
    server = replace(server, prompts=Prompts(Letters(), chat=False))
    assert find_route("x", server)[0] == "ids"
    toy.knows_ids = False
    with pytest.raises(NotGiven, match="no log-probs of the choices"):
        by_ids(server, PROMPT, DIGITS)
    assert find_route("x", server)[0] == "echo"


LOST = {
    "no logprobs field": {"logprobs": None},
    "empty": {"logprobs": {}},
    "empty lists": {"logprobs": {"tokens": [], "token_logprobs": [], "top_logprobs": []}},
    "a word": {"logprobs": "yes"},
    "the generated token alone": {
        "logprobs": {"tokens": ["3"], "token_logprobs": [-0.1], "top_logprobs": [{"3": -0.1}]}
    },
    "texts for numbers": {
        "logprobs": {
            "tokens": [*PROMPT, "3"],
            "token_logprobs": ["-1"] * 30,
            "top_logprobs": [{"3": "-0.1", "4": "x"}],
        }
    },
}


@pytest.mark.parametrize("name", LOST)
@pytest.mark.parametrize("way", ["echo", "top"])
def test_what_is_missing_is_never_a_number(
    name: str, way: str, toy: ToyServer, server: Server
) -> None:
    toy.fault = lambda path, sent, n: LOST[name]
    with pytest.raises((NotGiven, Unable)):
        by_echo(server, PROMPT, DIGITS) if way == "echo" else by_top(server, PROMPT, DIGITS, 20)


@pytest.mark.parametrize(
    "raw", [b"{}", b'{"choices": []}', b'{"choices": null}', b'{"choices": [7]}']
)
def test_an_answer_of_another_form_is_named(raw: bytes, toy: ToyServer, server: Server) -> None:
    toy.fault = lambda path, sent, n: body(raw)
    with pytest.raises(NotGiven, match="in the answer"):
        by_echo(server, PROMPT, DIGITS)
    with pytest.raises(NotGiven, match="in the answer"):
        by_top(server, PROMPT, DIGITS, 20)


def test_an_echo_of_something_else_is_refused(toy: ToyServer, server: Server) -> None:
    def cut(path: str, sent: dict[str, object], n: int) -> object:
        words = [*str(sent["prompt"]).upper(), "x"]
        return {"logprobs": {"tokens": words, "token_logprobs": [-1.0] * len(words)}}

    toy.fault = cut
    with pytest.raises(NotGiven, match="not the prompt"):
        by_echo(server, PROMPT, DIGITS)


def test_the_best_way_is_found(toy: ToyServer, server: Server) -> None:
    assert find_route("x", server)[0] == "echo"
    toy.fault = lambda path, sent, n: status(400) if sent.get("echo") else None
    assert find_route("x", server)[0] == "top"
    toy.most_top = 5
    assert find_route("x", server)[0] == "top"
    assert toy.bodies[-1]["logprobs"] == 5
    toy.most_top = 1
    assert find_route("x", server)[:2] == (None, None)


def test_equal_log_probs_of_all_choices_are_no_log_probs(toy: ToyServer, server: Server) -> None:
    ties = {"top_logprobs": [dict.fromkeys([*DIGITS, "x"], -2.0)], "tokens": ["x"]}
    toy.fault = lambda path, sent, n: {"logprobs": {**ties, "token_logprobs": [-2.0]}}
    assert find_route("x", server)[:2] == (None, None)


@pytest.mark.parametrize("value", [0.5, math.inf, math.nan])
def test_impossible_log_probs_are_no_log_probs(
    value: float, toy: ToyServer, server: Server
) -> None:
    table = {digit: -float(digit) for digit in DIGITS} | {"2": value}
    toy.fault = lambda path, sent, n: {"logprobs": {"top_logprobs": [table]}}
    assert find_route("x", server)[:2] == (None, None)


def test_a_server_in_trouble_is_not_mistaken_for_one_without_log_probs(
    toy: ToyServer, server: Server
) -> None:
    toy.fault = lambda path, sent, n: status(500)
    with pytest.raises(InfraError, match="HTTP 500"):
        find_route("x", server)


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        (401, InfraError, "unauthorized"),
        (403, InfraError, "unauthorized"),
        (404, CapabilityError, "unknown_model"),
    ],
)
def test_a_refusal_that_concerns_all_requests_is_named(
    code: int, kind: type[CapabilityError], name: str, toy: ToyServer, server: Server
) -> None:
    toy.fault = lambda path, sent, n: status(code)
    with pytest.raises(kind) as caught:
        find_route("x", server)
    assert caught.value.code == name
    assert caught.value.hint


@pytest.mark.parametrize("chat", [False, True])
def test_constrained_answers(chat: bool, toy: ToyServer, server: Server) -> None:
    server = replace(server, chat=chat)
    found = find_constraint(server)
    assert found is CONSTRAINTS[0]
    choice, _, _ = constrain(server, PROMPT, DIGITS, found, {})
    seen = f"[{PROMPT}]" if chat else PROMPT
    assert choice == max(DIGITS, key=lambda c: logprob(seen, c))
    toy.structured = False
    assert find_constraint(server) is None
    with pytest.raises(NotGiven):
        constrain(server, PROMPT, DIGITS, found, {})


def test_the_json_form_of_a_constraint_is_read(toy: ToyServer, server: Server) -> None:
    toy.fault = lambda path, sent, n: (
        {"text": '{"answer": "quartz"}'} if "response_format" in sent else None
    )
    toy.structured = False
    assert find_constraint(server) is CONSTRAINTS[1]


LEAVES = (
    st.none()
    | st.booleans()
    | st.sampled_from([-3, 0, 2, 10**400, -(10**400)])
    | st.floats(allow_nan=True)
    | st.sampled_from(["", "1", "token_id:49", PROMPT])
)
NAMES = ("choices", "logprobs", "tokens", "token_logprobs", "top_logprobs", "content", "usage")
MORE = ("prompt_tokens", "message", "text", "token", "logprob", "1", "token_id:49", "error")
ANSWERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES + MORE), inner)
    ),
    max_leaves=25,
)


@pytest.mark.integration
def test_no_answer_whatever_is_a_traceback_or_a_false_score(toy: ToyServer, server: Server) -> None:
    ways = [
        lambda: by_echo(server, PROMPT, DIGITS),
        lambda: by_top(server, PROMPT, DIGITS, 20),
        lambda: by_top(replace(server, chat=True), PROMPT, DIGITS, 20),
        lambda: by_ids(replace(server, prompts=Prompts(Letters(), chat=False)), PROMPT, DIGITS),
    ]

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(answer=ANSWERS, shell=st.booleans(), way=st.integers(0, 3))
    def throw(answer: object, shell: bool, way: int) -> None:
        whole = {"choices": [{"logprobs": answer}], "usage": {"prompt_tokens": 22}}
        toy.fault = lambda path, sent, n: body(json.dumps(whole if shell else answer).encode())
        try:
            score = ways[way]()
        except (InfraError, Unable):
            return
        for x in score.logprobs or ():
            assert x is None or (math.isfinite(x) and x <= 1e-5)

    throw()
