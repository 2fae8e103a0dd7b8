"""How log-probabilities and constrained answers are read from an OpenAI-like server.

A route asks for one prompt and returns its score. Servers differ in what they offer, so each route
trusts nothing: what is missing from an answer is a named error, never a number.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from measurand.errors import CapabilityError, InfraError
from measurand.models import thoughts
from measurand.models.openai_answers import (
    ONE_TOKEN,
    NotGiven,
    Unable,
    Unanswered,
    cached_tokens,
    choice_of,
    listed,
    number,
    reading,
    text_of,
    turn_openings,
    used_tokens,
)
from measurand.models.openai_fleet import Fleet
from measurand.models.openai_http import Http, Refused
from measurand.models.openai_keys import API_KEYS
from measurand.models.openai_manners import Manners
from measurand.models.openai_names import Answering
from measurand.models.prompts import NO_CHOICES, Prompts
from measurand.models.protocol import CANARY_CHOICES, CANARY_PROMPTS, Score
from measurand.models.tokens import Tokens, split_choices


@dataclass(frozen=True)
class Server:
    """Where to ask.

    Attributes:
        http: the connection, or those to several servers.
        model: model name in the requests.
        chat: prompts go to /chat/completions as a user message, otherwise to /completions.
        prompts: local tokenizer and template; None sends the text of the prompt.
        context: most tokens of a prompt and its answer, None where the server does not say.
        retries: overrides the patience of ``http``.
        manners: how requests are put.
        room: tokens for a thought, beyond those of an answer.
        answering: which model the answers name.
    """

    http: Http | Fleet
    model: str
    chat: bool
    prompts: Prompts | None
    context: int | None = None
    retries: int | None = None
    manners: Manners = field(default_factory=Manners)
    room: int = 0
    answering: Answering = field(default_factory=Answering)

    def ask(self, prompt: str | Tokens, **settings: Any) -> dict[str, Any]:
        """Answer to one prompt, which goes out as it is.

        Raises:
            InfraError: there is none, or another model gave it.
            CapabilityError: code ``unknown_model``.
        """
        where: dict[str, Any]
        if self.chat:
            path, where = "/chat/completions", {"messages": [{"role": "user", "content": prompt}]}
        else:
            path, where = (
                "/completions",
                {"prompt": prompt if isinstance(prompt, str) else [*prompt]},
            )
        asked = {"model": self.model, **where, **settings}
        while True:
            body = self.manners.fit(asked)
            try:
                answer = self.http.post(path, body, retries=self.retries)
            except Refused as refusal:
                if not self.manners.learn(body, refusal):
                    raise
            else:
                self.answering.check(answer)
                return answer

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
        raise Unable("token ids are unknown without a tokenizer")
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
    with reading("log-probs of the choices"):
        table = choice_of(answer)["logprobs"]["top_logprobs"][0]
        logprobs = [number(table[f"token_id:{tail[0]}"]) for tail in tails]
    return Score.of(
        logprobs,
        prompt_tokens=len(tokens),
        cached_tokens=cached_tokens(answer),
        next_token=True,
    )


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
        place: dict[str, int] = {}
        bare, *joint = [
            tuple(place.setdefault(word, len(place)) for word in words) for words, _ in echoes
        ]
        start = len(split_choices(bare, joint)[0])
        rows = [row for _, row in echoes[1:]]
    if start == 0:
        return Score.failed("skipped", "prompt has no token before the choices")
    with reading("log-probs of the echoed prompt"):
        logprobs = [math.fsum(number(x) for x in row[start:]) for row in rows]
    return Score.of(
        logprobs, prompt_tokens=start, next_token=all(len(row) == start + 1 for row in rows)
    )


def by_top(server: Server, prompt: str, choices: Sequence[str], most: int) -> Score:
    """The server's ``most`` likely next tokens, matched with the choices by their text.

    In a turn of its own an answer begins without a blank, so " A" and "A" are one choice there.
    """
    wanted = {"logprobs": True, "top_logprobs": most} if server.chat else {"logprobs": most}
    answer = server.ask(server.wire(prompt), **_ONE_TOKEN, **wanted)
    table = listed(answer, chat=server.chat)
    if len(table) < 2:
        raise Unable(ONE_TOKEN)
    least = min(table.values())
    begins = max(table, key=table.__getitem__)
    if server.chat:
        table, choices = turn_openings(table), [choice.lstrip() for choice in choices]
        if len(set(choices)) < len(choices):
            raise Unable("choices that differ in the blank before them are one in a turn")
    elif server.prompts is not None:
        choices = [server.prompts.turn(choice) for choice in choices]
    _refuse_longer_choices(table, choices)
    known = [table.get(choice) for choice in choices]
    used = used_tokens(answer)
    missing = known.count(None)
    if missing == len(known):
        reason = f"no choice among the {len(table)} listed tokens; the likeliest is {begins!r}"
        if thoughts.begins(begins):
            raise Unable(f"the model begins with a thought ({begins!r}), not with an answer")
        return Score.failed("model_error", reason, prompt_tokens=used)
    score = Score.of(known, prompt_tokens=used, next_token=True)
    if score.mass is None or missing == 0:
        return score
    most_mass = min(1.0, score.mass + missing * math.exp(least))
    return replace(
        score,
        reason=f"{missing} of {len(choices)} choices not among the {len(table)} listed tokens: "
        f"mass is between {score.mass:.3g} and {most_mass:.3g}",
    )


def _refuse_longer_choices(table: dict[str, float], choices: Sequence[str]) -> None:
    """Refuse where a listed token begins an unlisted choice, which may then be the likeliest."""
    for choice in choices:
        if choice not in table and any(text and choice.startswith(text) for text in table):
            raise Unable(f"choice {choice!r} takes several tokens; the server lists one")


def _echo(server: Server, prompt: str | Tokens) -> tuple[list[str], list[Any]]:
    """Texts and log-probs of the prompt's tokens, as the server echoes them."""
    answer = server.ask(prompt, **_ONE_TOKEN, echo=True, logprobs=1)
    with reading("echoed log-probs"):
        given = choice_of(answer)["logprobs"]
        n = int(answer["usage"]["prompt_tokens"])
        words, values = list(given["tokens"]), list(given["token_logprobs"])
        if not 0 < n <= min(len(words), len(values)):
            raise NotGiven("the server does not echo the prompt")
        return [str(word) for word in words[:n]], values[:n]


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
        Unanswered: nothing came back.
    """
    room = 32 + max(len(choice.encode()) for choice in choices) + server.room
    body = {**settings, "max_tokens": room, **constraint.settings(choices)}
    answer = server.ask(server.wire(prompt), **body)
    text, _, tokens = text_of(answer, chat=server.chat)
    with reading("constrained answer"):
        choice = constraint.read(text)
        if choice not in choices:
            raise ValueError(choice)
    return choice, tokens, used_tokens(answer)


def find_route(spec: str, server: Server) -> tuple[str | None, Route | None, str | None]:
    """The first route whose canary holds: its name, itself, and why there is none.

    Raises:
        InfraError: no route held, and one of them because the server could not be asked.
        CapabilityError: code ``unknown_model``.
    """
    if server.prompts is not None and server.prompts.close:
        return None, None, NO_CHOICES
    problems, lost = [], None
    for name, route in routes(server):
        try:
            score = route(server, CANARY_PROMPTS[0], CANARY_CHOICES)
            problem = _implausible(score)
        except Refused as error:
            explain(spec, error)
            problem = str(error)
        except (NotGiven, Unable, Unanswered) as error:
            problem = str(error)
        except InfraError as error:
            problem, lost = str(error), error
        if problem is None:
            if lost is not None:
                _log.warning("%s: reads log-probs by %s; a better way failed: %s", spec, name, lost)
            return name, route, None
        problems.append(f"{name}: {problem}")
    if lost is not None:
        raise lost
    return None, None, f"no usable log-probs ({'; '.join(dict.fromkeys(problems))})"


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
        except (InfraError, Unanswered):
            continue
        return constraint
    return None


def explain(spec: str, error: Refused) -> None:
    """Raise a named error where a refusal concerns every request."""
    if error.status == 403 and "logprob" in error.words:
        return  # The key is good; this model's log-probs are not given.
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
