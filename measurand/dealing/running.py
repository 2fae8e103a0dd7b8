"""An evaluation whose calls are dealt: noted, asked by workers, then run as always."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any

from measurand.dealing.dealer import Dealer, Said, Unsettled, Wanted
from measurand.dealing.units import TASK, Unit, cut, write_task
from measurand.errors import PlaceError, RunnerError, WorkerError
from measurand.journal import Journal
from measurand.progress import reporting

CACHE = Path("models")
"""Where :func:`measurand.models.load` keeps converted weights."""
Job = Callable[[Sequence[Unit], str, int, int], None]
"""Given units, label, calls in all and calls done before: has workers do them, shows progress."""
_FOLDER, _GONE = ".dealt-", ".dealt-gone-"


def run(evaluate: Callable[[Path], None], out: Path, journal: Path, job: Job) -> None:
    """Run an evaluation whose calls workers make.

    What workers have published is kept whatever ends the run; the next one goes on from there.

    Args:
        evaluate: the evaluation, given the folder that it writes to.
        out: the folder of its results.
        journal: folder of the model calls, which workers see under the same path.
        job: runs units on workers.

    Raises:
        RunnerError: the runner failed, and again without a unit done in between.
        MeasurandError: whatever the evaluation raises.
    """
    journal.mkdir(parents=True, exist_ok=True)
    sweep(journal)
    with _folder(journal) as folder:
        aloud = copy_context()  # notes are taken in silence, workers are waited for aloud
        dealer = Dealer(folder, lambda spec: aloud.run(_described, folder, spec, job))
        while True:
            with (
                tempfile.TemporaryDirectory() as scratch,
                dealer.at_work(notes=True),
                reporting(None),
                suppress(Unsettled),
            ):
                evaluate(Path(scratch))
            for wanted in dealer.take():
                _deal(folder, wanted, job, dealer)
            with suppress(Unsettled), dealer.at_work(notes=False):
                return evaluate(out)


def sweep(journal: Path) -> None:
    """Put into the journals what workers have published for runs that ended before they read it."""
    for folder in sorted(journal.glob(f"{_FOLDER}*")):
        with suppress(OSError), _lock(folder):
            task = {}
            with suppress(OSError, ValueError):
                task = json.loads((folder / TASK).read_text(encoding="utf-8"))
            if "journal" in task and not folder.name.startswith(_GONE):
                with Journal(journal / task["journal"]) as calls:
                    _enter(sorted(folder.glob("answers-*.jsonl")), calls)
            _removed(folder)


@contextmanager
def _folder(journal: Path) -> Iterator[Path]:
    """A folder for what is dealt; it goes with the block, or at the next run's sweep."""
    folder = (journal / f"{_FOLDER}{secrets.token_hex(4)}").resolve()
    folder.mkdir()
    with _lock(folder):
        try:
            yield folder
        finally:
            _removed(folder)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Keep the sweep of other runs out.

    Raises:
        BlockingIOError: the run whose folder it is goes on.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(handle)


def _removed(folder: Path) -> None:
    """Remove a folder that a lost worker may be writing into: first its name, then its files."""
    doomed = folder.with_name(f"{_GONE}{secrets.token_hex(4)}")
    folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _described(folder: Path, spec: str, job: Job) -> Said:
    """What a worker says of a model, which it loads for that."""
    write_task(folder, spec, CACHE)
    unit = Unit(folder, 0, 0, 0, 0)
    job([unit], f"evaluate: a worker loads {spec}", 0, 0)
    said = Said.from_record(json.loads(unit.file.read_text(encoding="utf-8")))
    unit.file.unlink()
    return said


def _deal(folder: Path, wanted: Wanted, job: Job, dealer: Dealer) -> None:
    """Have workers ask what is wanted of one model, and enter their answers."""
    write_task(folder, wanted.spec, CACHE, wanted)
    units = cut(folder, wanted)
    try:
        _until_done(units, wanted, job)
    finally:
        with Journal(wanted.journal) as calls:
            failed = _enter((unit.file for unit in units if unit.file.exists()), calls)
        dealer.unjournalled |= failed
        for path in (*(unit.file for unit in units), wanted.batches):
            path.unlink(missing_ok=True)


def _until_done(units: Sequence[Unit], wanted: Wanted, job: Job) -> None:
    """Run jobs until every unit is answered; a lost worker costs what it had not published.

    Raises:
        RunnerError: a job failed without one unit done.
    """
    total = sum(unit.calls for unit in units)
    while left := [unit for unit in units if not unit.file.exists()]:
        done = total - sum(unit.calls for unit in left)
        try:
            job(left, f"evaluate {wanted.spec}", total, done)
        except (WorkerError, PlaceError):
            raise
        except RunnerError as error:
            still = sum(not unit.file.exists() for unit in units)
            if still == len(left) or error.code == "timeout":
                raise
            print(f"evaluate: {error.args[0]}; {still} of {len(units)} units are dealt again",
                  file=sys.stderr, flush=True)  # fmt: skip


def _enter(files: Iterable[Path], calls: Journal) -> dict[str, dict[str, Any]]:
    """Put published answers into a journal; those that failed outside the model, by key."""
    failed: dict[str, dict[str, Any]] = {}
    for file in files:
        with file.open(encoding="utf-8", newline="\n") as lines:
            for records in map(json.loads, lines):
                lost = {r["key"]: r for r in records if r["status"] == "infra_error"}
                failed |= lost
                calls.append_batch([r for r in records if r["key"] not in lost])
    return failed
