"""Worker processes of the local runner, watched: Beam would wait for ever for one that died."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
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
_READERS = ("read_grpc_client_inputs", "beam_control_read")
"""Its names for those that read what the processes send."""
_PROGRAM = b"apache_beam.runners.worker.sdk_worker_main"
END_SECONDS = 5.0
DEATH_SECONDS = 1.0
WAKE_SECONDS = 0.1


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
    already = set(threading.enumerate())
    try:
        threading.Thread(target=copy_context().run, args=(call,), daemon=True).start()
        while ends.empty():
            # An interrupt may reach another thread, and then wakes nobody who waits for ever.
            time.sleep(WAKE_SECONDS)
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
        _await_threads(already)
        threading.excepthook = before


def _await_threads(already: set[threading.Thread]) -> None:
    """Wait for Beam's threads of this run to see that their processes are gone, and say so."""
    deadline = time.monotonic() + END_SECONDS
    for thread in threading.enumerate():
        if thread not in already and thread.name in (_THREAD, *_READERS):
            thread.join(max(0.0, deadline - time.monotonic()))


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
