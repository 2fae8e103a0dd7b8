"""Servers that speak the OpenAI HTTP API: ``openai:<base url>#<model>``.

Options:

``api=completions|chat``
    ``chat`` (default) sends the prompt as a user message; the server applies its template.
    ``completions`` (default with ``tokenizer`` or ``template=none``) sends text or tokens.
``tokenizer=<folder>``
    Applies the chat template and finds the choices' tokens here. With it a server that knows
    ``logprob_token_ids`` (vLLM) gives every choice exactly in one request.
``template=chat|none``, ``template_args=<JSON object>``
    ``none`` sends the raw prompt; the arguments go to the template, here or on the server
    (``chat_template_kwargs``).
``body=<JSON object>``
    Fields of every request, over ours; null leaves one out.
``thought=<tokens>``
    Room for the thought of a reasoning model before each written answer.
``concurrency=8``, ``timeout=60`` (seconds an attempt), ``retries=6``, ``backoff=0.5``
    ``backoff`` is the wait in seconds before the first retry; it doubles, up to 30 s.

How log-probabilities are read is found out once, with a canary prompt, best first:

1. ``ids``: the log-probs of the choices' token ids at the next position. Exact, one request.
2. ``echo``: prompt and choice are sent and their own log-probs read back. Exact, one request a
   choice, and for choices of several tokens.
3. ``top``: the server's list of likely next tokens, matched by text. A choice that is not on the
   list has no log-prob; the mass is then a lower bound and the reason says so.

A server with none of them can still ``generate``. What fails for good after retries is a row with
status ``infra_error``; what the server can never give is ``skipped``. The API key is read from
MEASURAND_API_KEY or OPENAI_API_KEY and is never written. Azure's form of the address, with
``?api-version=``, sends it in the header ``api-key``. The fingerprint holds what the server says
about itself, not its weights: two servers may compute different things under one name.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from measurand.errors import CapabilityError, InfraError, InputError, MeasurandError
from measurand.models import openai_keys
from measurand.models.openai_address import address, own_fields, seconds, tokenizer_here
from measurand.models.openai_answers import (
    StillThinking,
    Unable,
    Unanswered,
    cached_tokens,
    text_of,
    used_tokens,
)
from measurand.models.openai_http import Http, Patience, Refused
from measurand.models.openai_manners import Manners, too_long, withheld
from measurand.models.openai_names import Answering
from measurand.models.openai_routes import (
    Constraint,
    Route,
    Server,
    constrain,
    explain,
    find_constraint,
    find_route,
)
from measurand.models.prompts import check_choices
from measurand.models.protocol import (
    CANARY_PROMPTS,
    Capabilities,
    Completion,
    Request,
    Sampling,
    Score,
    prompt_seed,
)
from measurand.models.sampling import constrained
from measurand.models.strings import OPTIONS, ModelSpec
from measurand.models.thoughts import cut

# Before the first answer a wrong address is likelier than a server in trouble.
_FIRST_RETRIES = 2
_SERVED = ("id", "root", "owned_by", "max_model_len")
_NEUTRAL = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
Row = TypeVar("Row", Score, Completion)
_log = logging.getLogger(__name__)


def load(spec: ModelSpec) -> OpenAIModel:
    """Reach the server and ask what it serves.

    Raises:
        InputError: code ``bad_model``: the string names no URL or model, holds a password, or asks
            for a template that this API cannot apply.
        InfraError: code ``server_unreachable`` or ``unauthorized``.
    """
    spec.allow(*OPTIONS["openai"])
    key = openai_keys.find()
    base, query, model = address(spec, key)
    arguments, body = spec.mapping("template_args"), own_fields(spec)
    prompts, tokenizer = tokenizer_here(spec)
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
    connections = spec.count("concurrency", 8, least=1)
    http = Http(
        base,
        key=key,
        connections=connections,
        patience=Patience(
            timeout_s=seconds(spec, "timeout", 60.0),
            retries=spec.count("retries", 6, least=0),
            backoff_s=seconds(spec, "backoff", 0.5),
            give_up_after=max(32, 2 * connections),
        ),
        query=query,
        header="api-key" if query and not key.startswith("eyJ") else "Authorization",
    )
    listed = _listed(http)
    served, version = listed.get(model, {}), _version(http)
    context = served.get("max_model_len")
    if arguments and prompts is None:
        body = {"chat_template_kwargs": arguments, **body}
    server = Server(
        *(http, model, chat, prompts),
        context=context if isinstance(context, int) else None,
        manners=Manners(spec.text, body),
        room=spec.room(),
        # Azure's list holds models, its addresses name deployments of them.
        answering=Answering(spec.text, model, () if query else listed, served.get("root")),
    )
    identity = {
        "backend": "openai",
        # Spellings are pooled and answers begin a turn; what was read otherwise is asked again.
        "reads": 3,
        "host": f"{base.split('://', 1)[1]}?{query}".rstrip("?"),
        "model": model,
        "served": {k: v for k, v in served.items() if k in _SERVED},
        "version": version,
        "api": "chat" if chat else "completions",
        "template": template,
        "tokenizer": tokenizer,
        "turn": prompts.probe() if prompts is not None and prompts.chat else None,
        "asked": {
            **({"arguments": arguments} if arguments else {}),
            **({"body": body} if body else {}),
            **({"thought": spec.options["thought"]} if "thought" in spec.options else {}),
        },
    }
    neutral = _NEUTRAL if version is not None else {}
    return OpenAIModel(spec.text, identity, server, neutral=neutral)


class OpenAIModel:
    """A model behind an OpenAI-compatible server.

    Attributes:
        route: how log-probs are read (``ids``, ``echo`` or ``top``), None before the first use
            and where the server gives none.
    """

    def __init__(
        self, spec: str, identity: dict[str, Any], server: Server, *, neutral: dict[str, Any]
    ) -> None:
        self.spec = spec
        self._identity = identity
        self.route: str | None = None
        self._server, self._neutral = server, neutral
        self._template = server.chat or (server.prompts is not None and server.prompts.chat)
        self._score: Route | None = None
        self._constraint: Constraint | None = None
        self._known = False
        self._reasons: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """Hash of what the server says of itself, what it is asked, and how it is read.

        How it is read is found out at the first use. Where the server cannot be asked, no answer
        is kept under what this gives.
        """
        ready = self._ready() is None
        if ready and "found" not in self._identity:
            constraint = None if self._constraint is None else self._constraint.name
            left = sorted(self._server.manners.left_out)
            other = self._server.answering.other
            self._identity["found"] = {
                "route": self.route,
                "constraint": constraint,
                "left_out": left,
                **({"answers_as": other} if other is not None else {}),
            }
        return hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).hexdigest()

    def capabilities(self) -> Capabilities:
        """What a canary prompt showed that the server can do.

        Raises:
            InfraError: the server cannot be asked.
            CapabilityError: code ``unknown_model``: it does not serve the model.
        """
        self._discover()
        return Capabilities(
            logprobs=self._score is not None,
            generate="generate" not in self._reasons,
            constrained=self._exact or self._constraint is not None,
            chat_template=self._template,
            max_model_tokens=self._server.context,
            dtype="unknown",
            reasons=self._reasons,
        )

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Log-probabilities of the choices; what fails for good is ``infra_error``.

        What the server can never give, such as a choice of several tokens where it lists one, is
        ``skipped``.

        Raises:
            InputError: code ``bad_choices``: none, an empty one, or one twice.
        """
        for some in {request.choices or tuple(choices) for request in requests}:
            check_choices(some)

        def one(request: Request) -> Score:
            if self._score is None:
                raise Unable("the server gives no log-probs")
            return self._score(self._server, request.prompt, request.choices or choices)

        return self._all(requests, one, lambda error: Score.failed(_status(error), str(error)))

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
        return self._all(requests, one, _no_text)

    def close(self) -> None:
        """Close the connections, and say what had to be asked more than once."""
        http = self._server.http
        if total := http.tried_again.total():
            reason, most = http.tried_again.most_common(1)[0]
            _log.warning(
                "%s: %s attempts failed and were made again, %s of them: %s",
                *(self.spec, total, most, reason),
            )
            http.tried_again.clear()
        http.close()

    @property
    def _exact(self) -> bool:
        return self.route in ("ids", "echo")

    def _all(
        self,
        requests: Sequence[Request],
        one: Callable[[Request], Row],
        failed: Callable[[MeasurandError], Row],
    ) -> list[Row]:
        """``one`` for every request, a bounded number at a time; its errors become rows."""
        problem = self._ready()
        if problem is not None:
            return [failed(InfraError(problem)) for _ in requests]

        def guarded(request: Request) -> Row:
            with self._server.http.counted() as again:
                try:
                    row = one(request)
                except MeasurandError as error:
                    row = failed(error)
            return replace(row, retries=len(again)) if again else row

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
            "max_tokens": sampling.max_tokens + self._server.room,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": prompt_seed(request.prompt, sampling.seed, repeat),
        }
        if sampling.stop and not self._server.room:
            # OpenAI's own servers take four. With a thought before it, the answer is cut here.
            settings["stop"] = list(sampling.stop[:4])
        if sampling.choices is not None:
            choices = request.choices or sampling.choices
            return self._write_choice(request.prompt, choices, settings, sampling)
        sent = self._server.wire(request.prompt)
        reason = None if isinstance(sent, str) else self._server.over_length(len(sent))
        if reason is not None:
            return Completion.failed("skipped", reason, prompt_tokens=len(sent))
        answer = self._server.ask(sent, **settings)
        close = "" if self._server.prompts is None else self._server.prompts.close
        said, finish, tokens = text_of(answer, chat=self._server.chat, close=close)
        text = cut(said, sampling.stop)
        finish = "length" if finish == "length" and text == said else "stop"
        used, cached = used_tokens(answer), cached_tokens(answer)
        told = self._drawn_otherwise(sampling)
        return Completion(text, tokens, used, finish, cached_tokens=cached, reason=told)

    def _write_choice(
        self,
        prompt: str,
        choices: tuple[str, ...],
        settings: dict[str, Any],
        sampling: Sampling,
    ) -> Completion:
        if self._constraint is None:
            raise Unable("the server cannot constrain an answer")
        text, tokens, used = constrain(self._server, prompt, choices, self._constraint, settings)
        told = self._drawn_otherwise(sampling)
        return Completion(text, tokens, used, "stop", reason=told)

    def _drawn_otherwise(self, sampling: Sampling) -> str | None:
        """What of the sampling the server does not take, and so decides itself."""
        names = ["temperature", *(["top_p"] if sampling.top_p < 1 else [])]
        left = [name for name in names if name in self._server.manners.left_out]
        return f"the server takes no {' and no '.join(left)}: drawn by its own" if left else None

    def _discover(self) -> None:
        """Find out, once, how the server gives log-probs and constrains answers."""
        with self._lock:
            if self._known:
                return
            server = replace(self._server, retries=_FIRST_RETRIES)
            self.route, self._score, problem = find_route(self.spec, server)
            if problem is not None:
                self._reasons["logprobs"] = problem
                self._try_to_write(server)
            if not self._exact:
                self._constraint = find_constraint(server)
            self._known = True

    def _try_to_write(self, server: Server) -> None:
        """Find out whether a server without log-probs writes at all."""
        try:
            server.ask(server.wire(CANARY_PROMPTS[0]), max_tokens=4, temperature=0.0)
        except Refused as error:
            self._reasons["generate"] = str(error)


def _no_text(error: MeasurandError) -> Completion:
    row = Completion.failed(_status(error), str(error))
    return replace(row, finish="length") if isinstance(error, StillThinking) else row


def _status(error: MeasurandError) -> str:
    """Status of a row whose request failed so."""
    if isinstance(error, Unanswered) or (isinstance(error, Refused) and withheld(error)):
        return "model_error"
    if isinstance(error, CapabilityError) or (isinstance(error, Refused) and too_long(error)):
        return "skipped"
    if isinstance(error, InfraError):
        return "infra_error"
    raise error


def _listed(http: Http) -> dict[str, dict[str, Any]]:
    """What the server says about its models, by name; empty where it says nothing."""
    try:
        data = http.get("/models", retries=_FIRST_RETRIES).get("data")
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


def _version(http: Http) -> str | None:
    """Version of a vLLM server; None elsewhere."""
    if http.query:
        return None
    url = urlsplit(http.base_url)
    try:
        version = http.get(f"{url.scheme}://{url.netloc}/version", retries=0).get("version")
    except InfraError:
        return None
    return version if isinstance(version, str) else None
