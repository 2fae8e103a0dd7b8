"""Servers that speak the OpenAI HTTP API: ``openai:<base url>#<model>``.

``openai:<url>,<url>#<model>`` are several servers of one model (``openai_fleet``): prompts that
begin alike go to the same one (``openai_choosing``), a server that dies is left out, and one that
says something else of itself than the first is refused (``openai_sameness``). Their order says
nothing.

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
``concurrency=8`` (a server), ``timeout=60`` (seconds an attempt), ``retries=6``, ``backoff=0.5``
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
from itertools import repeat
from typing import Any, TypeVar

from measurand.errors import CapabilityError, InfraError, InputError, MeasurandError
from measurand.models import openai_keys
from measurand.models.openai_address import Address, addresses, own_fields, seconds, tokenizer_here
from measurand.models.openai_answers import (
    StillThinking,
    Unable,
    Unanswered,
    cached_tokens,
    text_of,
    used_tokens,
)
from measurand.models.openai_attempts import Attempts
from measurand.models.openai_fleet import Fleet
from measurand.models.openai_http import Http, Patience, Refused
from measurand.models.openai_manners import Manners, too_long, withheld
from measurand.models.openai_names import Answering
from measurand.models.openai_prefixes import Beginning, together
from measurand.models.openai_routes import (
    Constraint,
    Route,
    Server,
    constrain,
    find_constraint,
    find_route,
)
from measurand.models.openai_sameness import Named, apart, compare, first_of, said
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

_NEUTRAL = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
Row = TypeVar("Row", Score, Completion)
_log = logging.getLogger(__name__)


def load(spec: ModelSpec) -> OpenAIModel:
    """Reach the servers and ask what they serve.

    Raises:
        InputError: code ``bad_model``: the string names no URL or model, holds a password, or asks
            for a template that this API cannot apply.
        InfraError: code ``server_unreachable`` or ``unauthorized``.
        CapabilityError: code ``other_server``: one says something else than the first.
    """
    spec.allow(*OPTIONS["openai"])
    key = openai_keys.find()
    places, model = addresses(spec, key)
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
    ways = _connections(spec, places, key)
    listed, version, lost = first_of(spec.text, ways, model)
    served = listed.get(model, {})
    context = served.get("max_model_len")
    if arguments and prompts is None:
        body = {"chat_template_kwargs": arguments, **body}
    # Azure's list holds models, its addresses name deployments of them.
    names = () if places[0].query else listed
    answering = Answering(spec.text, model, names, served.get("root"))
    http = ways[0] if len(ways) == 1 else Fleet(ways, answering, spec.text, lost)
    server = Server(
        *(http, model, chat, prompts),
        context=context if isinstance(context, int) else None,
        manners=Manners(spec.text, body),
        room=spec.room(),
        answering=answering,
    )
    identity = {
        "backend": "openai",
        # Spellings are pooled and answers begin a turn; what was read otherwise is asked again.
        "reads": 3,
        "host": places[0].host if len(places) == 1 else [place.host for place in places],
        "model": model,
        "served": said(listed, model),
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


def _connections(spec: ModelSpec, places: Sequence[Address], key: str) -> list[Http]:
    """A connection pool to each server; their attempts are counted together."""
    connections, attempts = spec.count("concurrency", 8, least=1), Attempts()
    patience = Patience(
        timeout_s=seconds(spec, "timeout", 60.0),
        retries=spec.count("retries", 6, least=0),
        backoff_s=seconds(spec, "backoff", 0.5),
        give_up_after=max(32, 2 * connections),
    )
    return [
        Http(
            *(place.base, key, connections, patience, place.query),
            header="api-key" if place.query and not key.startswith("eyJ") else "Authorization",
            name=place.host if len(places) > 1 else "",
            attempts=attempts,
        )
        for place in places
    ]


class OpenAIModel:
    """A model behind an OpenAI-compatible server, or several.

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
        again = http.attempts.reasons
        if total := again.total():
            reason, most = again.most_common(1)[0]
            _log.warning(
                "%s: %s attempts failed and were made again, %s of them: %s",
                *(self.spec, total, most, reason),
            )
            again.clear()
        http.close()

    @property
    def left_out(self) -> dict[str, str]:
        """Why servers were asked no more, by name."""
        http = self._server.http
        return http.left_out if isinstance(http, Fleet) else {}

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
        problem, http = self._ready(), self._server.http
        if problem is not None:
            return [failed(InfraError(problem)) for _ in requests]

        def guarded(request: Request, beginning: Beginning | None) -> Row:
            with http.attempts.of_call(beginning) as call:
                try:
                    row = one(request)
                except MeasurandError as error:
                    row = failed(error)
            if not call.failed and not call.server:
                return row
            return replace(row, retries=len(call.failed), server=call.server,
                           failed_at=tuple(filter(None, call.failed)))  # fmt: skip

        several = isinstance(http, Fleet)
        begin = together([request.prompt for request in requests]) if several else repeat(None)
        with ThreadPoolExecutor(http.connections) as pool:
            return list(pool.map(guarded, requests, begin))

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
        """Find out, once, how the servers give log-probs and constrain answers."""
        with self._lock:
            if self._known:
                return
            first: Named | None = None
            for name, server in apart(self._server):
                try:
                    if first is None:
                        self._find(server)
                        first = name, server
                    else:
                        compare(self.spec, first, (name, server), self._score, self._constraint)
                except InfraError as error:
                    fleet = self._server.http
                    if not isinstance(fleet, Fleet) or len(fleet.there) == 1:
                        raise
                    fleet.leave_out(name, str(error))
            self._known = True

    def _find(self, server: Server) -> None:
        """Find out how a server gives log-probs and constrains answers."""
        self.route, self._score, problem = find_route(self.spec, server)
        self._reasons.clear()
        if problem is not None:
            self._reasons["logprobs"] = problem
            self._try_to_write(server)
        if not self._exact:
            self._constraint = find_constraint(server)

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
