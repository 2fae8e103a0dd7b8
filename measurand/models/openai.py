"""Any server that speaks the OpenAI HTTP API: ``openai:<base url>#<model>``.

Options:

``api=completions|chat``
    ``chat`` (default) sends the prompt as a user message; the server applies its template.
    ``completions`` (default with ``tokenizer`` or ``template=none``) sends text or tokens.
``tokenizer=<folder>``
    Applies the chat template and finds the choices' tokens here. With it a server that knows
    ``logprob_token_ids`` (vLLM) gives every choice exactly in one request.
``template=chat|none``
    ``none`` sends the raw prompt.
``concurrency=8``, ``timeout=60`` (seconds an attempt), ``retries=6``, ``backoff=0.5``
    ``backoff`` is the wait in seconds before the first retry; it doubles, up to 30 s.

How log-probabilities are read is found out once, with a canary prompt, best first:

1. ``ids``: the log-probs of the choices' token ids at the next position. Exact, one request.
2. ``echo``: prompt and choice are sent and their own log-probs read back. Exact, one request a
   choice, and for choices of several tokens.
3. ``top``: the server's list of likely next tokens, matched by text. A choice that is not on the
   list has no log-prob; the mass is then a lower bound and the reason says so.

A server with none of them can still ``generate``. What fails for good after retries is a row with
status ``infra_error``. The API key is read from MEASURAND_API_KEY or OPENAI_API_KEY and is never
written. The fingerprint holds what the server says about itself, not its weights: two servers may
compute different things under one name.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from measurand.errors import CapabilityError, InfraError, InputError
from measurand.models.openai_http import API_KEYS, Http, Patience, Refused
from measurand.models.openai_routes import (
    Constraint,
    NotGiven,
    Route,
    Server,
    cached_tokens,
    constrain,
    explain,
    find_constraint,
    find_route,
    text_of,
    used_tokens,
)
from measurand.models.prompts import Prompts, check_choices, load_prompts
from measurand.models.protocol import (
    Capabilities,
    Completion,
    ModelSpec,
    Request,
    Sampling,
    Score,
    prompt_seed,
)
from measurand.models.sampling import constrained

OPTIONS = ("api", "tokenizer", "template", "concurrency", "timeout", "retries", "backoff")
_TOKENIZER_FILES = ("tokenizer", "chat_template", "special_tokens", "vocab", "merges", "added_tok")
# Before the first answer a wrong address is likelier than a server in trouble.
_FIRST_RETRIES = 2
_NEUTRAL = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
Row = TypeVar("Row")


def load(spec: ModelSpec) -> OpenAIModel:
    """Reach the server and ask what it serves.

    Raises:
        InputError: code ``bad_model``: the string names no URL or model, holds a password, or asks
            for a template that this API cannot apply.
        InfraError: code ``server_unreachable`` or ``unauthorized``.
    """
    spec.allow(*OPTIONS)
    base, model = _address(spec)
    prompts, tokenizer = _prompts(spec)
    default = "completions" if prompts or spec.options.get("template") == "none" else "chat"
    chat = spec.option("api", default, ("completions", "chat")) == "chat"
    template = "none" if prompts and not prompts.chat else spec.options.get("template", "chat")
    if chat and (prompts is not None or template == "none"):
        raise InputError(
            f"{spec.text}: the chat API applies the server's own template",
            hint="leave out tokenizer and template=none, or write api=completions",
            code="bad_model",
        )
    if not chat and prompts is None and template != "none":
        raise InputError(
            f"{spec.text}: the completions API applies no chat template",
            hint="add tokenizer=<folder> to apply it here, or write api=chat or template=none",
            code="bad_model",
        )
    connections = _count(spec, "concurrency", 8, least=1)
    http = Http(
        base,
        key=next((os.environ[name] for name in API_KEYS if os.environ.get(name)), ""),
        connections=connections,
        patience=Patience(
            timeout_s=_seconds(spec, "timeout", 60.0),
            retries=_count(spec, "retries", 6, least=0),
            backoff_s=_seconds(spec, "backoff", 0.5),
            give_up_after=max(32, 2 * connections),
        ),
    )
    served, version = _served(http, model), _version(http)
    context = served.get("max_model_len")
    server = Server(http, model, chat, prompts, context if isinstance(context, int) else None)
    identity = {
        "backend": "openai",
        "host": base.split("://", 1)[1],
        "model": model,
        "served": {k: v for k, v in served.items() if k in ("id", "root", "owned_by")},
        "version": version,
        "api": "chat" if chat else "completions",
        "template": template,
        "tokenizer": tokenizer,
    }
    neutral = _NEUTRAL if version is not None else {}
    return OpenAIModel(spec.text, json.dumps(identity, sort_keys=True), server, neutral=neutral)


class OpenAIModel:
    """A model behind an OpenAI-compatible server.

    Attributes:
        route: how log-probs are read (``ids``, ``echo`` or ``top``), None before the first use
            and where the server gives none.
    """

    def __init__(
        self, spec: str, identity: str, server: Server, *, neutral: dict[str, Any]
    ) -> None:
        self.spec = spec
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()
        self.route: str | None = None
        self._server, self._neutral = server, neutral
        self._template = server.chat or (server.prompts is not None and server.prompts.chat)
        self._score: Route | None = None
        self._constraint: Constraint | None = None
        self._known = False
        self._lock = threading.Lock()

    def capabilities(self) -> Capabilities:
        """What a canary prompt showed that the server can do.

        Raises:
            InfraError: the server cannot be asked.
            CapabilityError: code ``unknown_model``: it does not serve the model.
        """
        self._discover()
        return Capabilities(
            logprobs=self._score is not None,
            generate=True,
            constrained=self._exact or self._constraint is not None,
            chat_template=self._template,
            max_model_tokens=self._server.context,
            dtype="unknown",
        )

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Log-probabilities of the choices; what fails for good is ``infra_error``.

        Raises:
            InputError: code ``bad_choices``: none, an empty one, or one twice.
        """
        for some in {request.choices or tuple(choices) for request in requests}:
            check_choices(some)

        def one(request: Request) -> Score:
            if self._score is None:
                raise NotGiven("the server gives no log-probs")
            return self._score(self._server, request.prompt, request.choices or choices)

        return self._all(requests, one, lambda reason: Score.failed("infra_error", reason))

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """Completions; what fails for good is ``infra_error``.

        Where log-probs are exact, a constrained answer is drawn from them here, as the other
        backends do; otherwise the server constrains it. Whether an unconstrained draw with a seed
        comes out again is up to the server.
        """

        def one(request: Request) -> Completion:
            return self._write(request, sampling, repeat)

        if sampling.choices is not None and self._ready() is None and self._exact:
            scores = self.score(requests, sampling.choices)
            return constrained(requests, scores, sampling, repeat)
        return self._all(requests, one, lambda reason: Completion.failed("infra_error", reason))

    def close(self) -> None:
        """Close the connections."""
        self._server.http.close()

    @property
    def _exact(self) -> bool:
        return self.route in ("ids", "echo")

    def _all(
        self,
        requests: Sequence[Request],
        one: Callable[[Request], Row],
        failed: Callable[[str], Row],
    ) -> list[Row]:
        """``one`` for every request, a bounded number at a time; its infra errors become rows."""
        problem = self._ready()
        if problem is not None:
            return [failed(problem) for _ in requests]

        def guarded(request: Request) -> Row:
            try:
                return one(request)
            except InfraError as error:
                return failed(str(error))

        with ThreadPoolExecutor(self._server.http.connections) as pool:
            return list(pool.map(guarded, requests))

    def _ready(self) -> str | None:
        """Why the server cannot be used now; None where it can."""
        try:
            self._discover()
        except (InfraError, CapabilityError) as error:
            return str(error)
        return None

    def _write(self, request: Request, sampling: Sampling, repeat: int) -> Completion:
        settings: dict[str, Any] = {
            **self._neutral,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": prompt_seed(request.prompt, sampling.seed, repeat),
        }
        if sampling.stop:
            settings["stop"] = list(sampling.stop)
        if sampling.choices is not None:
            return self._write_choice(request.prompt, request.choices or sampling.choices, settings)
        sent = self._server.wire(request.prompt)
        reason = None if isinstance(sent, str) else self._server.over_length(len(sent))
        if reason is not None:
            return Completion.failed("skipped", reason, prompt_tokens=len(sent))
        answer = self._server.ask(sent, **settings)
        text, finish, tokens = text_of(self._server, answer)
        used = used_tokens(answer)
        if finish == "content_filter":
            return Completion.failed("model_error", "withheld by a content filter")
        finish = "length" if finish == "length" else "stop"
        return Completion(text, tokens, used, finish, cached_tokens=cached_tokens(answer))

    def _write_choice(
        self, prompt: str, choices: tuple[str, ...], settings: dict[str, Any]
    ) -> Completion:
        if self._constraint is None:
            raise NotGiven("the server cannot constrain an answer")
        text, tokens, used = constrain(self._server, prompt, choices, self._constraint, settings)
        return Completion(text, tokens, used, "stop")

    def _discover(self) -> None:
        """Find out, once, how the server gives log-probs and constrains answers."""
        with self._lock:
            if self._known:
                return
            server = replace(self._server, retries=_FIRST_RETRIES)
            self.route, self._score = find_route(self.spec, server)
            if not self._exact:
                self._constraint = find_constraint(server)
            self._known = True


def _address(spec: ModelSpec) -> tuple[str, str]:
    base, _, model = spec.target.rpartition("#")
    try:
        url = urlsplit(base)
        plain = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        plain = False
    if not plain or not model:
        raise InputError(
            "an openai model string needs a url and a model name",
            hint="write openai:http://localhost:8000/v1#<model>",
            code="bad_model",
        )
    if url.username is not None or url.password is not None or url.query:
        # The string is written into every result, so it is not repeated here either.
        raise InputError(
            "the url of an openai model string holds a user name, a password or a query",
            hint=f"put the key into {API_KEYS[0]}",
            code="bad_model",
        )
    return base.rstrip("/"), model


def _prompts(spec: ModelSpec) -> tuple[Prompts | None, str | None]:
    """The local tokenizer, if one is named, and a hash of its files."""
    spec.option("template", "chat", ("chat", "none"))
    if "tokenizer" not in spec.options:
        return None, None
    folder = Path(spec.options["tokenizer"])
    prompts = load_prompts(spec, folder)
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.name.startswith(_TOKENIZER_FILES) and path.is_file():
            digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return prompts, digest.hexdigest()


def _count(spec: ModelSpec, name: str, default: int, *, least: int) -> int:
    value = spec.number(name, default)
    if value != int(value) or value < least:
        raise InputError(
            f"{spec.text}: {name}={spec.options[name]} is not possible",
            hint=f"{name} is a whole number, at least {least}",
            code="bad_model",
        )
    return int(value)


def _seconds(spec: ModelSpec, name: str, default: float) -> float:
    value = spec.number(name, default)
    if value <= 0:
        raise InputError(
            f"{spec.text}: {name}={spec.options[name]} is not possible",
            hint=f"{name} is a number of seconds above 0",
            code="bad_model",
        )
    return value


def _served(http: Http, model: str) -> dict[str, Any]:
    """What the server says about the model; empty where it says nothing."""
    try:
        data = http.get("/models", retries=_FIRST_RETRIES).get("data")
    except Refused as error:
        if error.status in (401, 403):
            explain(http.base_url, error)
        return {}
    except InfraError as error:
        raise InfraError(
            f"{http.base_url}: {error}",
            hint="start the server, or check the url",
            code="server_unreachable",
        ) from error
    rows = data if isinstance(data, list) else []
    found = [row for row in rows if isinstance(row, dict) and row.get("id") == model]
    return found[0] if found else {}


def _version(http: Http) -> str | None:
    """Version of a vLLM server; None elsewhere."""
    url = urlsplit(http.base_url)
    try:
        version = http.get(f"{url.scheme}://{url.netloc}/version", retries=0).get("version")
    except InfraError:
        return None
    return version if isinstance(version, str) else None
