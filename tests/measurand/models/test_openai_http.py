from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import toy_server

from measurand.errors import InfraError
from measurand.models.openai_http import Http, Patience, Refused

BODY = {"model": toy_server.MODEL, "prompt": "ab", "max_tokens": 1}
QUICK = Patience(timeout_s=0.3, retries=2, backoff_s=0.01)


@pytest.fixture
def http(toy: toy_server.ToyServer) -> Iterator[Http]:
    connection = Http(toy.url, key="sk-secret", patience=QUICK)
    yield connection
    connection.close()


def test_answers_and_sends_the_key_in_a_header(toy: toy_server.ToyServer, http: Http) -> None:
    assert http.post("/completions", BODY)["usage"]["prompt_tokens"] == 2
    assert toy.headers[0]["Authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in repr(http)


def test_connections_are_reused(toy: toy_server.ToyServer, http: Http) -> None:
    for _ in range(5):
        http.post("/completions", BODY)
    assert len(toy.peers) == 1


def test_models_may_be_a_bare_list(toy: toy_server.ToyServer, http: Http) -> None:
    toy.models = [{"id": "a"}, {"id": "b", "object": "model"}]
    assert http.get("/models", retries=0) == {"data": toy.models}


FAULTS = {
    "500": (toy_server.status(500), "HTTP 500: broken"),
    "503 plain text": (toy_server.status(503), "HTTP 503"),
    "429": (toy_server.status(429), "HTTP 429"),
    "408": (toy_server.status(408), "HTTP 408"),
    "hangs": (toy_server.hang(0.6), "no answer within 0.3 s"),
    "drips": (toy_server.drip, "no complete answer within 0.3 s"),
    "cut JSON": (toy_server.body(b'{"choices": [{"te'), "answer of 17 bytes is cut or no JSON"),
    "cut connection": (toy_server.short, "RemoteProtocolError"),
    "reset": (toy_server.reset, "Error"),
    "HTML": (toy_server.body(b"<html>log in</html>"), "no JSON"),
    "a list": (toy_server.body(b"[]"), "answer is no JSON object"),
    "error with 200": (toy_server.body(b'{"error": {"message": "overloaded"}}'), "overloaded"),
    "deeper than a parser goes": (toy_server.body(b"[" * 100_000), "no JSON"),
    "deeper than it can be looked at": (
        toy_server.body(b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}"),
        "nested too deeply|no JSON",
    ),
    "not text": (toy_server.body(b"\xff\xfe\x00"), "no JSON"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_tried_again_and_heals(
    name: str, toy: toy_server.ToyServer, http: Http
) -> None:
    fault, _ = FAULTS[name]
    toy.fault = lambda path, body, n: fault if n <= 2 else None
    assert http.post("/completions", BODY)["choices"][0]["text"]
    assert len(toy.bodies) == 3


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_that_stays_is_a_named_error(
    name: str, toy: toy_server.ToyServer, http: Http
) -> None:
    fault, words = FAULTS[name]
    toy.fault = lambda path, body, n: fault
    with pytest.raises(InfraError, match=words) as caught:
        http.post("/completions", BODY)
    assert len(toy.bodies) == 3
    assert str(caught.value).endswith("gave up after 3 attempts")
    assert caught.value.__cause__ is None


def test_nobody_there() -> None:
    with toy_server.running() as toy:
        url = toy.url
    http = Http(url, patience=QUICK)
    with pytest.raises(InfraError, match=r"ConnectError.*gave up after 3 attempts"):
        http.post("/completions", BODY)
    http.close()


@pytest.mark.parametrize("code", [400, 401, 403, 404, 413, 422])
def test_a_refusal_is_not_repeated(code: int, toy: toy_server.ToyServer, http: Http) -> None:
    toy.fault = lambda path, body, n: toy_server.status(code, "key sk-secret is wrong\n" * 50)
    with pytest.raises(Refused) as caught:
        http.post("/completions", BODY)
    assert len(toy.bodies) == 1
    assert caught.value.status == code
    assert f"HTTP {code}: key *** is wrong key ***" in str(caught.value)
    assert len(str(caught.value)) < 260


def test_a_redirect_is_not_followed(toy: toy_server.ToyServer, http: Http) -> None:
    toy.fault = lambda path, body, n: toy_server.status(307, Location="http://127.0.0.1:9/")
    with pytest.raises(Refused, match="HTTP 307"):
        http.post("/completions", BODY)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(form: str, toy: toy_server.ToyServer, http: Http) -> None:
    # A date has whole seconds, so it may lie up to one second sooner than it says.
    wish = "1" if form == "seconds" else email.utils.formatdate(time.time() + 2, usegmt=True)
    toy.fault = lambda path, body, n: toy_server.status(429, Retry_After=wish) if n == 1 else None
    start = time.monotonic()
    http.post("/completions", BODY)
    assert time.monotonic() - start >= 0.95


def test_retry_after_beyond_all_patience_gives_up_at_once(
    toy: toy_server.ToyServer, http: Http
) -> None:
    toy.fault = lambda path, body, n: toy_server.status(429, Retry_After="86400")
    with pytest.raises(InfraError, match=r"1 attempt; the server asks to wait 86400 s$"):
        http.post("/completions", BODY)


@pytest.mark.parametrize("wish", ["soon", "nan", "-5", ""])
def test_a_senseless_retry_after_is_passed_over(
    wish: str, toy: toy_server.ToyServer, http: Http
) -> None:
    toy.fault = lambda path, body, n: toy_server.status(429, Retry_After=wish) if n == 1 else None
    assert http.post("/completions", BODY)["choices"]


@pytest.mark.parametrize("wish", ["0", "-5", "0.0", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_server_that_asks_to_wait_no_time_is_not_hammered(
    wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with toy_server.running() as toy:
        toy.fault = lambda path, body, n: toy_server.status(429, Retry_After=wish)
        http = Http(toy.url, patience=Patience(retries=3, backoff_s=1.0))
        waits: list[float] = []
        monkeypatch.setattr(time, "sleep", waits.append)
        with pytest.raises(InfraError):
            http.post("/completions", BODY)
        http.close()
    own = [wait for wait in waits if wait >= 0.5]
    assert len(own) == 3


def test_waits_double_with_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    with toy_server.running() as toy:
        toy.fault = lambda path, body, n: toy_server.status(500)
        http = Http(toy.url, patience=Patience(retries=8, backoff_s=1.0, backoff_max_s=30.0))
        waits: list[float] = []
        monkeypatch.setattr(time, "sleep", waits.append)
        with pytest.raises(InfraError):
            http.post("/completions", BODY)
        http.close()
    limits = [1, 2, 4, 8, 16, 30, 30, 30]
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, limits, strict=True))
    assert len(set(waits)) == len(waits)


def test_a_dead_server_is_asked_once_until_it_lives(toy: toy_server.ToyServer) -> None:
    patience = Patience(timeout_s=1, retries=3, backoff_s=0.001, give_up_after=2)
    http = Http(toy.url, patience=patience)
    toy.fault = lambda path, body, n: toy_server.status(500)
    for _ in range(4):
        with pytest.raises(InfraError):
            http.post("/completions", BODY)
    assert len(toy.bodies) == 4 + 4 + 1 + 1
    toy.fault = lambda path, body, n: None
    http.post("/completions", BODY)
    toy.fault = lambda path, body, n: toy_server.status(500)
    with pytest.raises(InfraError):
        http.post("/completions", BODY)
    assert len(toy.bodies) == 10 + 1 + 4
    http.close()


def test_an_endless_answer_is_cut(
    toy: toy_server.ToyServer, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("measurand.models.openai_http.MAX_BODY_BYTES", 1000)
    big: Any = toy_server.body(json.dumps({"x": "y" * 5000}).encode())
    toy.fault = lambda path, body, n: big
    with pytest.raises(InfraError, match="longer than 1000 bytes"):
        http.post("/completions", BODY)


def test_a_wrong_certificate_or_scheme_is_no_traceback(toy: toy_server.ToyServer) -> None:
    http = Http(toy.url.replace("http:", "https:"), patience=QUICK)
    with pytest.raises(InfraError) as caught:
        http.post("/completions", BODY)
    assert not isinstance(caught.value, httpx.HTTPError)
    http.close()
