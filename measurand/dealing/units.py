"""A worker's side: some batches of one model, their answers published whole."""

from __future__ import annotations

import json
import platform
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from measurand import models
from measurand.asks import Ask
from measurand.dealing.dealer import Said, Wanted
from measurand.errors import InfraError, WorkerError
from measurand.journal import call_record, canonical_json
from measurand.manifest import write_text
from measurand.models.protocol import Model, check

TASK = "task.json"
UNITS, LEAST_CALLS = 256, 16
"""Into how many units the calls of a model are cut, and how few calls are worth one."""
SAMPLE = 8


@dataclass(frozen=True)
class Unit:
    """Batches that one worker asks and publishes together.

    Attributes:
        folder: where the task lies and answers go to.
        number: 0-based place among the units.
        start: where its lines begin in the file of batches, in bytes.
        end: where they end.
        calls: calls in them.
    """

    folder: Path
    number: int
    start: int
    end: int
    calls: int

    @property
    def file(self) -> Path:
        """Its answers: one batch a line, as records of the journal; there once all are."""
        return self.folder / f"answers-{self.number:05d}.jsonl"


@dataclass
class _Engine:
    """The engine of this process.

    Attributes:
        task: the task that it was loaded for.
        model: it.
        checked: what canary prompts have shown that it can do.
    """

    task: Mapping[str, Any]
    model: Model
    checked: set[str] = field(default_factory=set)


_LOCK = threading.Lock()
_LOADED: list[_Engine] = []


def cut(folder: Path, wanted: Wanted) -> list[Unit]:
    """The batches of a model as units, in order; a batch is never cut."""
    most = max(LEAST_CALLS, -(-sum(wanted.sizes) // UNITS))
    units: list[Unit] = []
    start = end = calls = 0
    for size, end in zip(wanted.sizes, wanted.ends, strict=True):
        calls += size
        if calls >= most:
            units.append(Unit(folder, len(units), start, end, calls))
            start, calls = end, 0
    if calls:
        units.append(Unit(folder, len(units), start, end, calls))
    return units


def write_task(folder: Path, spec: str, cache: Path, wanted: Wanted | None = None) -> None:
    """What workers need beside their units: it lies in the folder, so that no job carries it."""
    task = {"spec": spec, "cache": str(cache.absolute())}
    if wanted is not None:
        more = {"fingerprint": wanted.fingerprint, "batches": wanted.batches.name}
        task |= more | {"journal": wanted.journal.name}
    write_text(folder / TASK, json.dumps(task))


def answer(unit: Unit) -> None:
    """Ask the batches of a unit and publish the answers; a unit of no calls describes the model.

    Raises:
        InfraError: code ``no_folder``: the run that dealt it was given up.
        WorkerError: the model is another one here.
        CapabilityError: it fails the canary prompts.
    """
    with _LOCK:
        if not (unit.folder / TASK).is_file():
            raise InfraError(
                f"{unit.folder} is not there",
                hint="the evaluation was given up, or this worker does not see its folder",
                code="no_folder",
            )
        task = json.loads((unit.folder / TASK).read_text(encoding="utf-8"))
        engine = _engine(task)
        said = Said(engine.model.fingerprint, engine.model.capabilities())
        if not unit.calls:
            write_text(unit.file, json.dumps(said.record()))
            return
        if said.fingerprint != task["fingerprint"]:
            raise WorkerError(
                f"the worker on {platform.node()} has another {task['spec']}: fingerprint "
                f"{task['fingerprint'][:12]} at the driver, {said.fingerprint[:12]} at the worker",
                hint="give workers the same files of the model",
            )
        lines = [canonical_json(_asked(engine, batch)) for batch in _batches(unit, task)]
        write_text(unit.file, "".join(f"{line}\n" for line in lines))


def _batches(unit: Unit, task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    with (unit.folder / task["batches"]).open("rb") as lines:
        lines.seek(unit.start)
        while lines.tell() < unit.end:
            batch: dict[str, Any] = json.loads(lines.readline())
            yield batch


def _asked(engine: _Engine, batch: Mapping[str, Any]) -> list[dict[str, Any]]:
    ask = Ask.from_record(batch["ask"])
    _check(engine, ask)
    start = time.perf_counter()
    answers = ask.answers(engine.model)
    seconds = (time.perf_counter() - start) / len(answers)
    return [
        call_record(engine.model.fingerprint, prompt, settings, ask.repeat, one.record(), seconds)
        for (prompt, settings), one in zip(batch["calls"], answers, strict=True)
    ]


def _check(engine: _Engine, ask: Ask) -> None:
    """Canary prompts, before the first batch of its kind."""
    if ask.needs in engine.checked:
        return
    first = [replace(r, choices=r.choices or ask.choices) for r in ask.requests[:SAMPLE]]
    # One choice is a text whose probability is asked; none is among what a server lists.
    sample = [request for request in first if len(request.choices) > 1]
    if ask.sampling is None:
        check(engine.model, logprobs=True, sample=sample)
    else:
        drawn = ask.needs == "constrained"
        tokens = ask.sampling.max_tokens
        check(engine.model, generate=not drawn, constrained=drawn, tokens=tokens)
    engine.checked.add(ask.needs)


def _engine(task: Mapping[str, Any]) -> _Engine:
    """The engine of a task; one at a time, loaded once a process."""
    wanted = {"spec": task["spec"], "cache": task["cache"]}
    if _LOADED and _LOADED[0].task == wanted:
        return _LOADED[0]
    while _LOADED:
        _LOADED.pop().model.close()
    _LOADED.append(_Engine(wanted, models.load(task["spec"], cache=Path(task["cache"]))))
    return _LOADED[0]
