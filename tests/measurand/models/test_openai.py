from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import toy_server
from toy_server import ToyServer, logprob

from measurand.errors import CapabilityError, InfraError, InputError
from measurand.models import load
from measurand.models.openai import OpenAIModel
from measurand.models.protocol import Model, Request, Sampling, check

DIGITS = ("1", "2", "3", "4", "5")
QUICK = "retries=2&backoff=0.01&timeout=1.5"
REQUESTS = [Request(f"Item {i}. Rate it from 1 to 5:{' ' * (i % 7)}") for i in range(40)]


@pytest.fixture
def model(toy: ToyServer) -> Iterator[OpenAIModel]:
    loaded = load(f"{toy.spec}?template=none&{QUICK}")
    assert isinstance(loaded, OpenAIModel)
    yield loaded
    loaded.close()


def test_scores_are_the_known_ones_in_order(model: OpenAIModel, toy: ToyServer) -> None:
    check(model, logprobs=True, generate=True, constrained=True)
    scores = model.score(REQUESTS, DIGITS)
    assert model.route == "echo"
    for request, score in zip(REQUESTS, scores, strict=True):
        known = [logprob(request.prompt, digit) for digit in DIGITS]
        assert score.status == "ok"
        assert score.logprobs == pytest.approx(known, abs=1e-12)
        assert score.choice == known.index(max(known))
    assert model.capabilities().max_model_tokens == 4096


def test_own_choices_take_the_place_of_the_calls(model: OpenAIModel, toy: ToyServer) -> None:
    own = [
        Request("Rate: ", choices=("7",)),
        Request("Rate: "),
        Request("Is it", choices=("a", "b")),
    ]
    for request, score in zip(own, model.score(own, DIGITS), strict=True):
        known = [logprob(request.prompt, c) for c in request.choices or DIGITS]
        assert score.logprobs == pytest.approx(known, abs=1e-12)
    with pytest.raises(InputError, match="cannot be told apart"):
        model.score(own, ())
    chat = load(f"{toy.spec}?{QUICK}")
    listed = [c for c in toy_server.best(toy_server.row("[Say one.]"), 20) if c != toy_server.END]
    one, two = chat.score(
        [Request("Say one.", choices=(listed[2],)), Request("Say one.")], tuple(listed[:2])
    )
    assert one.logprobs == pytest.approx([logprob("[Say one.]", listed[2])], abs=1e-12)
    assert len(two.logprobs or ()) == 2
    (text,) = chat.generate([own[2]], Sampling(choices=DIGITS))
    assert text.text in ("a", "b")
    chat.close()


def test_concurrency_is_bounded_and_used(toy: ToyServer) -> None:
    model = load(f"{toy.spec}?template=none&concurrency=3")
    check(model, logprobs=True)
    toy.fault = lambda path, body, n: time.sleep(0.005)
    toy.peers.clear()
    model.score(REQUESTS[:12], DIGITS)
    model.close()
    assert toy.most_at_once == 3
    assert len(toy.peers) <= 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (toy_server.status(500), "HTTP 500: broken; gave up after 3 attempts"),
        (toy_server.status(429), "HTTP 429: broken; gave up after 3 attempts"),
        (toy_server.status(400), "HTTP 400: broken"),
        pytest.param(
            toy_server.hang(2.0),
            "no answer within 1.5 s; gave up after 3 attempts",
            marks=pytest.mark.integration,
        ),
        (toy_server.body(b'{"choices": [{"lo'), "cut or no JSON; gave up after 3 attempts"),
        (toy_server.short, "gave up after 3 attempts"),
        (toy_server.reset, "gave up after 3 attempts"),
        ({"logprobs": None}, "no echoed log-probs in the answer"),
    ],
    ids=["500", "429", "400", "hangs", "cut JSON", "cut body", "reset", "loses log-probs"],
)
def test_a_server_that_breaks_mid_run_costs_rows_and_nothing_else(
    fault: Any, words: str, model: OpenAIModel, toy: ToyServer
) -> None:
    check(model, logprobs=True)
    bad = REQUESTS[1].prompt
    toy.fault = lambda path, body, n: fault if body["prompt"].startswith(bad) else None
    scores = model.score(REQUESTS[:3], DIGITS)
    assert [score.status for score in scores] == ["ok", "infra_error", "ok"]
    lost = scores[1]
    assert lost.logprobs is lost.choice is lost.mass is None
    assert lost.reason is not None
    assert words in lost.reason
    if fault != {"logprobs": None}:
        completions = model.generate(REQUESTS[:3], Sampling(max_tokens=2))
        assert [c.status for c in completions] == ["ok", "infra_error", "ok"]
        assert completions[1].text is None


def test_trouble_that_passes_changes_no_score(model: OpenAIModel, toy: ToyServer) -> None:
    check(model, logprobs=True)
    calm = model.score(REQUESTS, DIGITS)
    kinds = [
        toy_server.status(500),
        toy_server.status(429, Retry_After="0"),
        toy_server.body(b"{"),
        toy_server.short,
        toy_server.reset,
    ]
    tried: set[str] = set()
    lock = threading.Lock()

    def once(path: str, body: dict[str, Any], n: int) -> Any:
        with lock:
            first = body["prompt"] not in tried
            tried.add(body["prompt"])
        return kinds[n % len(kinds)] if first else None

    toy.fault = once
    assert model.score(REQUESTS, DIGITS) == calm


def test_without_log_probs_it_is_refused_before_the_run(toy: ToyServer) -> None:
    toy.fault = lambda path, body, n: {"logprobs": None}
    model = load(f"{toy.spec}?{QUICK}")
    with pytest.raises(CapabilityError, match="cannot do 'logprobs'"):
        check(model, logprobs=True)
    check(model, generate=True, constrained=True)
    rows = model.score(REQUESTS[:2], DIGITS)
    assert {row.status for row in rows} == {"skipped"}
    model.close()


def test_log_probs_of_generated_tokens_alone_are_refused(toy: ToyServer) -> None:
    """What a llama.cpp server answers: echo is passed over, the list holds one token."""
    only = {"tokens": ["4"], "token_logprobs": [-0.3], "top_logprobs": [{"4": -0.3}]}
    toy.fault = lambda path, body, n: {"logprobs": only, "text": "4"}
    model = load(f"{toy.spec}?template=none&{QUICK}")
    with pytest.raises(CapabilityError):
        check(model, logprobs=True)
    model.close()


def test_equal_log_probs_are_refused(toy: ToyServer) -> None:
    def ties(path: str, body: dict[str, Any], n: int) -> Any:
        words = [*body["prompt"], "x"]
        table = dict.fromkeys([*DIGITS, "x"], -2.0)
        values = [-2.0] * len(words)
        return {"logprobs": {"tokens": words, "token_logprobs": values, "top_logprobs": [table]}}

    toy.fault = ties
    model = load(f"{toy.spec}?template=none&{QUICK}")
    with pytest.raises(CapabilityError):
        check(model, logprobs=True)
    model.close()


def test_log_probs_that_ignore_the_prompt_are_refused(toy: ToyServer) -> None:
    table = {digit: -float(digit) for digit in DIGITS}
    toy.fault = lambda path, body, n: {"logprobs": {"top_logprobs": [table]}}
    model = load(f"{toy.spec}?template=none&{QUICK}")
    with pytest.raises(CapabilityError, match="do not change with the prompt"):
        check(model, logprobs=True)
    model.close()


def test_the_chat_api(toy: ToyServer) -> None:
    model = load(f"{toy.spec}?{QUICK}")
    has = model.capabilities()
    assert (has.logprobs, has.constrained, has.chat_template) == (True, True, True)
    listed = [c for c in toy_server.best(toy_server.row("[Say one.]"), 20) if c != toy_server.END]
    (score,) = model.score([Request("Say one.")], (listed[3], listed[0], listed[7]))
    assert score.choice == 1
    known = [logprob("[Say one.]", listed[at]) for at in (3, 0, 7)]
    assert score.logprobs == pytest.approx(known, abs=1e-12)
    assert toy.bodies[-1]["messages"] == [{"role": "user", "content": "Say one."}]
    model.close()


def test_completions_send_what_was_asked_for(model: OpenAIModel, toy: ToyServer) -> None:
    check(model, generate=True)
    sampling = Sampling(max_tokens=7, temperature=0.7, top_p=0.9, seed=3, stop=("\n", "END"))
    first, again = (model.generate([Request("abc")], sampling)[0] for _ in range(2))
    assert first == again
    assert (first.tokens, first.prompt_tokens, first.finish) == (7, 3, "length")
    one, two = toy.bodies[-2:]
    assert one == two
    sent = {name: one[name] for name in ("max_tokens", "temperature", "top_p", "stop")}
    assert sent == {"max_tokens": 7, "temperature": 0.7, "top_p": 0.9, "stop": ["\n", "END"]}
    model.generate([Request("abc")], sampling, repeat=1)
    model.generate([Request("abd")], sampling)
    assert len({body["seed"] for body in toy.bodies[-4:]}) == 3


def test_constrained_answers_are_drawn_from_exact_log_probs(
    model: OpenAIModel, toy: ToyServer
) -> None:
    request = Request("Rate: ")
    sampling = Sampling(temperature=1.0, choices=DIGITS)
    texts = [model.generate([request], sampling, repeat)[0].text for repeat in range(100)]
    p = [math.exp(logprob(request.prompt, digit)) for digit in DIGITS]
    expected = p[1] / sum(p)
    sd = math.sqrt(expected * (1 - expected) / len(texts))
    assert abs(texts.count("2") / len(texts) - expected) < 4 * sd
    assert set(texts) <= set(DIGITS)
    assert not any("structured_outputs" in body for body in toy.bodies)


def test_constrained_answers_where_log_probs_are_not_exact(toy: ToyServer) -> None:
    model = load(f"{toy.spec}?{QUICK}")
    (answer,) = model.generate([Request("Rate.")], Sampling(choices=DIGITS))
    assert answer.text == max(DIGITS, key=lambda digit: logprob("[Rate.]", digit))
    toy.structured = False
    (lost,) = model.generate([Request("Rate.")], Sampling(choices=DIGITS))
    assert (lost.status, lost.text) == ("infra_error", None)
    model.close()


def test_no_text_is_no_completion(toy: ToyServer) -> None:
    model = load(f"{toy.spec}?{QUICK}")
    check(model, generate=True)
    toy.fault = lambda path, body, n: {"message": {"content": None}, "finish_reason": "stop"}
    assert model.generate(REQUESTS[:1], Sampling())[0].status == "infra_error"
    toy.fault = lambda path, body, n: {"finish_reason": "content_filter"}
    assert model.generate(REQUESTS[:1], Sampling())[0].status == "model_error"
    model.close()


def test_a_server_that_goes_away_gives_rows(toy: ToyServer) -> None:
    with toy_server.running() as other:
        model = load(f"{other.spec}?template=none&{QUICK}")
        unasked = load(f"{other.spec}?template=none&{QUICK}")
        check(model, logprobs=True)
    for one in (model, unasked):
        assert {s.status for s in one.score(REQUESTS[:2], DIGITS)} == {"infra_error"}
        assert {c.status for c in one.generate(REQUESTS[:2], Sampling())} == {"infra_error"}
        one.close()
    with pytest.raises(InfraError) as caught:
        load(f"{other.spec}?backoff=0.01")
    assert caught.value.code == "server_unreachable"


def test_a_wrong_key_and_a_wrong_name_are_named(toy: ToyServer) -> None:
    model = load(f"{toy.spec}?{QUICK}")
    toy.fault = lambda path, body, n: toy_server.status(401)
    with pytest.raises(InfraError) as caught:
        check(model, logprobs=True)
    assert caught.value.code == "unauthorized"
    model.close()
    toy.fault = lambda path, body, n: None
    other = load(f"openai:{toy.url}#other?{QUICK}")
    with pytest.raises(CapabilityError, match="no model other"):
        check(other, generate=True)
    other.close()


def test_the_key_goes_to_the_server_and_nowhere_else(
    toy: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-second")
    monkeypatch.setenv("MEASURAND_API_KEY", "sk-first")
    model = load(f"{toy.spec}?template=none&{QUICK}")
    check(model, logprobs=True)
    assert {headers["Authorization"] for headers in toy.headers} == {"Bearer sk-first"}
    toy.fault = lambda path, body, n: toy_server.status(400, "bad key sk-first")
    (row,) = model.score(REQUESTS[:1], DIGITS)
    assert row.reason == "HTTP 400: bad key ***"
    assert "sk-first" not in f"{vars(model)}{model.capabilities()}"
    model.close()
    monkeypatch.delenv("MEASURAND_API_KEY")
    load(f"{toy.spec}?template=none&{QUICK}").close()


def test_the_fingerprint_is_what_the_server_says(
    toy: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fingerprint(options: str = "template=none") -> str:
        model = load(f"{toy.spec}?{options}")
        found = model.fingerprint
        model.close()
        return found

    first = fingerprint()
    monkeypatch.setenv("MEASURAND_API_KEY", "sk-other")
    assert fingerprint("template=none&timeout=5") == first
    assert fingerprint("api=chat") != first
    toy.models["data"][0]["created"] = 99
    assert fingerprint() == first
    toy.models["data"][0]["root"] = "other weights"
    assert fingerprint() != first
    toy.models["data"][0]["root"] = "toy"
    toy.models["data"][0]["max_model_len"] = 99
    shorter = fingerprint()
    assert shorter != first
    toy.models["data"][0]["max_model_len"] = 4096
    assert fingerprint() == first
    toy.models = None
    assert len(fingerprint()) == 64


def test_the_fingerprint_tells_how_answers_are_read(toy: ToyServer) -> None:
    def fingerprint() -> tuple[str | None, str]:
        model = load(f"{toy.spec}?template=none&{QUICK}")
        assert isinstance(model, OpenAIModel)
        found = model.fingerprint
        model.score(REQUESTS[:1], DIGITS)
        assert model.fingerprint == found
        model.close()
        return model.route, found

    def without_echo(path: str, body: dict[str, Any], n: int) -> Any:
        return toy_server.status(400, "no echo") if body.get("echo") else None

    first = fingerprint()
    toy.fault = without_echo
    second = fingerprint()
    assert (first[0], second[0]) == ("echo", "top")
    assert first[1] != second[1]

    def without_temperature(path: str, body: dict[str, Any], n: int) -> Any:
        if "temperature" in body:
            return toy_server.status(400, "temperature: unsupported value, only the default")
        return None

    toy.fault = without_temperature
    assert fingerprint()[1] != first[1]


def test_a_temperature_that_is_not_taken_is_told_with_each_answer(toy: ToyServer) -> None:
    toy.fault = lambda path, body, n: (
        toy_server.status(400, "temperature: unsupported value, only the default")
        if "temperature" in body
        else None
    )
    model = load(f"{toy.spec}?template=none&{QUICK}")
    (free,) = model.generate(REQUESTS[:1], Sampling(max_tokens=3))
    assert (free.status, free.reason) == ("ok", "the server takes no temperature: drawn by its own")
    model.close()
    toy.fault = lambda path, body, n: None
    model = load(f"{toy.spec}?template=none&{QUICK}")
    (free,) = model.generate(REQUESTS[:1], Sampling(max_tokens=3))
    assert free.reason is None
    model.close()


def test_retries_of_a_constrained_draw_are_counted(toy: ToyServer) -> None:
    model = load(f"{toy.spec}?template=none&{QUICK}")
    assert model.capabilities().constrained
    start = len(toy.bodies)
    toy.fault = lambda path, body, n: toy_server.status(503) if n == start + 1 else None
    (row,) = model.generate(REQUESTS[:1], Sampling(temperature=1.0, choices=DIGITS))
    assert (row.status, row.retries) == ("ok", 1)
    model.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("openai:http://localhost:1/v1", "needs a url and a model name"),
        ("openai:localhost:8000#m", "needs a url and a model name"),
        ("openai:http://[::1#m", "needs a url and a model name"),
        ("openai:ftp://localhost/v1#m", "needs a url and a model name"),
        ("openai:http://me:sk-pw@localhost/v1#m", "a user name, a password or a query"),
        ("openai:http://localhost/v1?key=sk-pw#m", "a user name, a password or a query"),
        ("openai:http://localhost:1/v1#m?api=completions", "applies no chat template"),
        ("openai:http://localhost:1/v1#m?api=chat&template=none", "the server's own template"),
        ("openai:http://localhost:1/v1#m?api=magic", "api='magic' is not possible"),
        ("openai:http://localhost:1/v1#m?concurrency=0", "concurrency=0 is not possible"),
        ("openai:http://localhost:1/v1#m?concurrency=2.5", "concurrency=2.5 is not possible"),
        ("openai:http://localhost:1/v1#m?retries=-1", "retries=-1 is not possible"),
        ("openai:http://localhost:1/v1#m?timeout=soon", "timeout='soon' is not a number"),
        ("openai:http://localhost:1/v1#m?timeout=0", "timeout=0 is not possible"),
        ("openai:http://localhost:1/v1#m?key=sk", "unknown option 'key'"),
    ],
)
def test_a_model_string_that_cannot_work_is_named(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        load(text)
    assert words in str(caught.value)
    assert caught.value.code == "bad_model"
    assert "sk-pw" not in str(caught.value)


def test_it_keeps_to_the_protocol(model: OpenAIModel) -> None:
    as_protocol: Model = model
    assert as_protocol.spec.startswith("openai:http://127.0.0.1:")
    with pytest.raises(InputError) as caught:
        model.score(REQUESTS[:1], ("1", "1"))
    assert caught.value.code == "bad_choices"
    assert model.score([], DIGITS) == []
