"""Damaged answers over real HTTP: never a traceback, never a figure that the answer does not hold.

What a damaged answer holds is read here a second time, in a plain way, and compared.
"""

from __future__ import annotations

import copy
import json
import math
import random
from typing import Any

import pytest
import toy_server
from toy_server import ToyServer

from measurand.errors import MeasurandError
from measurand.models import load
from measurand.models.openai import OpenAIModel
from measurand.models.protocol import Request, Sampling, check

OPTIONS = "retries=0&backoff=0.001&timeout=5&concurrency=1"
PROMPT = "Say one."
CHOICES = tuple(c for c in toy_server.best(toy_server.row(f"[{PROMPT}]"), 20) if c.isalnum())[:3]
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e400, float("nan"), -3.5, "", "x", "-0.5", [], {}, [None], [[]]),
    *({"": None}, "\ud83d", 10**400, {"token": "1"}, [{"token": 1, "logprob": "0"}]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in JSON values, the inner ones too."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(p for key, one in inner for p in places(one, (*path, key)))]


def changed(answer: Any, rng: random.Random) -> Any:
    """The answer with something of another type, missing, or exchanged."""
    if len(places(answer)) == 1:
        return answer
    path = rng.choice(places(answer)[1:])
    holder = answer
    for key in path[:-1]:
        holder = holder[key]
    kind = rng.choice(("type", "type", "drop", "swap", "more"))
    if kind == "drop":
        del holder[path[-1]]
    elif kind == "swap":
        other = rng.choice(places(answer)[1:])
        there = answer
        for key in other[:-1]:
            there = there[key]
        # A copy, since a place may lie in the other.
        taken = json.loads(json.dumps(there[other[-1]]))
        holder[path[-1]] = taken
    elif kind == "more":
        holder[path[-1]] = [holder[path[-1]]] * 2
    else:
        holder[path[-1]] = copy.deepcopy(rng.choice(ODD))
    return answer


def damaged(answer: Any, rng: random.Random) -> bytes:
    """The bytes of an answer, cut, with other bytes, or changed as values."""
    kind = rng.choice(("cut", "flip", "value", "value", "value", "twice", "noise"))
    if kind == "value":
        for _ in range(rng.choice((1, 1, 3))):
            answer = changed(answer, rng)
    raw = bytearray(json.dumps(answer, ensure_ascii=rng.random() < 0.5).encode(errors="replace"))
    if kind == "cut":
        return bytes(raw[: rng.randrange(len(raw))])
    if kind == "flip":
        for _ in range(rng.choice((1, 1, 3, 30))):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    if kind == "twice":
        raw += raw[: rng.randrange(len(raw))]
    if kind == "noise":
        return rng.randbytes(rng.randrange(300))
    return bytes(raw)


def said(raw: bytes) -> tuple[dict[str, float], Any]:
    """(probabilities of the openings of a turn, text) that an answer holds, if it is one."""
    table: dict[str, float] = {}
    try:
        choice = json.loads(raw)["choices"][0]
        text = dict(choice["message"]).get("content")
    except (ValueError, LookupError, TypeError):
        return {}, None
    if isinstance(text, str):
        # Half a character cannot be written anywhere.
        text = text.encode(errors="replace").decode()
    counted: list[Any] = []
    try:
        for one in choice["logprobs"]["content"][0]["top_logprobs"]:
            name = str(one["token"]).lstrip()
            # A token that is listed twice with its log-prob is one.
            if (one["token"], one["logprob"]) not in counted:
                counted.append((one["token"], one["logprob"]))
                table[name] = table.get(name, 0.0) + math.exp(one["logprob"])
    except (LookupError, TypeError, OverflowError):
        table = {}
    return table, text


def try_damaged(toy: ToyServer, model: OpenAIModel, seed: int) -> tuple[bool, bool]:
    """Ask for a score and a text through damaged answers; whether each was given."""
    rng = random.Random(seed)
    last: list[bytes] = []

    def fault(path: str, body: dict[str, Any], n: int) -> Any:
        _, answer = toy.answer(path, body)
        last.append(damaged(answer, rng))
        code = rng.choice((200,) * 8 + (400, 404, 422, 429, 500, 503))
        if code != 200:
            last[-1] = b""
        return lambda handler: toy_server.reply(handler, code, last[-1])

    toy.fault = fault
    [score] = model.score([Request(PROMPT, choices=CHOICES)], ())
    if score.status == "ok":
        table, _ = said(last[-1])
        assert score.logprobs is not None
        for choice, value in zip(CHOICES, score.logprobs, strict=True):
            known = 0.0 if value is None else math.exp(value)
            assert math.isclose(known, table.get(choice, 0.0), rel_tol=1e-9), (seed, last[-1])
        assert score.mass is not None
        assert 0 < score.mass < 1.011, (seed, last[-1])
    else:
        assert score.logprobs is None
        assert score.reason
    [text] = model.generate([Request(PROMPT)], Sampling(max_tokens=3))
    if text.status == "ok":
        assert text.text == said(last[-1])[1], (seed, last[-1])
    else:
        assert text.text is None
        assert text.reason
    return score.status == "ok", text.status == "ok"


def try_at_start(toy: ToyServer, seed: int) -> bool:
    """Load a model whose server answers with damage from the first request on."""
    rng = random.Random(seed)
    whole = {"data": [{"id": toy_server.MODEL, "root": "toy", "max_model_len": 4096}]}

    def fault(path: str, body: dict[str, Any], n: int) -> Any:
        _, answer = toy.answer(path, body)
        sound = rng.random() < 0.5
        raw = json.dumps(answer).encode() if sound else damaged(answer, rng)
        return lambda handler: toy_server.reply(handler, 200, raw)

    toy.fault = fault
    toy.models, told = damaged(whole, rng), ""
    try:
        model = load(f"{toy.spec}?{OPTIONS}")
        assert len(model.fingerprint) == 64
        check(model, logprobs=True, generate=True)
        model.close()
    except MeasurandError as error:
        told = str(error)
    finally:
        toy.models = whole
    assert "\n" not in told
    return not told


def run(seeds: range) -> tuple[int, int, int]:
    """How many of the cases gave a score, a text, a model."""
    with toy_server.running() as toy:
        model = load(f"{toy.spec}?{OPTIONS}")
        assert isinstance(model, OpenAIModel)
        check(model, logprobs=True, generate=True)
        found = [try_damaged(toy, model, seed) for seed in seeds]
        begun = [try_at_start(toy, seed) for seed in seeds if seed % 10 == 0]
        model.close()
    return sum(s for s, _ in found), sum(t for _, t in found), sum(begun)


@pytest.mark.integration
def test_no_damage_is_a_traceback_or_a_score_that_the_answer_does_not_hold() -> None:
    scores, texts, begun = run(range(300))
    assert 20 < scores < 200
    assert 20 < texts < 250
    assert begun < 30
