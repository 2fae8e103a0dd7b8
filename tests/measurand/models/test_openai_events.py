from __future__ import annotations

import json
from typing import Any

import pytest

from measurand.models.openai_events import is_stream, joined


def stream(*chunks: Any, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks]
    return "".join([": hello\r\n", *lines, "data: [DONE]\r\n" if done else ""]).encode()


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": finish}]}


def test_pieces_are_put_together() -> None:
    row = {"token": "L", "top_logprobs": []}
    with_logprobs = {"choices": [{"delta": {"content": "L"}, "logprobs": {"content": [row]}}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 4}}
    body = stream(chunk(reasoning_content="So"), with_logprobs, chunk("stop", content="ima"), usage)
    assert is_stream(body)
    whole = joined(body)
    assert whole is not None
    assert whole["choices"][0]["message"] == {"content": "Lima", "reasoning_content": "So"}
    assert whole["choices"][0]["logprobs"] == {"content": [row]}
    assert (whole["choices"][0]["finish_reason"], whole["usage"]) == ("stop", {"prompt_tokens": 4})


def test_completions_stream_text() -> None:
    whole = joined(stream({"choices": [{"text": "a"}]}, {"choices": [{"text": "b"}]}))
    assert whole is not None
    assert whole["choices"][0]["text"] == "ab"


def test_an_error_in_the_stream_is_the_answer() -> None:
    assert joined(stream({"error": {"message": "no"}}, done=False)) == {"error": {"message": "no"}}


@pytest.mark.parametrize(
    "body",
    [
        stream(chunk(content="a"), done=False),
        b"data: {",
        b"data:",
        b"event: x\n\n",
        b"data: [1]\n",
        b'data: {"choices": [3]}\n',
    ],
)
def test_a_cut_stream_is_no_answer(body: bytes) -> None:
    assert is_stream(body)
    assert joined(body) is None


def test_json_is_no_stream() -> None:
    assert not is_stream(b' \n {"data": 1}')
