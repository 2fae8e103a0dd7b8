"""A toy server that answers like a server of some kind, and what is known of its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toy_server import ToyServer, best, logprob, reply, row

from measurand.models import load
from measurand.models.openai import OpenAIModel
from measurand.models.protocol import Request

QUICK = "retries=1&backoff=0.01&timeout=2"
PROMPT = "Say one."
LISTED = [c for c in best(row(f"[{PROMPT}]"), 20) if c.isalnum()]
CHOICES = tuple(f" {c}" for c in LISTED[:3])
KNOWN = [logprob(f"[{PROMPT}]", c) for c in LISTED[:3]]
Body = dict[str, Any]
Change = Callable[[Body, Body], Any]


def shape(toy: ToyServer, change: Change) -> None:
    """Let ``change`` see (request, answer) and give the answer, or a (status, answer)."""

    def fault(path: str, body: Body, n: int) -> Any:
        asked = {"max_tokens": body.get("max_completion_tokens", 1), **body}
        _, answer = toy.answer(path.partition("?")[0], asked)
        said = change(body, answer)
        status, whole = said if isinstance(said, tuple) else (200, said)
        return lambda handler: reply(handler, status, whole)

    toy.fault = fault


def model_of(toy: ToyServer, options: str = "") -> OpenAIModel:
    loaded = load(f"{toy.spec}?{QUICK}{options}")
    assert isinstance(loaded, OpenAIModel)
    return loaded


def scored(model: OpenAIModel, prompt: str = PROMPT) -> list[float | None]:
    (score,) = model.score([Request(prompt, choices=CHOICES)], ())
    assert score.status == "ok", score.reason
    return list(score.logprobs or ())


def renamed(spell: Callable[[str], str]) -> Change:
    def change(body: Body, answer: Body) -> Body:
        for one in (answer["choices"][0].get("logprobs") or {}).get("content") or []:
            for token in one["top_logprobs"]:
                token["token"] = spell(token["token"])
        return answer

    return change


def refused(message: str, param: str | None) -> tuple[int, Body]:
    return 400, {"error": {"message": message, "type": "invalid_request_error", "param": param}}
