"""Servers that are not the same model are refused by name, before the first item."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import toy_server
from prefix_cache import servers, spec_of
from toy_server import MODEL, ToyServer

from measurand.errors import CapabilityError
from measurand.models import load
from measurand.models.openai import OpenAIModel
from measurand.models.openai_sameness import CLOSE
from measurand.models.protocol import Request, Sampling, check

Change = Callable[[dict[str, Any], dict[str, Any]], None]
DIGITS = ("1", "2", "3", "4", "5")


@pytest.fixture
def two() -> Iterator[list[ToyServer]]:
    with servers(2) as toys:
        yield sorted(toys, key=lambda toy: toy.url)


def name(toy: ToyServer) -> str:
    return toy.url.removeprefix("http://")


def change(toy: ToyServer, how: Change) -> None:
    """Let ``how`` see (request, answer) and change the answer."""

    def fault(path: str, body: dict[str, Any], n: int) -> Any:
        status, answer = toy.answer(path, body)
        if status == 200:
            how(body, answer)
        return lambda handler: toy_server.reply(handler, status, answer)

    toy.fault = fault


def shifted(by: float) -> Change:
    """Log-probs of what follows the prompt, moved by so much."""

    def how(body: dict[str, Any], answer: dict[str, Any]) -> None:
        given = answer["choices"][0]["logprobs"]
        if given is not None:
            given["token_logprobs"] = [x and x - by for x in given["token_logprobs"]]

    return how


def refused(toys: list[ToyServer]) -> str:
    with pytest.raises(CapabilityError) as caught:
        check(load(spec_of(toys)), logprobs=True)
    assert caught.value.code == "other_server"
    for toy in toys:
        assert name(toy) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({"id": MODEL, "root": "toy-2", "max_model_len": 4096}, "root 'toy'"),
        ({"id": MODEL, "root": "toy", "max_model_len": 2048}, "max_model_len 4096"),
        ({"id": "another", "root": "toy", "max_model_len": 4096}, f"id {MODEL!r}"),
    ],
)
def test_another_model_is_refused(listed: dict[str, Any], words: str, two: list[ToyServer]) -> None:
    two[1].models = {"data": [listed]}
    assert words in refused(two)
    assert not any(toy.bodies for toy in two)


def test_another_version_is_refused(two: list[ToyServer]) -> None:
    def get(version: str) -> Callable[[BaseHTTPRequestHandler], None]:
        def do_get(handler: BaseHTTPRequestHandler) -> None:
            models = handler.path == "/v1/models"
            toy_server.reply(handler, 200, two[0].models if models else {"version": version})

        return do_get

    for toy, version in zip(two, ("0.30.0", "0.31.0"), strict=True):
        toy.server.RequestHandlerClass.do_GET = get(version)  # type: ignore[attr-defined]
    words = refused(two)
    assert "version '0.30.0'" in words
    assert "version '0.31.0'" in words


def test_log_probs_of_other_weights_are_refused(two: list[ToyServer]) -> None:
    change(two[1], shifted(CLOSE * 1.5))
    words = refused(two)
    assert "P('1') = " in words
    assert "after 'Counting: 1, 2, 3, 4, '" in words
    # Nothing of the run was asked: canary prompts alone.
    assert all(len(b["prompt"]) < 60 for toy in two for b in toy.bodies)


def test_noise_of_half_precision_passes(two: list[ToyServer]) -> None:
    change(two[1], shifted(CLOSE * 0.5))
    model = load(spec_of(two))
    check(model, logprobs=True)
    model.close()


def test_a_server_that_gives_no_log_probs_is_refused(two: list[ToyServer]) -> None:
    change(two[1], lambda body, answer: answer["choices"][0].update(logprobs=None))
    assert "no echoed log-probs" in refused(two)


def without_log_probs(toy: ToyServer, write: Callable[[str, int], str]) -> None:
    asked = iter(range(10**6))

    def how(body: dict[str, Any], answer: dict[str, Any]) -> None:
        answer["choices"][0].update(logprobs=None, text=write(body["prompt"], next(asked)))

    change(toy, how)


def test_without_log_probs_texts_are_compared(two: list[ToyServer]) -> None:
    without_log_probs(two[0], lambda prompt, n: f"{len(prompt)} it is")
    without_log_probs(two[1], lambda prompt, n: f"{len(prompt)} it was")
    with pytest.raises(CapabilityError, match=r"it is.*it was") as caught:
        check(load(spec_of(two)), generate=True)
    assert caught.value.code == "other_server"
    without_log_probs(two[1], lambda prompt, n: f"{len(prompt)} it is")
    model = load(spec_of(two))
    check(model, generate=True)
    model.close()


def test_a_server_that_does_not_repeat_itself_says_nothing_of_another(
    two: list[ToyServer],
) -> None:
    for toy in two:
        without_log_probs(toy, lambda prompt, n: f"draw {n}")
    model = load(spec_of(two))
    check(model, generate=True)
    model.close()


def test_a_server_that_constrains_no_answer_is_refused(two: list[ToyServer]) -> None:
    for toy in two:
        without = toy is two[1]

        def how(body: dict[str, Any], answer: dict[str, Any], without: bool = without) -> None:
            choice = answer["choices"][0]
            choice["logprobs"] = None
            if without or "structured_outputs" not in body:
                choice["text"] = "hello"

        change(toy, how)
    with pytest.raises(CapabilityError, match="constrained by structured_outputs") as caught:
        check(load(spec_of(two)), constrained=True)
    assert caught.value.code == "other_server"


def test_a_server_that_dies_before_it_is_compared_is_left_out(two: list[ToyServer]) -> None:
    model = load(spec_of(two))
    assert isinstance(model, OpenAIModel)
    toy_server.kill(two[0])
    check(model, logprobs=True)
    assert list(model.left_out) == [name(two[0])]
    [score] = model.score([Request("Rate it: ")], DIGITS)
    assert (score.status, score.server) == ("ok", name(two[1]))
    assert score.mass == pytest.approx(
        math.fsum(math.exp(toy_server.logprob("Rate it: ", digit)) for digit in DIGITS)
    )
    [text] = model.generate([Request("Rate it: ")], Sampling(max_tokens=1))
    assert text.status == "ok"
    model.close()
