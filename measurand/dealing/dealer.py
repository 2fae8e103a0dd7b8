"""Who notes what an evaluation wants to ask, instead of asking it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from measurand.asks import Ask
from measurand.models.protocol import Capabilities, Completion, Model, Request, Sampling, Score

ENGINES = ("smollm2", "hf", "vllm")
"""Backends whose engine is loaded by workers alone: it may not fit beside them, or run here."""
BACKENDS = (*ENGINES, "openai", "synthetic", "replay")
"""Backends that workers can load; other models belong to a system and are asked here."""
_CURRENT: ContextVar[Dealer | None] = ContextVar("dealer", default=None)
_LATER = "to be asked by a worker"


class Unsettled(Exception):
    """An evaluation cannot go on before workers have answered what was noted."""


@dataclass(frozen=True)
class Said:
    """What a worker says of a model.

    Attributes:
        fingerprint: the model's, see :class:`measurand.models.protocol.Model`.
        capabilities: its capabilities.
    """

    fingerprint: str
    capabilities: Capabilities

    def record(self) -> dict[str, Any]:
        """As JSON values."""
        return {"fingerprint": self.fingerprint, "capabilities": asdict(self.capabilities)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Said:
        """Inverse of :meth:`record`."""
        return cls(record["fingerprint"], Capabilities(**record["capabilities"]))


@dataclass
class Wanted:
    """What is to be asked of one model.

    Attributes:
        spec: its model string.
        fingerprint: its fingerprint.
        journal: file of its calls.
        batches: a file with one batch a line.
        sizes: calls of each batch.
        ends: where each line ends, in bytes.
    """

    spec: str
    fingerprint: str
    journal: Path
    batches: Path
    sizes: list[int]
    ends: list[int]


class Dealer:
    """Notes batches instead of asking them.

    Args:
        place: a folder for what is noted.
        describe: asks a worker what it says of a model; called once a model.

    Attributes:
        unjournalled: records by key that no journal holds: of calls that are to be asked, and of
            those that a worker could not ask.
    """

    def __init__(self, place: Path, describe: Callable[[str], Said]) -> None:
        self._place, self._describe = place, describe
        self._said: dict[str, Said] = {}
        self._wanted: dict[str, Wanted] = {}
        self._notes = True
        self.unjournalled: dict[str, dict[str, Any]] = {}

    @contextmanager
    def at_work(self, *, notes: bool) -> Iterator[None]:
        """Within this block evaluations note what they would ask, or are stopped at it.

        Args:
            notes: whether they note it; otherwise :class:`Unsettled` is raised.
        """
        self._notes = notes
        before = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(before)

    def open(self, spec: str, make: Callable[[str], Model]) -> Model:
        """A model; one without its engine where workers have that."""
        if _backend(spec) not in ENGINES:
            return make(spec)
        if spec not in self._said:
            self._said[spec] = self._describe(spec)
        return Absent(spec, self._said[spec], make)

    def deals(self, model: Model) -> bool:
        """Whether workers are asked in this model's place."""
        return _backend(model.spec) in BACKENDS

    @property
    def waits(self) -> bool:
        """Whether something is noted that nobody has asked yet."""
        return bool(self._wanted)

    def put(
        self,
        model: Model,
        journal: Path,
        ask: Ask,
        calls: Mapping[str, tuple[str, Mapping[str, Any]]],
    ) -> None:
        """Note a batch.

        Args:
            model: whom it goes to.
            journal: file of the model's calls.
            ask: the batch.
            calls: (hash of the prompt, settings) by key, of each request in order.

        Raises:
            Unsettled: nothing is noted any more.
        """
        if not self._notes:
            raise Unsettled
        mine = self._wanted.get(model.spec)
        if mine is None:
            file = self._place / f"batches-{len(self._wanted)}.jsonl"
            file.unlink(missing_ok=True)
            mine = Wanted(model.spec, model.fingerprint, journal.resolve(), file, [], [])
            self._wanted[model.spec] = mine
        line = json.dumps({"ask": ask.record(), "calls": list(calls.values())}).encode() + b"\n"
        with mine.batches.open("ab") as lines:
            lines.write(line)
        mine.sizes.append(len(calls))
        mine.ends.append((mine.ends[-1] if mine.ends else 0) + len(line))
        self.unjournalled |= dict.fromkeys(calls, _LATER_TEXT if ask.written else _LATER_SCORE)

    def take(self) -> list[Wanted]:
        """What was noted, a model at a time; it counts as asked."""
        found = [*self._wanted.values()]
        self._wanted = {}
        later = (_LATER_TEXT, _LATER_SCORE)
        self.unjournalled = {k: r for k, r in self.unjournalled.items() if r not in later}
        return found


class Absent:
    """A model whose engine is at the workers; it is loaded here once something is asked here.

    Args:
        spec: model string.
        said: what a worker says of it.
        make: loads it.
    """

    def __init__(self, spec: str, said: Said, make: Callable[[str], Model]) -> None:
        self.spec, self.fingerprint = spec, said.fingerprint
        # Canary prompts are for the workers.
        self._able = replace(said.capabilities, live=False)
        self._make = make
        self._model: Model | None = None

    def capabilities(self) -> Capabilities:
        """What a worker said of it."""
        return self._able

    def score(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Score]:
        """See :class:`measurand.models.protocol.Model`."""
        return self._here().score(requests, choices)

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, repeat: int = 0
    ) -> list[Completion]:
        """See :class:`measurand.models.protocol.Model`."""
        return self._here().generate(requests, sampling, repeat)

    def close(self) -> None:
        """Release the engine, where it was loaded."""
        if self._model is not None:
            self._model.close()

    def _here(self) -> Model:
        if self._model is None:
            self._model = self._make(self.spec)
        return self._model


def current() -> Dealer | None:
    """The dealer of the evaluation that runs; null where it asks for itself."""
    return _CURRENT.get()


def opened(spec: str, make: Callable[[str], Model]) -> Model:
    """A model for an evaluation: ``make(spec)``, or one whose engine is at the workers."""
    dealer = current()
    return make(spec) if dealer is None else dealer.open(spec, make)


def pending() -> bool:
    """Whether answers are missing that workers have not given yet: nothing can be judged."""
    dealer = current()
    return dealer is not None and dealer.waits


def settle() -> None:
    """Wait for the answers so far; call it before they decide what is asked next.

    Raises:
        Unsettled: they are missing; the evaluation begins anew once workers have given them.
    """
    if pending():
        raise Unsettled


def _backend(spec: str) -> str:
    return spec.split(":")[0].split("?")[0]


_LATER_SCORE = {**Score.failed("infra_error", _LATER).record(), "seconds": 0.0}
_LATER_TEXT = {**Completion.failed("infra_error", _LATER).record(), "seconds": 0.0}
