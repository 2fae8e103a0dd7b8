"""Models whose curves are known: ``oracle:<name>``, readers of the prompts a language model reads.

They see the text of a prompt, and know its layout, and which task and curve it belongs to. An error
in assembly, label map, order, truncation or scoring shows as a figure that they cannot have.

Names are those of :data:`pipelines.many_shot.rules.RULES`. Option: ``seed`` (0), for ``prior``.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence

import numpy as np

from measurand import models
from measurand.errors import CapabilityError, InputError
from measurand.models.protocol import (
    Capabilities,
    Completion,
    Model,
    ModelSpec,
    Request,
    Sampling,
    Score,
)
from pipelines.many_shot import reader, rules
from schemas.many_shot.params import Curve, Params, Task

RATIONALES = "rationales"
"""Curve tag of prompts that ask for a solution to show in reinforced prompts."""

# Probability of the answer; the rest is shared, so that every log-probability is finite.
_SURE = 0.98


def open_model(spec: str, params: Params) -> Model:
    """A model by its string: an oracle, or what ``measurand.models`` loads.

    Raises:
        InputError: code ``bad_model``: an unknown name, option or value.
        CapabilityError: the model's packages are not installed.
    """
    return load(spec, params) if spec.startswith("oracle:") else models.load(spec)


def load(spec: str, params: Params) -> Oracle:
    """Make an oracle.

    Args:
        spec: ``oracle:<name>``, optionally with ``?seed=n``.
        params: the tasks, their layouts and curves.

    Raises:
        InputError: code ``bad_model``: an unknown name or option.
    """
    parsed = ModelSpec.parse(spec)
    if parsed.backend != "oracle" or parsed.target not in rules.RULES:
        raise InputError(
            f"unknown oracle {spec!r}",
            hint=f"write oracle: and one of {', '.join(rules.RULES)}",
            code="bad_model",
        )
    parsed.allow("seed")
    return Oracle(spec, parsed.target, params.build.tasks, int(parsed.number("seed", 0)))


class Oracle:
    """A model that reads prompts by rule.

    Args:
        spec: model string.
        name: key of ``rules.RULES``.
        tasks: what it may be asked.
        seed: of ``prior``.
    """

    def __init__(self, spec: str, name: str, tasks: Sequence[Task], seed: int = 0) -> None:
        self.spec, self.name, self.seed = spec, name, seed
        self._tasks = {task.id: task for task in tasks}
        known = [task.model_dump(mode="json") for task in tasks]
        identity = json.dumps(["oracle", name, seed, known], sort_keys=True)
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()
        self._read: tuple[tuple[str, str, str], tuple[reader.Shot, ...]] | None = None

    def capabilities(self) -> Capabilities:
        """Scores; free answers where the rule has any."""
        return Capabilities(
            logprobs=True,
            generate=self.name not in rules.OPTIONS_ONLY,
            constrained=False,
            chat_template=False,
            max_model_tokens=None,
            dtype="float32",
            reads_tags=True,
        )

    def require(self, tasks: Sequence[Task]) -> None:
        """Refuse tasks that the oracle has no rule for.

        Raises:
            CapabilityError: names the first such task.
        """
        able = rules.ABLE.get(self.name)
        for task in tasks:
            if able is not None and task.source.kind not in able:
                raise CapabilityError(
                    f"{self.spec} has no rule for task {task.id} (source {task.source.kind})",
                    hint=f"it reads {', '.join(able)}; list the tasks of this model in"
                    " evaluate.models",
                )

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """A sharp, proper distribution around the answer.

        A single choice is the text of a free answer. A prompt from which no answer follows, such as
        one without shots for ``knn5``, is a ``model_error``.
        """
        return [self._score(request, request.choices or tuple(choices)) for request in requests]

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """The answer as text, after the answer cue where the curve shows solutions.

        Raises:
            CapabilityError: the oracle knows options only.
        """
        if self.name in rules.OPTIONS_ONLY:
            raise CapabilityError(
                f"{self.spec} writes no free text", hint="ask it tasks with options"
            )
        return [self._complete(request) for request in requests]

    def close(self) -> None:
        """Nothing to release."""

    def _complete(self, request: Request) -> Completion:
        try:
            text = self._text(request)
        except reader.Undefined as why:
            return Completion.failed("model_error", str(why))
        return Completion(text, tokens=len(text.split()), finish="stop")

    def _score(self, request: Request, choices: tuple[str, ...]) -> Score:
        try:
            if len(choices) == 1:
                same = choices[0] == self._text(request)
                return _scored([math.log(_SURE) if same else _strange(choices[0])])
            words = tuple(choice.removeprefix(" ") for choice in choices)
            answer = self._answer(request, words)
        except reader.Undefined as why:
            return Score.failed("model_error", str(why))
        if answer not in words:
            return Score.failed("model_error", f"the answer {answer!r} is none of the options")
        other = math.log((1 - _SURE) / (len(words) - 1))
        return _scored([math.log(_SURE) if word == answer else other for word in words])

    def _text(self, request: Request) -> str:
        task, _, with_rationale = self._asked(request)
        answer = self._answer(request, None)
        if not with_rationale:
            return f" {answer}"
        solution = rules.solution(task, reader.split_question(request.prompt, task.layout)[1])
        shown = f" {solution}" if self.name == "solver" and solution else ""
        return f"{shown} {task.layout.answer_cue} {answer}"

    def _answer(self, request: Request, options: tuple[str, ...] | None) -> str:
        task, label_map, with_rationale = self._asked(request)
        prefix, question = reader.split_question(request.prompt, task.layout)
        shots = self._shots(task, prefix, with_rationale)
        case = rules.Case(task, label_map, shots, question, options, self.seed)
        return rules.RULES[self.name](case)

    def _asked(self, request: Request) -> tuple[Task, str, bool]:
        """(task, label map, whether answers stand after a solution)."""
        task = self._tasks[str(request.tags["task"])]
        name = str(request.tags["curve"])
        if name == RATIONALES:
            return task, "default", True
        curve: Curve = next(c for c in task.curves if c.name == name)
        return task, curve.label_map, curve.rationale != "none"

    def _shots(self, task: Task, prefix: str, with_rationale: bool) -> tuple[reader.Shot, ...]:
        # Neighbouring requests share their shots: a long prompt is read once, not per question.
        key = (task.id, str(with_rationale), prefix)
        if self._read is None or self._read[0] != key:
            self._read = key, reader.shots(prefix, task.layout, with_rationale)
        return self._read[1]


def _scored(logprobs: Sequence[float]) -> Score:
    # In the precision that tables store, as the engines do.
    return Score.of(np.array(logprobs, np.float32).tolist())


def _strange(text: str) -> float:
    """Log-probability of a text other than the answer, under a proper distribution.

    The remaining probability is shared by all byte strings: a length n with 2^-(n+1), and every
    byte with 1/256.
    """
    n = len(text.encode())
    return math.log(1 - _SURE) - (n + 1) * math.log(2) - n * math.log(256)
