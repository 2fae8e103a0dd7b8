"""What servers say of themselves, and whether several say the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from measurand.errors import CapabilityError, InfraError
from measurand.models.openai_answers import NotGiven, Unable, Unanswered, text_of
from measurand.models.openai_fleet import Fleet
from measurand.models.openai_http import Http, Refused
from measurand.models.openai_routes import Constraint, Route, Server, constrain, explain
from measurand.models.protocol import CANARY_CHOICES, CANARY_PROMPTS, NEGLIGIBLE, Score

# Before the first answer a wrong address is likelier than a server in trouble.
FIRST_RETRIES = 2
CLOSE = 0.25
"""Largest distance of two log-probs of one model: two steps of bfloat16 for logits above 16."""
_SERVED = ("id", "root", "owned_by", "max_model_len")
_HINT = "name servers of one model only, started in the same way, or each in a string of its own"
Listed = dict[str, dict[str, Any]]
Named = tuple[str, Server]


def listed(http: Http) -> Listed:
    """What the server says about its models, by name; empty where it says nothing.

    Raises:
        InfraError: code ``server_unreachable`` or ``unauthorized``.
    """
    try:
        data = http.get("/models", retries=FIRST_RETRIES).get("data")
    except Refused as error:
        # A key may be good for answers and not for this list: 403 says nothing yet.
        if error.status == 401:
            explain(http.base_url, error)
        return {}
    except InfraError as error:
        raise InfraError(
            f"{http.base_url}: {error}",
            hint="start the server, or check the url",
            code="server_unreachable",
        ) from error
    rows = data if isinstance(data, list) else []
    found = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    return {row["id"]: row for row in reversed(found)}


def version(http: Http) -> str | None:
    """Version of a vLLM server; None elsewhere."""
    if http.query:
        return None
    url = urlsplit(http.base_url)
    try:
        found = http.get(f"{url.scheme}://{url.netloc}/version", retries=0).get("version")
    except InfraError:
        return None
    return found if isinstance(found, str) else None


def said(models: Listed, model: str) -> dict[str, Any]:
    """Of what is listed, that which tells the model from another."""
    return {k: v for k, v in models.get(model, {}).items() if k in _SERVED}


def first_of(
    spec: str, servers: Sequence[Http], model: str
) -> tuple[Listed, str | None, dict[str, str]]:
    """What the first server that answers lists, its version, and why others are not there.

    Raises:
        InfraError: code ``server_unreachable`` or ``unauthorized``: none answers.
        CapabilityError: code ``other_server``: one says something else than the first.
    """
    found: tuple[Http, Listed, str | None] | None = None
    lost: dict[str, InfraError] = {}
    for http in servers:
        try:
            models = listed(http)
        except InfraError as error:
            if error.code != "server_unreachable":
                raise
            lost[http.name] = error
            continue
        mine = version(http)
        found = found or (http, models, mine)
        one = {**said(found[1], model), "version": found[2]}
        two = {**said(models, model), "version": mine}
        for name in sorted(one.keys() | two.keys()):
            if one.get(name) != two.get(name):
                says = (f"{name} {told.get(name)!r}" for told in (one, two))
                _refuse(spec, *zip((found[0].name, http.name), says, strict=True))
    if found is None:
        raise next(iter(lost.values()))
    return found[1], found[2], {name: error.args[0] for name, error in lost.items()}


def apart(server: Server) -> list[Named]:
    """Each of several servers that are asked, as a server of its own, with its name."""
    ways = server.http.there if isinstance(server.http, Fleet) else [server.http]
    return [(http.name, replace(server, http=http, retries=FIRST_RETRIES)) for http in ways]


def compare(
    spec: str, first: Named, other: Named, route: Route | None, constraint: Constraint | None
) -> None:
    """Refuse a server that answers canary prompts as another model does.

    Args:
        spec: model string, for messages.
        first: the server that it is compared with.
        other: the server.
        route: how the first one's log-probs are read; None where it gives none, and what it
            writes is compared.
        constraint: how the first one is told what it may write.

    Raises:
        InfraError: one of them cannot be asked.
        CapabilityError: code ``other_server``.
    """
    names, servers = (first[0], other[0]), (first[1], other[1])
    for prompt in CANARY_PROMPTS:
        told = _written_apart(servers, prompt) if route is None else None
        if route is not None:
            told = _gap(*(_scored(spec, server, prompt, route) for server in servers))
        if told is not None:
            words = [f"{text} after {prompt!r}" for text in told]
            _refuse(spec, *zip(names, words, strict=True))
    if constraint is not None and not _constrains(servers[1], constraint):
        words = [f"that it is constrained by {constraint.name}", "that it is not"]
        _refuse(spec, *zip(names, words, strict=True))


def _refuse(spec: str, one: tuple[str, str], two: tuple[str, str]) -> None:
    raise CapabilityError(
        f"{spec}: the servers are not the same: {one[0]} says {one[1]}, {two[0]} says {two[1]}",
        hint=_HINT,
        code="other_server",
    )


def _scored(spec: str, server: Server, prompt: str, route: Route) -> Score:
    try:
        return route(server, prompt, CANARY_CHOICES)
    except Refused as error:
        explain(spec, error)
        return Score.failed("skipped", str(error))
    except (NotGiven, Unable, Unanswered) as error:
        return Score.failed("skipped", str(error))


def _gap(one: Score, two: Score) -> tuple[str, str] | None:
    """What two scores say where they cannot be one model's; None where they can."""
    if one.logprobs is None or two.logprobs is None:
        said_one, said_two = (s.reason or "log-probs" for s in (one, two))
        return None if one.logprobs is two.logprobs else (said_one, said_two)
    for choice, a, b in zip(CANARY_CHOICES, one.logprobs, two.logprobs, strict=True):
        if a is None or b is None:
            continue
        # Of what is all but impossible the last digits are noise.
        if max(a, b) > math.log(NEGLIGIBLE) and abs(a - b) > CLOSE:
            return f"P({choice!r}) = {math.exp(a):.3g}", f"{math.exp(b):.3g}"
    return None


def _written_apart(servers: tuple[Server, Server], prompt: str) -> tuple[str, str] | None:
    """What two servers write where they cannot be one model; None where they can."""
    first, other, again = (_written(server, prompt) for server in (*servers, servers[0]))
    # Where one server does not repeat itself, two need not agree.
    return (repr(first), repr(other)) if first == again != other else None


def _written(server: Server, prompt: str) -> str | None:
    try:
        answer = server.ask(server.wire(prompt), max_tokens=8 + server.room, temperature=0.0)
        return text_of(answer, chat=server.chat)[0]
    except (NotGiven, Unanswered):
        return None


def _constrains(server: Server, constraint: Constraint) -> bool:
    try:
        constrain(server, "Say hello.", ("zebra", "quartz"), constraint, {"temperature": 0.0})
    except (NotGiven, Refused, Unanswered):
        return False
    return True
