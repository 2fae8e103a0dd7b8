"""Several real servers as one: nothing is lost while one of them is there."""

from __future__ import annotations

import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import toy_server
from prefix_cache import PrefixCache, count, many_shot, profiles, servers, spec_of
from toy_server import ToyServer, logprob

from measurand.errors import InfraError
from measurand.models import load
from measurand.models.openai import OpenAIModel
from measurand.models.protocol import Completion, Request, Sampling, Score, check

DIGITS = ("1", "2", "3")
ONE = Sampling(max_tokens=1)
REQUESTS = [Request(f"{i} is a number. Rate it from 1 to 5:") for i in range(40)]
KNOWN = [[logprob(one.prompt, digit) for digit in DIGITS] for one in REQUESTS]


@pytest.fixture
def two() -> Iterator[list[ToyServer]]:
    with servers(2) as toys:
        yield sorted(toys, key=lambda toy: toy.url)


def loaded(toys: list[ToyServer], options: str = "") -> OpenAIModel:
    model = load(spec_of(toys, options))
    assert isinstance(model, OpenAIModel)
    check(model, logprobs=True)
    for toy in toys:
        toy.bodies.clear()
    return model


def known(scores: list[Score]) -> bool:
    return all(
        score.logprobs == pytest.approx(right, abs=1e-12)
        for score, right in zip(scores, KNOWN, strict=True)
    )


def name(toy: ToyServer) -> str:
    return toy.url.removeprefix("http://")


def test_all_servers_work_and_each_answer_says_whose_it_is(two: list[ToyServer]) -> None:
    model = loaded(two)
    scores = model.score(REQUESTS, DIGITS)
    model.close()
    assert known(scores)
    by = Counter(score.server for score in scores)
    assert set(by) == {name(toy) for toy in two}
    # Echo asks for the prompt alone and with each choice.
    assert sum(len(toy.bodies) for toy in two) == len(REQUESTS) * (1 + len(DIGITS))
    assert all(len(toy.bodies) > len(REQUESTS) for toy in two)
    record = scores[0].record()
    assert record["server"] == scores[0].server
    assert {"retries", "failed_at"}.isdisjoint(record)
    assert Score.from_record(record).server == scores[0].server
    assert model.left_out == {}


def test_the_order_of_addresses_says_nothing(two: list[ToyServer]) -> None:
    models = [load(spec_of(toys)) for toys in (two, two[::-1])]
    assert models[0].fingerprint == models[1].fingerprint
    alone = load(spec_of(two[:1]))
    assert alone.fingerprint != models[0].fingerprint
    for model in (*models, alone):
        model.close()


def test_a_server_that_is_killed_half_way_costs_nothing_but_time(two: list[ToyServer]) -> None:
    model = loaded(two)
    killer = threading.Thread(target=toy_server.kill, args=(two[1],))
    lock = threading.Lock()

    def half_way(path: str, body: dict[str, Any], n: int) -> None:
        with lock:
            if n == 20 and not killer.ident:
                killer.start()

    two[1].fault = half_way
    scores = model.score(REQUESTS, DIGITS) + model.score(REQUESTS, DIGITS)
    killer.join()
    model.close()
    assert known(scores[:40])
    assert known(scores[40:])
    assert list(model.left_out) == [name(two[1])]
    assert "gave up after 1 attempt" in model.left_out[name(two[1])]
    moved = [score for score in scores if score.failed_at]
    assert moved
    assert all(score.server == name(two[0]) for score in moved)
    assert all(len(score.failed_at) == score.retries for score in moved)
    assert Score.from_record(moved[0].record()).failed_at == moved[0].failed_at
    # Left out after a few, not asked at every prompt.
    assert len(moved) < 30


def test_when_all_are_gone_rows_say_how_each_failed(two: list[ToyServer]) -> None:
    model = loaded(two)
    for toy in two:
        toy_server.kill(toy)
    texts = model.generate(REQUESTS[:3], ONE)
    model.close()
    assert {text.status for text in texts} == {"infra_error"}
    for toy in two:
        assert f"{name(toy)}: " in (texts[0].reason or "")
    assert "gave up after 3 attempts" in (texts[0].reason or "")
    assert model.left_out == {}


def test_trouble_that_passes_leaves_nobody_out(two: list[ToyServer]) -> None:
    model = loaded(two)
    kinds = [toy_server.status(500), toy_server.status(429, Retry_After="90"), toy_server.reset]

    def troubled(at: int, body: dict[str, Any]) -> Any:
        # By the prompt: what one server has trouble with, the other answers, so nobody waits.
        what = zlib.crc32(body["prompt"].encode())
        return kinds[what // 5 % 3] if what % 5 == at else None

    for at, toy in enumerate(two):
        toy.fault = lambda path, body, n, at=at: troubled(at, body)
    scores = model.score(REQUESTS, DIGITS)
    model.close()
    assert known(scores)
    assert model.left_out == {}
    assert sum(score.retries for score in scores) == sum(len(s.failed_at) for s in scores) > 0


def test_a_prompt_that_no_server_can_answer_is_one_row_and_nobodys_fault(
    two: list[ToyServer],
) -> None:
    model = loaded(two)
    bad = {REQUESTS[n].prompt for n in range(0, 40, 4)}
    for toy in two:
        toy.fault = lambda path, body, n: (
            toy_server.status(500, "cannot") if body["prompt"] in bad else None
        )
    texts = model.generate(REQUESTS, ONE)
    model.close()
    assert [t.status == "infra_error" for t in texts] == [r.prompt in bad for r in REQUESTS]
    assert model.left_out == {}


@pytest.mark.parametrize("status", [401, 404])
def test_a_server_that_knows_key_or_model_no_more_is_left_out(
    status: int, two: list[ToyServer]
) -> None:
    model = loaded(two)
    two[0].fault = lambda path, body, n: toy_server.status(status, "not here")
    texts = [text for one in REQUESTS for text in model.generate([one], ONE)]
    assert {text.status for text in texts} == {"ok"}
    assert f"HTTP {status}: not here" in model.left_out[name(two[0])]
    two[1].fault = two[0].fault
    [lost] = model.generate(REQUESTS[:1], ONE)
    assert (lost.status, f"HTTP {status}" in (lost.reason or "")) == ("infra_error", True)
    model.close()


def test_a_server_that_answers_as_another_model_is_left_out(two: list[ToyServer]) -> None:
    model = loaded(two)

    def named(toy: ToyServer, told: str) -> None:
        def fault(path: str, body: dict[str, Any], n: int) -> Any:
            answer = {"model": told, **toy.answer(path, body)[1]}
            return lambda handler: toy_server.reply(handler, 200, answer)

        toy.fault = fault

    named(two[0], toy_server.MODEL)
    model.generate(REQUESTS[:8], ONE)
    named(two[1], "someone/else")
    texts = [text for one in REQUESTS for text in model.generate([one], ONE)]
    model.close()
    assert {text.server for text in texts} == {name(two[0])}
    assert "answered by 'someone/else'" in model.left_out[name(two[1])]


def test_a_refusal_is_an_answer_and_goes_to_nobody_else(two: list[ToyServer]) -> None:
    model = loaded(two)
    for toy in two:
        toy.fault = lambda path, body, n: toy_server.status(400, "maximum context length is 3")
    [text] = model.generate(REQUESTS[:1], ONE)
    model.close()
    assert text.status == "skipped"
    assert sum(len(toy.bodies) for toy in two) == 1


def test_a_server_that_is_not_there_at_the_start_is_left_out(
    two: list[ToyServer], caplog: pytest.LogCaptureFixture
) -> None:
    whole = loaded(two)
    toy_server.kill(two[0])
    model = loaded(two)
    assert "is left out" in caplog.text
    assert list(model.left_out) == [name(two[0])]
    assert known(model.score(REQUESTS, DIGITS))
    # The run goes on where it was: the same answers under the same name.
    assert model.fingerprint == whole.fingerprint
    toy_server.kill(two[1])
    with pytest.raises(InfraError) as caught:
        load(spec_of(two))
    assert caught.value.code == "server_unreachable"
    model.close()
    whole.close()


def test_requests_at_a_server_are_bounded_though_all_prompts_begin_alike(
    two: list[ToyServer],
) -> None:
    model = loaded(two, "&concurrency=3")
    story = "A long story that all are told. " * 100
    texts = model.generate([Request(f"{story}{i}") for i in range(30)], ONE)
    model.close()
    assert len({text.server for text in texts}) == 1
    assert max(toy.most_at_once for toy in two) <= 3
    assert all(isinstance(text, Completion) and text.status == "ok" for text in texts)


@pytest.mark.integration
@pytest.mark.parametrize("batches", [list(many_shot()), list(profiles())], ids=["shots", "people"])
def test_two_servers_compute_what_one_computes(batches: list[list[str]]) -> None:
    """Tokens that servers with vLLM's cache compute (15 s): within 5% of those of one server."""

    def computed(toys: list[ToyServer], caches: list[PrefixCache]) -> int:
        model = loaded(toys)
        for cache in caches:
            cache.kept.clear()
            cache.computed = 0
        for batch in batches:
            texts = model.generate([Request(prompt) for prompt in batch], ONE)
            assert {text.status for text in texts} == {"ok"}
        model.close()
        return sum(cache.computed for cache in caches)

    with servers(2) as toys:
        caches = [PrefixCache() for _ in toys]
        count(toys[0], caches[:1])
        single = computed(toys[:1], caches[:1])
        count(toys[0], caches)
        in_turn = computed(toys[:1], caches)
        for toy, cache in zip(toys, caches, strict=True):
            count(toy, [cache])
        several = computed(toys, caches)
        print(f"one {single}, two {several / single - 1:+.1%}, in turn {in_turn / single - 1:+.1%}")
        assert all(cache.computed for cache in caches)
    assert single <= several <= 1.05 * single < 1.1 * single < in_turn
