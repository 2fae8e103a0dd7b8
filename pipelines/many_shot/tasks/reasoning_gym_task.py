"""Tasks of the package ``reasoning-gym``: generated without end, judged by its own functions."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from measurand.errors import ParamsError
from measurand.manifest import Source
from measurand.stats.resample import seed_for
from pipelines.many_shot import gym
from pipelines.many_shot.example import Drawn, Example, Rejected
from pipelines.many_shot.tasks import wanted
from pipelines.many_shot.verifiers import verify
from schemas.many_shot.params import ReasoningGym, Task

_TRIES = 8
"""Entries that are tried for each one wanted."""


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Entries of one generator until the task has enough; questions are distinct.

    Some entries cannot be used and are rejected: those without an answer text cannot be shown,
    answers of several lines cannot be told from what a model writes after its answer, and some
    answers are not accepted by the judge of their own generator.

    Raises:
        CapabilityError: the package is not installed.
        ParamsError: no such generator, or it refuses its settings.
    """
    source = cast(ReasoningGym, task.source)
    data = generator(source.generator, source.config, seed_for("many_shot", task.id, seed), task)
    examples: dict[str, Example] = {}
    rejected = []
    for number in range(len(data)):
        if len(examples) == wanted(task):
            break
        entry = data[number]
        key = f"{source.generator}-{number}"
        question, answer = entry["question"].strip(), entry["answer"]
        details = {"generator": source.generator, "entry": _plain(entry)}
        problem = _problem(answer, details)
        if problem is None and question in examples:
            problem = "duplicate_question", f"the question of {examples[question].key}"
        if problem is not None:
            rejected.append(Rejected(key, *problem))
            continue
        examples[question] = Example(
            question, answer.strip(), key, question, verifier="reasoning_gym", details=details
        )
    origin = Source("reasoning-gym", "https://pypi.org/project/reasoning-gym/", "Apache-2.0")
    found = version("reasoning-gym")
    return Drawn(list(examples.values()), "reasoning-gym", found, rejected, [origin])


def _problem(answer: object, details: dict[str, Any]) -> tuple[str, str] | None:
    if not isinstance(answer, str) or not answer.strip():
        return "no_answer", "the generator gives no answer text"
    answer = answer.strip()
    if len(answer.splitlines()) > 1:
        return "answer_of_several_lines", f"{len(answer.splitlines())} lines"
    if not verify("reasoning_gym", answer, answer, details).correct:
        return "answer_not_accepted", "score_answer gives its own answer less than 1"
    return None


def generator(name: str, config: dict[str, Any], seed: int, task: Task) -> Any:
    """The package's data set object; entries are made when they are read.

    Raises:
        CapabilityError, ParamsError: as :func:`draw`.
    """
    package = gym.load()
    size = _TRIES * wanted(task)
    try:
        return package.create_dataset(name, size=size, seed=seed % 2**31, **config)
    except (ValueError, TypeError, AssertionError) as error:
        raise ParamsError(
            f"{task.id}: reasoning-gym refuses {name!r} with {config}: {error}",
            hint="see the package's gallery for generators and their settings",
        ) from error


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(entry, default=str))
    return plain
