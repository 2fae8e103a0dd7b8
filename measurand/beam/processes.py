"""Worker processes of the local runner, watched: Beam would wait for ever for one that died."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any

from measurand.beam.failures import named_error
from measurand.beam.runners import LOCAL
from measurand.errors import RunnerError

_THREAD = "run_worker"
"""Beam's name for the threads that wait for its worker processes."""
_PROGRAM = b"apache_beam.runners.worker.sdk_worker_main"
END_SECONDS = 5.0
DEATH_SECONDS = 1.0


def watched(run: Callable[[], Any]) -> Any:
    """What a run in processes of its own comes to.

    Raises:
        RunnerError: one of the processes died; the others are ended.
    """
    ends: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()
    before = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if args.thread is not None and args.thread.name == _THREAD:
            hint = "was it killed, or was the memory spent? run it again"
            ends.put((None, RunnerError("a worker process has died", hint=hint)))
        else:
            before(args)

    def call() -> None:
        try:
            ends.put((run(), None))
        except Exception as error:
            ends.put((None, error))

    threading.excepthook = hook
    try:
        threading.Thread(target=copy_context().run, args=(call,), daemon=True).start()
        result, error = ends.get()
        if error is None:
            return result
        if type(named_error(error, LOCAL)) is RunnerError:
            with suppress(queue.Empty):
                # Of a process that died Beam may say first that its channel is closed.
                error = ends.get(timeout=DEATH_SECONDS)[1] or error
        raise error
    finally:
        for pid in workers():  # after a run that ended well there are none
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for thread in threading.enumerate():
            if thread.name == _THREAD:
                thread.join(END_SECONDS)
        threading.excepthook = before


def workers() -> list[int]:
    """Worker processes of this process, by their ids."""
    found = []
    for pid in _descendants(os.getpid()):
        with suppress(OSError):
            if _PROGRAM in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def _descendants(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, IndexError, ValueError):
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(after_name[1]), []).append(int(folder.name))
    found, todo = [], [pid]
    while todo:
        own = parents.get(todo.pop(), [])
        found += own
        todo += own
    return found
