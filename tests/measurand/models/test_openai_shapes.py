"""Servers as they are: each shape is a real server over HTTP that answers like one of its kind.

The toy server knows every probability; a shape changes what it takes and how it says it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import toy_server
from shaped import (
    CHOICES,
    KNOWN,
    LISTED,
    PROMPT,
    Body,
    Change,
    model_of,
    refused,
    renamed,
    scored,
    shape,
)
from toy_server import ToyServer, best, logprob, row

from measurand.errors import CapabilityError
from measurand.models.protocol import Request, Sampling, check


@pytest.mark.parametrize(
    "spell",
    [str, lambda t: f" {t}", lambda t: f"Ġ{t}", lambda t: f"▁{t}", lambda t: f"Ċ{t}"],
    ids=["bare", "blank", "byte level", "sentencepiece", "line break"],
)
def test_an_answer_that_opens_a_turn_is_found_however_it_is_spelt(
    spell: Callable[[str], str], toy: ToyServer
) -> None:
    shape(toy, renamed(lambda t: spell(t) if t.isalnum() else t))
    model = model_of(toy)
    check(model, logprobs=True, sample=[Request(PROMPT, choices=CHOICES)])
    assert scored(model) == pytest.approx(KNOWN, abs=1e-12)
    model.close()


def test_spellings_of_one_answer_are_added_up(toy: ToyServer) -> None:
    one, two = LISTED[0], LISTED[5]
    shape(toy, renamed(lambda t: f" {one}" if t == two else t))
    model = model_of(toy)
    found = scored(model)
    pooled = math.log(sum(math.exp(logprob(f"[{PROMPT}]", c)) for c in (one, two)))
    assert found == pytest.approx([pooled, *KNOWN[1:]], abs=1e-12)
    (both,) = model.score([Request(PROMPT, choices=("A", " A"))], ())
    assert (both.status, both.reason) == (
        "skipped",
        "choices that differ in the blank before them are one in a turn",
    )
    model.close()


@pytest.mark.parametrize("value", [-math.inf, -9999.0, -1e300])
def test_a_token_of_probability_0_is_an_unlisted_one(value: float, toy: ToyServer) -> None:
    def change(body: Body, answer: Body) -> Body:
        for one in (answer["choices"][0].get("logprobs") or {}).get("content") or []:
            for token in one["top_logprobs"]:
                token["logprob"] = value if token["token"] == LISTED[1] else token["logprob"]
        return answer

    shape(toy, change)
    model = model_of(toy)
    assert scored(model) == [pytest.approx(KNOWN[0]), None, pytest.approx(KNOWN[2])]
    model.close()


def as_llama_cpp(body: Body, answer: Body) -> Body:
    """llama-server: completions list tokens in the chat form and pass over ``echo``."""
    if body.get("logprobs") and not body.get("messages"):
        table = best(row(body["prompt"]), body["logprobs"])
        tokens = [{"id": 1, "token": t, "bytes": [], "logprob": x} for t, x in table.items()]
        answer["choices"][0]["logprobs"] = {"content": [{**tokens[0], "top_logprobs": tokens}]}
        answer["choices"][0]["text"] = tokens[0]["token"]
    return answer


def test_llama_cpp_completions(toy: ToyServer) -> None:
    shape(toy, as_llama_cpp)
    model = model_of(toy, "&template=none")
    check(model, logprobs=True)
    assert model.route == "top"
    listed = [c for c in best(row("Rate: "), 20) if c != toy_server.END]
    (score,) = model.score([Request("Rate: ", choices=tuple(listed[:3]))], ())
    assert score.logprobs == pytest.approx([logprob("Rate: ", c) for c in listed[:3]], abs=1e-12)
    model.close()


def as_o_series(body: Body, answer: Body) -> Any:
    """OpenAI's reasoning models: another limit, their own temperature, no stop texts."""
    if "max_tokens" in body:
        said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        return refused(f"{said}'max_completion_tokens' instead.", "max_tokens")
    if body.get("temperature", 1) != 1:
        return refused("Unsupported value: 'temperature' does not support 0.", "temperature")
    for name in ("stop", "top_p"):
        if name in body:
            return refused(f"Unsupported parameter: '{name}' is not supported.", name)
    return answer


def as_strict(body: Body, answer: Body) -> Any:
    """A server that checks its requests, and shows all of what it was sent."""
    extra = sorted({"seed", "top_p"} & set(body))
    if extra:
        words = [
            {"loc": ["body", name], "msg": "Extra inputs are not permitted", "input": body}
            for name in extra
        ]
        return 422, {"detail": words}
    return answer


@pytest.mark.parametrize("change", [as_o_series, as_strict])
def test_fields_that_a_server_does_not_take_are_put_otherwise(
    change: Change, toy: ToyServer, caplog: pytest.LogCaptureFixture
) -> None:
    shape(toy, change)
    model = model_of(toy)
    check(model, logprobs=True, generate=True)
    assert scored(model) == pytest.approx(KNOWN, abs=1e-12)
    toy.bodies.clear()
    (text,) = model.generate([Request(PROMPT)], Sampling(max_tokens=9, stop=("%",)))
    assert (text.status, len(text.text or "") > 0) == ("ok", True)
    last = toy.bodies[-1]
    if change is as_o_series:
        assert last["max_completion_tokens"] == 9
        assert not {"max_tokens", "temperature", "stop"} & set(last)
        assert "takes no temperature: left to the server" in caplog.text
    else:
        assert last["temperature"] == 0.0
        assert not {"seed", "top_p"} & set(last)
    model.close()


def test_a_refusal_that_only_shows_the_request_changes_nothing(toy: ToyServer) -> None:
    shape(toy, lambda body, answer: (400, {"error": {"message": f"bad prompt in {body}"}}))
    model = model_of(toy)
    with pytest.raises(CapabilityError, match="bad prompt") as caught:
        check(model, generate=True)
    assert "it can do: nothing" in str(caught.value)
    assert all("temperature" in body for body in toy.bodies)
    model.close()
