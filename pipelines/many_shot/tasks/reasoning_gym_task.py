"""Tasks of the package ``reasoning-gym``: generated without end, judged by its own functions."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, cast

from measurand.errors import CapabilityError, ParamsError
from measurand.manifest import Source
from measurand.stats.resample import seed_for
from pipelines.many_shot.example import Drawn, Example, Rejected
from pipelines.many_shot.tasks import wanted
from schemas.many_shot import ReasoningGym, Task

VERSION = "0.1.25"


def draw(task: Task, seed: int, sources: Path) -> Drawn:
    """Entries of one generator; those without an answer text cannot be shown and are rejected.

    Raises:
        CapabilityError: the package is not installed.
        ParamsError: no such generator, or it refuses its settings.
    """
    source = cast(ReasoningGym, task.source)
    data = generator(source.generator, source.config, seed_for("many_shot", task.id, seed), task)
    examples: dict[str, Example] = {}
    rejected = []
    for number in range(len(data)):
        entry = data[number]
        key = f"{source.generator}-{number}"
        question, answer = entry["question"].strip(), entry["answer"]
        if not isinstance(answer, str) or not answer.strip():
            rejected.append(Rejected(key, "no_answer", "the generator gives no answer text"))
        elif question in examples:
            rejected.append(Rejected(key, "duplicate_question", ""))
        else:
            details = {"generator": source.generator, "entry": _plain(entry)}
            examples[question] = Example(
                question, answer.strip(), key, question, verifier="reasoning_gym", details=details
            )
    origin = Source("reasoning-gym", "https://pypi.org/project/reasoning-gym/", "Apache-2.0")
    return Drawn(list(examples.values()), "reasoning-gym", VERSION, rejected, [origin])


def generator(name: str, config: dict[str, Any], seed: int, task: Task) -> Any:
    """The package's data set object, as many entries as the task wants.

    Raises:
        CapabilityError, ParamsError: as :func:`draw`.
    """
    package = load()
    try:
        return package.create_dataset(name, size=wanted(task), seed=seed % 2**31, **config)
    except (ValueError, TypeError, AssertionError) as error:
        raise ParamsError(
            f"{task.id}: reasoning-gym refuses {name!r} with {config}: {error}",
            hint="see the package's gallery for generators and their settings",
        ) from error


def load() -> Any:
    """The package, imported.

    Raises:
        CapabilityError: code ``missing_extra``: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            # One of its dependencies compares with `is`.
            warnings.simplefilter("ignore")
            import reasoning_gym
    except ModuleNotFoundError as error:
        raise CapabilityError(
            f"this task needs the package {error.name!r}, which is not installed",
            hint="pip install 'measurand[reasoning]'",
            code="missing_extra",
        ) from error
    return reasoning_gym


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(entry, default=str))
    return plain
