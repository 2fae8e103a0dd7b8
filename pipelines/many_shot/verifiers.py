"""Is an answer right? One exact judge per kind of answer; none of them is a model."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from measurand.errors import InputError, ParamsError
from pipelines.many_shot import gym

Details = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """What a verifier says.

    Attributes:
        correct: whether the answer is right.
        partial: share of the answer that is right, for sequences and plans.
        reason: why it is wrong, where there is more to say.
    """

    correct: bool
    partial: float | None = None
    reason: str | None = None


def verify(verifier: str, text: str, target: str, details: Details) -> Judgement:
    """Judge an answer.

    ==============  ================================================================================
    exact           equal after case, outer spaces, inner runs of spaces and a final full stop
    numeric         equal as decimal numbers within ``details["tolerance"]``; thousands commas, a
                    leading ``$``, a final full stop and one unit word behind are ignored
    regex           ``details["pattern"]`` matches all of it; ``{answer}`` stands for the target
    sequence        the same words in the same order, in any case; ``partial`` is the share of right
                    positions
    plan            executing it reaches the goal; ``partial`` is the share that can be executed
    reasoning_gym   the package's ``score_answer`` gives 1; an answer that makes it fail is wrong
    callable        ``details["function"]`` (``module:name``) called with (text, target) is true
    ==============  ================================================================================

    Args:
        verifier: one of the above.
        text: the answer, as :func:`extract` returns it.
        target: the right answer.
        details: what the verifier needs beyond the target; each of ``aliases`` is right too.

    Raises:
        InputError: unknown verifier.
        ParamsError: a user's pattern or function cannot be used.
    """
    judge = _JUDGES.get(verifier)
    if judge is None:
        raise InputError(f"unknown verifier {verifier!r}", hint=f"one of {', '.join(_JUDGES)}")
    judged = judge(text, target, details)
    for alias in details.get("aliases", ()):
        if judged.correct:
            break
        other = judge(text, alias, details)
        judged = other if other.correct else judged
    return judged


def check(verifier: str, details: Details) -> None:
    """Refuse what a user gave to a verifier before the first answer is judged by it.

    Raises:
        ParamsError: a pattern is no regular expression, or a function cannot be loaded.
    """
    if verifier == "regex":
        _pattern(str(details["pattern"]), "answer")
    elif verifier == "callable":
        _function(str(details["function"]))


def extract(text: str, answer_cue: str, with_rationale: bool, *, lines: bool = False) -> str | None:
    """The answer within a completion, None where there is none.

    Args:
        text: what the model wrote after the prompt.
        answer_cue: what ends a rationale.
        with_rationale: the prompt's examples show rationales: the answer stands after the last cue,
            to the end of its line. Otherwise it is the first line that is not empty.
        lines: the right answer has several lines: all that stands there is the answer.
    """
    if with_rationale:
        _, cue, after = text.rpartition(answer_cue)
        if not cue:
            return None
        text = after
    if lines:
        return text.strip() or None
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line or None


def _exact(text: str, target: str, details: Details) -> Judgement:
    return Judgement(_folded(text) == _folded(target))


def _folded(text: str) -> str:
    return " ".join(text.split()).removesuffix(".").rstrip().casefold()


_NUMBER = re.compile(
    r"\$?\s*(?P<sign>[+-]?)\s*\$?\s*(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<power>[eE][+-]?\d+)?(?:\s*%|\s+[^\W\d]+)?\.?"
)


def number(text: str) -> Decimal | None:
    """The number that a text is, None where it is none or more than one."""
    found = _NUMBER.fullmatch(text.strip().replace("\N{MINUS SIGN}", "-"))
    if found is None:
        return None
    digits = found["number"].replace(",", "")
    try:
        value = Decimal(f"{found['sign']}{digits}{found['power'] or ''}")
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _numeric(text: str, target: str, details: Details) -> Judgement:
    given, right = number(text), number(target)
    if right is None:
        raise ParamsError(f"the right answer {target!r} is no number", hint="use another verifier")
    if given is None:
        return Judgement(False, reason="not a number")
    # Without traps: the difference to a number like 1e999999999 is infinite, not an error.
    apart = abs(Context(prec=64, traps=[]).subtract(given, right))
    return Judgement(given == right or apart <= Decimal(str(details.get("tolerance", 0))))


def _regex(text: str, target: str, details: Details) -> Judgement:
    return Judgement(_pattern(str(details["pattern"]), target).fullmatch(text) is not None)


def _pattern(template: str, target: str) -> re.Pattern[str]:
    pattern = template.replace("{answer}", re.escape(target))
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ParamsError(
            f"the pattern {pattern!r} is no regular expression: {error}", hint="mend it"
        ) from error


def _sequence(text: str, target: str, details: Details) -> Judgement:
    given, right = text.split(), target.split()
    same = sum(a.casefold() == b.casefold() for a, b in zip(given, right, strict=False))
    exact = same == len(right) == len(given)
    reason = None if len(given) == len(right) else f"{len(given)} of {len(right)} words"
    return Judgement(exact, same / max(len(right), len(given)), reason)


def _plan(text: str, target: str, details: Details) -> Judgement:
    from pipelines.many_shot import plans

    found = plans.validate(details, text)
    return Judgement(found.reached, found.executable, found.reason)


def _reasoning_gym(text: str, target: str, details: Details) -> Judgement:
    judge = gym.load().get_score_answer_fn(details["generator"])
    try:
        score = float(judge(text, dict(details["entry"])))
    except Exception as error:
        # Some judges expect the form of a right answer: prime_factorization reads every word as a
        # number. That entries can be judged at all was seen when they were drawn.
        return Judgement(False, 0.0, f"not readable for score_answer: {error!r}"[:200])
    return Judgement(score == 1.0, score)


def _callable(text: str, target: str, details: Details) -> Judgement:
    function = _function(str(details["function"]))
    try:
        return Judgement(bool(function(text, target)))
    except Exception as error:
        raise ParamsError(
            f"verifier {details['function']} failed on {text!r}: {error!r}",
            hint="it is called with (text, answer) and must return true or false",
        ) from error


def _function(name: str) -> Callable[[str, str], Any]:
    module, _, attribute = name.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # an installed command does not look where it was called
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise ParamsError(
            f"verifier {name!r} cannot be loaded: {error!r}",
            hint=f"write module:function, of {here} or of an installed package",
        ) from error
    if not callable(found):
        raise ParamsError(f"verifier {name!r} is no function", hint="write module:function")
    function: Callable[[str, str], Any] = found
    return function


_JUDGES: dict[str, Callable[[str, str, Details], Judgement]] = {
    "exact": _exact,
    "numeric": _numeric,
    "regex": _regex,
    "sequence": _sequence,
    "plan": _plan,
    "reasoning_gym": _reasoning_gym,
    "callable": _callable,
}
