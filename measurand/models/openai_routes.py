"""How log-probabilities and constrained answers are read from an OpenAI-like server.

A route asks for one prompt and returns its score. Servers differ in what they offer, so each route
trusts nothing: what is missing from an answer is a named error, never a number.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from measurand.errors import CapabilityError, InfraError
from measurand.models.openai_http import API_KEYS, Http, Refused
from measurand.models.prompts import Prompts
from measurand.models.protocol import CANARY_CHOICES, CANARY_PROMPTS, Score
from measurand.models.tokens import Tokens, split_choices


class NotGiven(InfraError):
    """The server answered, but not with what was asked for."""

    code = "not_given"


@dataclass(frozen=True)
class Server:
    """Where to ask.

    Attributes:
        http: the connection.
        model: model name in the requests.
        chat: prompts go to /chat/completions as a user message, otherwise to /completions.
        prompts: local tokenizer and template; None sends the text of the prompt.
        context: most tokens of a prompt and its answer, None where the server does not say.
        retries: overrides the patience of ``http``.
    """

    http: Http
    model: str
    chat: bool
    prompts: Prompts | None
    context: int | None = None
    retries: int | None = None

    def ask(self, prompt: str | Tokens, **settings: Any) -> dict[str, Any]:
        """Answer to one prompt, which goes out as it is."""
        where: dict[str, Any]
        if self.chat:
            path, where = "/chat/completions", {"messages": [{"role": "user", "content": prompt}]}
        else:
            path, where = (
                "/completions",
                {"prompt": prompt if isinstance(prompt, str) else [*prompt]},
            )
        body = {"model": self.model, **where, **settings}
        return self.http.post(path, body, retries=self.retries)

    def wire(self, prompt: str) -> str | Tokens:
        """What is sent for a prompt: tokens where the tokenizer is here, otherwise the text."""
        return prompt if self.prompts is None else self.prompts.tokens(prompt)

    def over_length(self, tokens: int) -> str | None:
        """Why a prompt of so many tokens cannot be answered; None where it can."""
        if tokens == 0:
            return "prompt has no token"
        if self.context is not None and tokens + 1 > self.context:
            return f"prompt of {tokens} tokens and its answer exceed {self.context} tokens"
        return None


Route = Callable[[Server, str, Sequence[str]], Score]

_log = logging.getLogger(__name__)
# Servers add the token that they drew to the list of the likeliest. Greedy, it is the likeliest, so
# nothing on the list is less likely than what is left off.
_ONE_TOKEN = {"max_tokens": 1, "temperature": 0.0}


def routes(server: Server) -> Iterator[tuple[str, Route]]:
    """Names and routes worth a try, the best first."""
    if server.chat:
        yield "top", lambda server, prompt, choices: by_top(server, prompt, choices, 20)
        yield "top", lambda server, prompt, choices: by_top(server, prompt, choices, 5)
        return
    if server.prompts is not None:
        yield "ids", by_ids
    yield "echo", by_echo
    yield "top", lambda server, prompt, choices: by_top(server, prompt, choices, 20)
    yield "top", lambda server, prompt, choices: by_top(server, prompt, choices, 5)


def by_ids(server: Server, prompt: str, choices: Sequence[str]) -> Score:
    """Log-probs of given token ids at the next position (vLLM's ``logprob_token_ids``)."""
    if server.prompts is None:
        raise NotGiven("token ids are unknown without a tokenizer")
    tokens, tails = server.prompts.split(prompt, choices)
    if max(map(len, tails)) > 1:
        return by_echo(server, prompt, choices)
    if (reason := server.over_length(len(tokens))) is not None:
        return Score.failed("skipped", reason, prompt_tokens=len(tokens))
    ids = list(dict.fromkeys(tail[0] for tail in tails))
    answer = server.ask(
        tokens,
        **_ONE_TOKEN,
        logprobs=len(ids),
        logprob_token_ids=ids,
        return_tokens_as_token_ids=True,
    )
    with _reading("log-probs of the choices"):
        table = answer["choices"][0]["logprobs"]["top_logprobs"][0]
        logprobs = [_number(table[f"token_id:{tail[0]}"]) for tail in tails]
    return Score.of(logprobs, prompt_tokens=len(tokens), cached_tokens=cached_tokens(answer))


def by_echo(server: Server, prompt: str, choices: Sequence[str]) -> Score:
    """Log-probs of prompt + choice, read back from the echoed prompt."""
    if server.prompts is not None:
        tokens, tails = server.prompts.split(prompt, choices)
        longest = len(tokens) + max(map(len, tails))
        if (reason := server.over_length(longest if tokens else 0)) is not None:
            return Score.failed("skipped", reason, prompt_tokens=len(tokens))
        rows = [_echo(server, tokens + tail)[1] for tail in tails]
        lengths = [len(tokens) + len(tail) for tail in tails]
        if [len(row) for row in rows] != lengths:
            raise NotGiven("the server does not echo the tokens that it was sent")
        start = len(tokens)
    else:
        echoes = [_echo(server, prompt + choice) for choice in ("", *choices)]
        for (words, _), choice in zip(echoes, ("", *choices), strict=True):
            if not "".join(words).endswith(prompt + choice):
                raise NotGiven("the echoed tokens are not the prompt that was sent")
        number: dict[str, int] = {}
        bare, *joint = [
            tuple(number.setdefault(word, len(number)) for word in words) for words, _ in echoes
        ]
        start = len(split_choices(bare, joint)[0])
        rows = [row for _, row in echoes[1:]]
    if start == 0:
        return Score.failed("skipped", "prompt has no token before the choices")
    with _reading("log-probs of the echoed prompt"):
        logprobs = [math.fsum(_number(x) for x in row[start:]) for row in rows]
    return Score.of(logprobs, prompt_tokens=start)


def by_top(server: Server, prompt: str, choices: Sequence[str], most: int) -> Score:
    """The server's ``most`` likely next tokens, matched with the choices by their text."""
    wanted = {"logprobs": True, "top_logprobs": most} if server.chat else {"logprobs": most}
    answer = server.ask(server.wire(prompt), **_ONE_TOKEN, **wanted)
    table: dict[str, float] = {}
    with _reading("log-probs"):
        given = answer["choices"][0]["logprobs"]
        if server.chat:
            listed = [(x["token"], x["logprob"]) for x in given["content"][0]["top_logprobs"]]
        else:
            listed = list(given["top_logprobs"][0].items())
        for text, value in listed:
            # Two tokens may show the same text; the list is sorted, the first is the likelier.
            table.setdefault(text, _number(value))
    if len(table) < 2:
        raise NotGiven("log-probs of the generated token alone say nothing about the choices")
    _refuse_longer_choices(table, choices)
    score = Score.of([table.get(choice) for choice in choices], prompt_tokens=used_tokens(answer))
    missing = sum(choice not in table for choice in choices)
    if score.mass is None or missing == 0:
        return score
    most_mass = min(1.0, score.mass + missing * math.exp(min(table.values())))
    return replace(
        score,
        reason=f"{missing} of {len(choices)} choices not among the {len(table)} listed tokens: "
        f"mass is between {score.mass:.3g} and {most_mass:.3g}",
    )


def _refuse_longer_choices(table: dict[str, float], choices: Sequence[str]) -> None:
    """Refuse where a listed token begins an unlisted choice, which may then be the likeliest."""
    for choice in choices:
        if choice not in table and any(text and choice.startswith(text) for text in table):
            raise NotGiven(f"choice {choice!r} takes several tokens; the server lists one")


def _echo(server: Server, prompt: str | Tokens) -> tuple[list[str], list[Any]]:
    """Texts and log-probs of the prompt's tokens, as the server echoes them."""
    answer = server.ask(prompt, **_ONE_TOKEN, echo=True, logprobs=1)
    with _reading("echoed log-probs"):
        given = answer["choices"][0]["logprobs"]
        n = int(answer["usage"]["prompt_tokens"])
        words, values = list(given["tokens"]), list(given["token_logprobs"])
        if not 0 < n <= min(len(words), len(values)):
            raise NotGiven("the server does not echo the prompt")
        return [str(word) for word in words[:n]], values[:n]


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """An answer that lacks what is read in the block is a named error."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
        raise NotGiven(f"no {what} in the answer") from None


def _number(value: Any) -> float:
    """A log-probability: a finite number that is not above 0 by more than rounding."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if not -math.inf < value <= 1e-6:
        raise ValueError(f"{value!r} is no log-probability")
    return float(value)


def used_tokens(answer: dict[str, Any]) -> int | None:
    """Length of the prompt in tokens, where the server says it."""
    usage = answer.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) else None


def cached_tokens(answer: dict[str, Any]) -> int | None:
    """Leading tokens of the prompt that the server did not compute again, where it says so."""
    usage = answer.get("usage")
    details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
    tokens = details.get("cached_tokens") if isinstance(details, dict) else None
    return tokens if isinstance(tokens, int) else None


@dataclass(frozen=True)
class Constraint:
    """A way to say that the answer is one of some texts.

    Attributes:
        name: the request's field.
        settings: choices -> fields of the request.
        read: text of the answer -> the choice; raises ValueError, KeyError or TypeError.
    """

    name: str
    settings: Callable[[Sequence[str]], dict[str, Any]]
    read: Callable[[str], str]


def _choice_list(choices: Sequence[str]) -> dict[str, Any]:
    return {"structured_outputs": {"choice": list(choices)}}


def _json_schema(choices: Sequence[str]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": list(choices)}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    form = {"name": "answer", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


CONSTRAINTS = (
    Constraint("structured_outputs", _choice_list, str),
    Constraint("response_format", _json_schema, lambda text: str(json.loads(text)["answer"])),
)


def constrain(
    server: Server,
    prompt: str,
    choices: Sequence[str],
    constraint: Constraint,
    settings: dict[str, Any],
) -> tuple[str, int | None, int | None]:
    """Let the server write one of ``choices``.

    Returns:
        The choice, generated tokens, prompt tokens.

    Raises:
        NotGiven: something else came back.
    """
    room = 32 + max(len(choice.encode()) for choice in choices)
    body = {**settings, "max_tokens": room, **constraint.settings(choices)}
    answer = server.ask(server.wire(prompt), **body)
    text, _, tokens = text_of(server, answer)
    with _reading("constrained answer"):
        choice = constraint.read(text)
        if choice not in choices:
            raise ValueError(choice)
    return choice, tokens, used_tokens(answer)


def text_of(server: Server, answer: dict[str, Any]) -> tuple[str, str | None, int | None]:
    """Text, finish reason and number of generated tokens of an answer."""
    with _reading("text"):
        choice = answer["choices"][0]
        text = choice["message"]["content"] if server.chat else choice["text"]
        if not isinstance(text, str):
            raise TypeError("no text")
        finish = choice.get("finish_reason")
    usage = answer.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return text, finish, tokens if isinstance(tokens, int) else None


def find_route(spec: str, server: Server) -> tuple[str | None, Route | None]:
    """The first route whose canary holds: its name and itself; None where no route does.

    Raises:
        InfraError: no route held, and one of them because the server could not be asked.
        CapabilityError: code ``unknown_model``.
    """
    problems, lost = [], None
    for name, route in routes(server):
        try:
            score = route(server, CANARY_PROMPTS[0], CANARY_CHOICES)
            problem = _implausible(score)
        except Refused as error:
            explain(spec, error)
            problem = str(error)
        except NotGiven as error:
            problem = str(error)
        except InfraError as error:
            problem, lost = str(error), error
        if problem is None:
            if lost is not None:
                _log.warning("%s: reads log-probs by %s; a better way failed: %s", spec, name, lost)
            return name, route
        problems.append(f"{name}: {problem}")
    if lost is not None:
        raise lost
    _log.warning("%s gives no usable log-probs (%s)", spec, "; ".join(dict.fromkeys(problems)))
    return None, None


def _implausible(score: Score) -> str | None:
    """Why the canary's log-probs cannot be what they should be; None where they can."""
    if score.status == "skipped":
        return score.reason
    known = [x for x in score.logprobs or () if x is not None]
    if (score.mass or 0.0) > 1 + 1e-3:
        return f"probabilities of the choices sum to {score.mass:.4g}"
    if len(known) == len(CANARY_CHOICES) and len(set(known)) == 1:
        return "every choice has the same log-prob"
    return None


def find_constraint(server: Server) -> Constraint | None:
    """The first way of constraining that makes the model say what it would not say by itself."""
    for constraint in CONSTRAINTS:
        try:
            constrain(server, "Say hello.", ("zebra", "quartz"), constraint, {"temperature": 0.0})
        except InfraError:
            continue
        return constraint
    return None


def explain(spec: str, error: Refused) -> None:
    """Raise a named error where a refusal concerns every request."""
    if error.status in (401, 403):
        raise InfraError(
            f"{spec}: {error}", hint=f"put the key into {API_KEYS[0]}", code="unauthorized"
        ) from None
    if error.status == 404:
        raise CapabilityError(
            f"{spec}: {error}",
            hint="check the model name after # and whether the url ends in /v1",
            code="unknown_model",
        ) from None
