"""Servers as they are: thoughts, streams, refusals, retries and keys of each kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
import toy_server
from shaped import (
    CHOICES,
    KNOWN,
    LISTED,
    PROMPT,
    QUICK,
    Body,
    Change,
    model_of,
    renamed,
    scored,
    shape,
)
from toy_server import ToyServer, reply

from measurand.errors import CapabilityError, InfraError, InputError, MeasurandError
from measurand.models import load
from measurand.models.protocol import Request, Sampling, check


def thinking(budget: int, **message: Any) -> Change:
    """A reasoning model that needs ``budget`` tokens for its thought."""

    def change(body: Body, answer: Body) -> Body:
        choice = answer["choices"][0]
        done = body["max_tokens"] >= budget
        choice["message"] = {"content": "The answer is Lima", **message} if done else {
            "content": None, "reasoning_content": "Let me think"} | message  # fmt: skip
        if not done and "content" in message:
            choice["message"]["content"] = message["content"].partition("</think>")[0]
        choice["finish_reason"] = "stop" if done else "length"
        choice["logprobs"] = None
        return answer

    return change


TAGGED = "<think>Peru... Lima</think>\n\nThe answer is Lima"


SHAPES: dict[str, dict[str, Any]] = {
    "reasoning_content": {"reasoning_content": "Let me think"},
    "reasoning": {"reasoning_content": None, "reasoning": "Let me think"},
    "tags": {"content": TAGGED, "reasoning_content": None},
}


@pytest.mark.parametrize("name", SHAPES)
def test_reasoning_models_answer_where_their_thought_has_room(name: str, toy: ToyServer) -> None:
    shape(toy, thinking(200, **SHAPES[name]))
    model = model_of(toy)
    check(model, generate=True, tokens=512)
    (text,) = model.generate([Request(PROMPT)], Sampling(max_tokens=512))
    assert text.text == "The answer is Lima"
    (short,) = model.generate([Request(PROMPT)], Sampling(max_tokens=64))
    assert (short.status, short.text) == ("model_error", None)
    assert "still thinking" in (short.reason or "")
    assert "thought=<tokens>" in (short.reason or "")
    with pytest.raises(CapabilityError, match="still thinking"):
        check(model, generate=True, tokens=64)
    model.close()
    room = model_of(toy, "&thought=200")
    (text,) = room.generate([Request(PROMPT)], Sampling(max_tokens=8, stop=(" is",)))
    assert text.text == "The answer"
    assert "stop" not in toy.bodies[-1]
    assert room.fingerprint != model.fingerprint
    room.close()


def test_first_tokens_of_a_thought_are_no_answer(toy: ToyServer) -> None:
    def open_thought(body: Body, answer: Body) -> Body:
        answer["choices"][0]["message"] = {"content": None, "reasoning_content": "So"}
        return answer

    shape(toy, open_thought)
    with pytest.raises(CapabilityError, match="belongs to a thought"):
        check(model_of(toy), logprobs=True)
    shape(toy, renamed(lambda t: "<think>" if t in LISTED[:1] else f"_{t}"))
    with pytest.raises(CapabilityError):
        check(model_of(toy), logprobs=True, sample=[Request(PROMPT, choices=CHOICES)])


def test_parts_refusals_and_tools_are_told_apart(toy: ToyServer) -> None:
    model = model_of(toy)
    check(model, generate=True)
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "Li"},
        {"type": "text", "text": "ma"},
    ]
    for message, finish, wanted in (
        ({"content": parts}, "stop", "Lima"),
        ({"content": "Li\ud83dma"}, "stop", "Li?ma"),
        ({"content": ""}, "stop", ""),
        ({"content": None, "refusal": "I cannot"}, "stop", "the model refused to answer"),
        ({"content": None, "tool_calls": [{"id": 1}]}, "tool_calls", "called a tool"),
        ({"content": "x"}, "content_filter", "withheld"),
        ({"content": ""}, "length", "still thinking"),
    ):
        said = {"message": message, "finish_reason": finish}
        toy.fault = lambda path, body, n, said=said: said  # type: ignore[misc]
        (text,) = model.generate([Request(PROMPT)], Sampling())
        assert wanted in (text.text if text.status == "ok" else text.reason or ""), text
        assert text.status in ("ok", "model_error")
    model.close()


def as_azure(toy: ToyServer) -> None:
    def fault(path: str, body: Body, n: int) -> Any:
        if "api-version=2024-06-01" not in path:
            return toy_server.status(404, "Resource not found")
        _, answer = toy.answer(path.partition("?")[0], body)
        return lambda handler: reply(handler, 200, answer)

    toy.fault = fault


def test_azure(toy: ToyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEASURAND_API_KEY", "azure-key-1")
    as_azure(toy)
    url = f"openai:{toy.url}?api-version=2024-06-01#{toy_server.MODEL}?{QUICK}"
    model = load(url)
    check(model, logprobs=True, generate=True)
    assert toy.headers[-1]["api-key"] == "azure-key-1"
    assert "Authorization" not in toy.headers[-1]
    model.close()
    for query in ("api-version=1&code=sk-abcdef", "sig=sk-abcdef", "code=sk-abcdef"):
        with pytest.raises(InputError, match="a password or a query") as caught:
            load(f"openai:{toy.url}?{query}#m")
        assert "sk-abcdef" not in str(caught.value)


def events(answer: Body, *, done: bool = True) -> bytes:
    choice = answer["choices"][0]
    lines = [": comment", "event: message"]
    for letter in choice["message"]["content"]:
        delta = {"choices": [{"index": 0, "delta": {"content": letter}, "finish_reason": None}]}
        lines += [f"data: {json.dumps(delta)}", ""]
    last = {"choices": [{"delta": {}, "finish_reason": "stop", "logprobs": choice["logprobs"]}]}
    lines += [f"data: {json.dumps(last | {'usage': answer['usage']})}", "", "data: [DONE]", ""]
    return "\n".join(lines if done else lines[:-5]).encode()


def test_a_server_that_streams_unasked_is_read(toy: ToyServer) -> None:
    calm = model_of(toy)
    check(calm, generate=True)
    (plain,) = calm.generate([Request(PROMPT)], Sampling(max_tokens=5))
    shape(toy, lambda body, answer: events(answer))  # type: ignore[arg-type, return-value]
    model = model_of(toy)
    check(model, logprobs=True, generate=True)
    assert scored(model) == pytest.approx(KNOWN, abs=1e-12)
    (text,) = model.generate([Request(PROMPT)], Sampling(max_tokens=5))
    assert (text.text, text.tokens) == (plain.text, plain.tokens)
    shape(toy, lambda body, answer: events(answer, done=False))  # type: ignore[arg-type, return-value]
    (cut,) = model.generate([Request(PROMPT)], Sampling(max_tokens=5))
    assert cut.status == "infra_error"
    assert "stream of" in (cut.reason or "")
    model.close()


def test_own_fields_and_template_arguments_go_out_and_into_the_fingerprint(toy: ToyServer) -> None:
    plain = model_of(toy)
    body = '{"reasoning_effort": "none", "temperature": null, "max_completion_tokens": 7}'
    model = model_of(toy, f'&body={body}&template_args={{"enable_thinking": false}}')
    shape(toy, lambda body, answer: answer)
    model.generate([Request(PROMPT)], Sampling(max_tokens=5))
    sent = toy.bodies[-1]
    assert sent["reasoning_effort"] == "none"
    assert sent["chat_template_kwargs"] == {"enable_thinking": False}
    assert sent["max_completion_tokens"] == 7
    assert not {"temperature", "max_tokens"} & set(sent)
    assert (
        len({plain.fingerprint, model.fingerprint, model_of(toy, f"&body={body}").fingerprint}) == 3
    )
    for secret in ('{"api_key": "sk-x"}', '{"extra": [{"Authorization": "sk-x"}]}'):
        with pytest.raises(InputError, match="model strings stand in every result") as caught:
            model_of(toy, f"&body={secret}")
        assert "sk-x" not in str(caught.value)
    model_of(toy, '&body={"max_tokens": 5, "prompt_cache_key": "a"}').close()


@pytest.mark.parametrize(
    ("status", "message", "row"),
    [
        (400, "This model's maximum context length is 4096 tokens.", "skipped"),
        (413, "Request entity: the prompt is too long", "skipped"),
        (400, "The response was filtered due to the content management policy", "model_error"),
        (400, "broken", "infra_error"),
        (500, "maximum context length", "infra_error"),
    ],
)
def test_what_a_server_will_never_answer_is_no_infrastructure(
    status: int, message: str, row: str, toy: ToyServer
) -> None:
    model = model_of(toy)
    check(model, logprobs=True, generate=True)
    toy.fault = lambda path, body, n: toy_server.status(status, message)
    assert model.score([Request(PROMPT)], CHOICES)[0].status == row
    assert model.generate([Request(PROMPT)], Sampling())[0].status == row
    model.close()


def test_a_choice_of_several_tokens_is_left_out_with_its_reason(toy: ToyServer) -> None:
    model = model_of(toy)
    check(model, logprobs=True, generate=True)
    (score,) = model.score([Request(PROMPT, choices=(f" {LISTED[0]}xyz",))], ())
    assert score.status == "skipped"
    assert "takes several tokens" in (score.reason or "")
    sample = [Request(PROMPT, choices=(f"{LISTED[0]}x", f"{LISTED[1]}x"))]
    with pytest.raises(CapabilityError, match="own choices") as caught:
        check(model, logprobs=True, sample=sample)
    assert caught.value.code == "canary_failed"
    model.close()


def test_an_error_with_status_200_is_what_its_code_says(toy: ToyServer) -> None:
    model = model_of(toy)
    check(model, generate=True)
    toy.bodies.clear()
    toy.fault = lambda path, body, n: toy_server.body(
        b'\n   \n{"error": {"code": 402, "message": "Insufficient credits"}}'
    )
    (text,) = model.generate([Request(PROMPT)], Sampling())
    assert (text.status, len(toy.bodies)) == ("infra_error", 1)
    assert "Insufficient credits" in (text.reason or "")
    model.close()


def test_retries_are_counted_in_the_row_and_said_at_the_end(
    toy: ToyServer, caplog: pytest.LogCaptureFixture
) -> None:
    model = model_of(toy)
    check(model, generate=True)
    start = len(toy.bodies)
    toy.fault = lambda path, body, n: (
        toy_server.status(429, "slow down", retry_after_ms="5") if n == start + 1 else None
    )
    first, second = (model.generate([Request(PROMPT)], Sampling())[0] for _ in range(2))
    assert (first.status, first.retries, second.retries) == ("ok", 1, 0)
    model.close()
    assert "1 attempts failed and were made again, 1 of them: HTTP 429: slow down" in caplog.text


KEYS = ("sk-abc+/=&1", "sk-0123456789abcdef")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "{}\r", "  {}\n"])
def test_a_key_is_stripped_and_never_shown(
    key: str, around: str, toy: ToyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from urllib.parse import quote

    monkeypatch.setenv("OPENAI_API_KEY", around.format(key))
    model = model_of(toy)
    check(model, generate=True)
    assert toy.headers[-1]["Authorization"] == f"Bearer {key}"
    told = f"{key} {quote(key, safe='')} {json.dumps(key)} {key!r} {f'Bearer {key}'.encode()!r}"
    rows = []
    for fault in (
        toy_server.status(400, told),
        toy_server.status(500, told),
        {"message": {"content": told}, "finish_reason": "stop"},
        toy_server.body(json.dumps({"error": {"message": told}}).encode()),
    ):
        toy.fault = lambda path, body, n, fault=fault: fault  # type: ignore[misc]
        rows += model.generate([Request(PROMPT)], Sampling())
        rows += model.score([Request(PROMPT)], CHOICES)
    toy.fault = lambda path, body, n: toy_server.status(401, told)
    other = model_of(toy)
    with pytest.raises(InfraError) as caught:
        check(other, logprobs=True)
    shown = f"{rows} {caught.value} {vars(model)} {vars(model._server)} {model._server.http!r}"
    for form in (key, quote(key, safe=""), json.dumps(key)[1:-1]):
        assert form not in shown
    with pytest.raises(InputError, match="holds the key") as refused:
        load(f"openai:{toy.url}/{quote(key, safe='')}#m")
    assert key not in str(refused.value)


@pytest.mark.parametrize("key", ["sk-äbc", "sk a", "sk\x00a", "\ufeffsk-abc", "sk-a\r\nX: 1"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from measurand.models import openai_keys

    monkeypatch.setattr("os.environ", {"OPENAI_API_KEY": key, "MEASURAND_API_KEY": " \r\n"})
    with pytest.raises(MeasurandError, match="OPENAI_API_KEY holds a character") as caught:
        openai_keys.find()
    assert caught.value.code == "bad_key"
    assert "sk" not in str(caught.value)


def test_log_probs_that_are_forbidden_are_no_bad_key(toy: ToyServer) -> None:
    def fault(path: str, body: Body, n: int) -> Any:
        words = "You are not allowed to request logprobs from this model"
        return toy_server.status(403, words) if body.get("logprobs") else None

    toy.fault = fault
    model = model_of(toy)
    has = model.capabilities()
    assert (has.logprobs, has.generate) == (False, True)
    assert "not allowed to request logprobs" in has.reasons["logprobs"]
    check(model, generate=True)
    model.close()
