"""What every model backend offers: requests, scores, completions, capabilities, canaries.

A backend is a module with one function, ``load(spec: ModelSpec) -> Model``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from measurand.errors import CapabilityError, InfraError
from measurand.journal import canonical_json
from measurand.models import thoughts
from measurand.models.strings import ModelSpec as ModelSpec

ROUNDING = 1e-2
"""How far above 1 probabilities may sum that a server gives in half precision."""
NEGLIGIBLE = 5e-5
"""Probability of all choices together below which the likeliest of them is no answer."""


@dataclass(frozen=True)
class Request:
    """One prompt.

    Attributes:
        prompt: the text that the model sees.
        tags: what a synthetic respondent answers from; models that read prompts ignore it.
        choices: its own choices, in place of those of the call; one is enough for the
            log-probability of a text. Empty: the call's.
        begun: how the model's turn begins; its answer goes on from there. Without a chat template
            there is no turn, and nothing is begun.
    """

    prompt: str
    tags: Mapping[str, str | int | float] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    begun: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the prompt text, and of how the answer begins."""
        text = f"{self.prompt}\0{self.begun}" if self.begun else self.prompt
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def tagged_sha256(self) -> str:
        """Hash of prompt and tags: the call's identity where answers come from tags."""
        tagged = f"{self.sha256}{canonical_json(dict(self.tags))}"
        return hashlib.sha256(tagged.encode()).hexdigest()


@dataclass(frozen=True)
class Score:
    """Log-probabilities of the choices after one prompt.

    Attributes:
        logprobs: natural log of P(choice | prompt), one per choice, before renormalising; None for
            a choice that the engine did not return (it is then less probable than those it did).
        choice: 0-based index of the most probable choice, the lowest on a tie.
        mass: sum of the probabilities of the choices; a lower bound where one is missing.
        tie: two choices share the highest log-probability exactly.
        prompt_tokens: length of the prompt.
        cached_tokens: leading tokens that the engine did not compute again.
        status: one of ``measurand.results.STATUSES``.
        reason: why there is no score, or what is missing.
        retries: attempts at a server that failed before this one.
        server: which of several servers answered; empty where there is one.
        failed_at: of several, those at which the attempts failed.
    """

    logprobs: tuple[float | None, ...] | None
    choice: int | None
    mass: float | None
    tie: bool
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    status: str = "ok"
    reason: str | None = None
    retries: int = field(default=0, compare=False)
    server: str = field(default="", compare=False)
    failed_at: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(
        cls,
        logprobs: Sequence[float | None],
        *,
        prompt_tokens: int | None = None,
        cached_tokens: int | None = None,
        next_token: bool = False,
    ) -> Score:
        """Score from the log-probabilities: argmax, mass and tie are derived in this one place.

        Args:
            logprobs: one per choice; None, or minus infinity, where it has none.
            prompt_tokens: length of the prompt.
            cached_tokens: of these, not computed again.
            next_token: every choice is one token, so that together they are what comes next, or
                are not; several of them below ``NEGLIGIBLE`` are no answer.
        """
        values = [None if x == -math.inf else x for x in logprobs]
        known = [x for x in values if x is not None]
        if not known or not all(map(math.isfinite, known)):
            reason = "log-prob is not a number" if known else "no choice among the log-probs"
            return cls.failed("model_error", reason, prompt_tokens=prompt_tokens)
        mass = math.fsum(math.exp(x) for x in known)
        if next_token and mass > 1 + ROUNDING:
            reason = f"the probabilities of the choices sum to {mass:.4g}"
            return cls.failed("model_error", reason, prompt_tokens=prompt_tokens)
        if next_token and len(values) > 1 and mass < NEGLIGIBLE:
            reason = f"the choices have a probability of {mass:.2g} together: no answer"
            return cls.failed("model_error", reason, prompt_tokens=prompt_tokens)
        best = max(known)
        missing = len(values) - len(known)
        return cls(
            logprobs=tuple(values),
            choice=values.index(best),
            mass=mass,
            tie=known.count(best) > 1,
            prompt_tokens=prompt_tokens,
            cached_tokens=cached_tokens,
            reason=f"{missing} of {len(logprobs)} choices not returned" if missing else None,
        )

    @classmethod
    def failed(cls, status: str, reason: str, *, prompt_tokens: int | None = None) -> Score:
        """A row without a score: ``status`` is skipped, model_error or infra_error."""
        return cls(None, None, None, False, prompt_tokens, None, status, reason)

    def record(self) -> dict[str, Any]:
        """Plain values for the journal."""
        return _record(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Score:
        """Inverse of :meth:`record`; other keys of the journal record are ignored."""
        values = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        if values["logprobs"] is not None:
            values["logprobs"] = tuple(values["logprobs"])
        return cls(**{**values, "failed_at": tuple(values.get("failed_at", ()))})


@dataclass(frozen=True)
class Completion:
    """Text that a model wrote after one prompt.

    Attributes:
        text: the text without the stop sequence; None unless status is ok.
        tokens: generated tokens.
        prompt_tokens: length of the prompt.
        finish: ``stop`` or ``length``.
        cached_tokens: leading tokens of the prompt that the engine did not compute again.
        status: one of ``measurand.results.STATUSES``.
        reason: why there is no text.
        retries: attempts at a server that failed before this one.
        server: which of several servers answered; empty where there is one.
        failed_at: of several, those at which the attempts failed.
    """

    text: str | None
    tokens: int | None = None
    prompt_tokens: int | None = None
    finish: str | None = None
    cached_tokens: int | None = None
    status: str = "ok"
    reason: str | None = None
    retries: int = field(default=0, compare=False)
    server: str = field(default="", compare=False)
    failed_at: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def failed(cls, status: str, reason: str, *, prompt_tokens: int | None = None) -> Completion:
        """A row without text: ``status`` is skipped, model_error or infra_error."""
        return cls(None, None, prompt_tokens, None, None, status, reason)

    @classmethod
    def unfinished(
        cls, tokens: int | None, prompt_tokens: int | None, cached_tokens: int | None = None
    ) -> Completion:
        """A row of a model that was still thinking when its tokens were spent."""
        reason = thoughts.unfinished(tokens)
        return cls(None, tokens, prompt_tokens, "length", cached_tokens, "model_error", reason)

    def record(self) -> dict[str, Any]:
        """Plain values for the journal."""
        return _record(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Completion:
        """Inverse of :meth:`record`; other keys of the journal record are ignored."""
        values = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        return cls(**{**values, "failed_at": tuple(values.get("failed_at", ()))})


def _record(answer: Score | Completion) -> dict[str, Any]:
    """All fields; those of servers only where they say something."""
    of_servers = ("retries", "server", "failed_at")
    return {k: v for k, v in asdict(answer).items() if v or k not in of_servers}


@dataclass(frozen=True)
class Sampling:
    """How to generate.

    Attributes:
        max_tokens: most tokens to write.
        temperature: 0 is greedy.
        top_p: nucleus; 1 keeps the whole distribution.
        seed: start of the random stream; the draw depends on (prompt, seed, repeat) alone.
        stop: texts that end the completion.
        choices: the only texts that may come out (constrained sampling); None leaves it free.
    """

    max_tokens: int = 64
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 42
    stop: tuple[str, ...] = ()
    choices: tuple[str, ...] | None = None

    def record(self) -> dict[str, Any]:
        """Plain values for the journal's key."""
        return {"mode": "generate", **asdict(self)}


@dataclass(frozen=True)
class Capabilities:
    """What a loaded model can do.

    Attributes:
        logprobs: ``score`` returns log-probabilities.
        generate: ``generate`` returns free text.
        constrained: ``generate`` honours ``Sampling.choices``.
        chat_template: prompts are wrapped in the model's chat template.
        begins: answers can be begun, see ``Request.begun``.
        max_model_tokens: context length, None where unknown or unlimited.
        dtype: precision of the computation; part of the instrument.
        reads_tags: answers come from ``Request.tags`` (synthetic respondents); tags key the call.
        live: answers prompts it was never shown (a replay does not).
        reasons: why it cannot do what it cannot, by ability.
    """

    logprobs: bool
    generate: bool
    constrained: bool
    chat_template: bool
    max_model_tokens: int | None
    dtype: str
    reads_tags: bool = False
    begins: bool = False
    live: bool = True
    reasons: Mapping[str, str] = field(default_factory=dict)


class Model(Protocol):
    """A loaded model.

    Attributes:
        spec: the model string as given.
        fingerprint: hash of everything that decides the answers (weights, tokenizer, template,
            precision, backend); part of the journal's key.
    """

    spec: str
    fingerprint: str

    def capabilities(self) -> Capabilities:
        """What the model can do."""
        ...

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """Log-probabilities of every choice after every prompt; one score per request, in order.

        A request with choices of its own is scored over those instead.
        A request that cannot be scored gets a :meth:`Score.failed` with its reason.
        """
        ...

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """One completion per request, in order."""
        ...

    def close(self) -> None:
        """Release the engine; stops every process that the backend started."""
        ...


def prompt_seed(prompt: str, seed: int, repeat: int) -> int:
    """The 63-bit seed of one draw; equal for equal (prompt, seed, repeat) on every backend."""
    digest = hashlib.sha256(f"{seed}\0{repeat}\0{prompt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


CANARY_CHOICES = ("1", "2", "3", "4", "5")
CANARY_PROMPTS = (
    "Counting: 1, 2, 3, 4, ",
    "Half of four is ",
    "How many fingers are on one hand, from 1 to 5? Answer: ",
)


def check(
    model: Model,
    *,
    logprobs: bool = False,
    generate: bool = False,
    constrained: bool = False,
    sample: Sequence[Request] = (),
    tokens: int = 1024,
) -> None:
    """Refuse a model that cannot do what the run needs, before the first real call.

    Declared capabilities are compared first; then canary prompts prove them: log-probabilities
    must be finite, not above 0, sum to at most 1, differ between choices and change with the
    prompt. Then some of the run's own prompts must find an answer among their own choices.
    Synthetic respondents and replays read no prompt, so their canaries are left out.

    Args:
        model: the model.
        logprobs: the run scores choices.
        generate: the run lets it write.
        constrained: the run lets it write one of some choices.
        sample: a few of the run's prompts with their choices.
        tokens: what a written answer of the run may take.

    Raises:
        CapabilityError: code ``missing_capability`` or, where a canary failed, ``canary_failed``.
        InfraError: the server failed.
    """
    has = model.capabilities()
    needs = {"logprobs": logprobs, "generate": generate, "constrained": constrained}
    for name, needed in needs.items():
        if needed and not getattr(has, name):
            able = ", ".join(n for n in needs if getattr(has, n)) or "nothing"
            reason = f": {has.reasons[name]}" if name in has.reasons else ""
            raise CapabilityError(
                f"{model.spec} cannot do {name!r}{reason}",
                hint=f"it can do: {able}; choose another model or scoring mode",
            )
    if has.reads_tags or not has.live:
        return
    requests = [Request(prompt) for prompt in CANARY_PROMPTS]
    if logprobs:
        scores = model.score(requests, CANARY_CHOICES)
        _refuse(model, scores, _canary_scores(scores))
        if sample:
            scores = model.score(sample, CANARY_CHOICES)
            _refuse(model, scores, _own_choices(sample, scores))
    if generate:
        texts = model.generate(requests, Sampling(max_tokens=4))
        if any(text.finish == "length" and text.text is None for text in texts):
            # A thought takes more than a canary's tokens.
            texts = model.generate(requests, Sampling(max_tokens=tokens))
        _refuse(model, texts, _canary_texts(texts, None))
    if constrained:
        sampling = Sampling(max_tokens=4, temperature=1.0, choices=CANARY_CHOICES)
        texts = model.generate(requests, sampling)
        _refuse(model, texts, _canary_texts(texts, CANARY_CHOICES))


def _refuse(model: Model, answers: Sequence[Score | Completion], problem: str | None) -> None:
    if problem is None:
        return
    lost = next((a.reason for a in answers if a.status == "infra_error"), None)
    if lost is not None:
        raise InfraError(
            f"{model.spec}: {lost}",
            hint="wait or mend the server, and run again; answered prompts are kept",
        )
    raise CapabilityError(
        f"{model.spec} failed a canary prompt: {problem}",
        hint="its answers would not be measurements; check the server, the model files, "
        "the template and the choices",
        code="canary_failed",
    )


def _own_choices(sample: Sequence[Request], scores: Sequence[Score]) -> str | None:
    """Why none of the run's own prompts has an answer; None where one has.

    A prompt that is too long says nothing of the choices.
    """
    told = [
        (request, score)
        for request, score in zip(sample, scores, strict=True)
        if score.status != "skipped" or score.prompt_tokens is None
    ]
    if not told or any(score.status == "ok" for _, score in told):
        return None
    request, score = told[0]
    return f"of its own choices {list(request.choices)!r} none can be scored: {score.reason}"


def _canary_scores(scores: Sequence[Score]) -> str | None:
    rows: list[tuple[float | None, ...]] = []
    for score in scores:
        if score.status != "ok" or score.logprobs is None or score.mass is None:
            return score.reason or f"status {score.status}"
        known = [x for x in score.logprobs if x is not None]
        if any(not math.isfinite(x) or x > 1e-6 for x in known):
            return f"log-probs are not logs of probabilities: {known}"
        if score.mass > 1 + 1e-3:
            return f"probabilities of the choices sum to {score.mass:.4f}"
        rows.append(score.logprobs)
    if all(len(set(row)) == 1 for row in rows):
        return "every choice has the same log-prob"
    if len(set(rows)) == 1:
        return "log-probs do not change with the prompt"
    return None


def _canary_texts(completions: Sequence[Completion], choices: Sequence[str] | None) -> str | None:
    for completion in completions:
        if completion.status != "ok" or completion.text is None:
            return completion.reason or f"status {completion.status}"
        if choices is not None and completion.text not in choices:
            return f"{completion.text!r} is none of the allowed texts"
    if choices is None and not any(c.tokens != 0 for c in completions):
        return "no token was generated"
    return None
