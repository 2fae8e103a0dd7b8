"""Independent jobs dealt to processes: models that train, parts that are measured."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, TypeVar

from measurand.errors import InfraError
from measurand.training import ranks

Found = TypeVar("Found")


def deal(
    work: Callable[..., Found], jobs: Sequence[tuple[Any, ...]], processes: int
) -> Iterator[Found]:
    """Do the jobs, and yield what each gives, in the order in which they end.

    Ranks that train together take whole jobs, each every so many, where there are enough for all;
    what they give is yielded on every rank in the order of the jobs. Otherwise all ranks do each
    job together. Either way a rank starts no process.

    Args:
        work: a function of a module; it is called with the parts of a job.
        jobs: arguments that can be pickled.
        processes: jobs at the same time; with 1, or one job, they run here, one after another.

    Raises:
        InfraError: a process was killed.
    """
    if 1 < ranks.world() <= len(jobs):
        yield from _dealt(work, jobs)
        return
    if processes == 1 or len(jobs) < 2 or ranks.world() > 1:
        for job in jobs:
            yield work(*job)
        return
    try:
        with spawned(min(processes, len(jobs))) as pool:
            futures = [pool.submit(work, *job) for job in jobs]
            for future in as_completed(futures):
                yield future.result()
    except BrokenProcessPool as error:
        raise InfraError(
            "a process was killed, perhaps for want of memory",
            hint="run it again to go on, with fewer processes",
        ) from error


@contextmanager
def spawned(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with whoever began them, and at once where something is raised.

    Without, a signal to this process alone would wait for every job that runs, however long, and
    after SIGKILL they would go on beside those of the next run.
    """
    before = set(multiprocessing.active_children())
    # A fork would inherit locks of the threads that PyTorch, or who reads tables, has started.
    pool = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_end_with_parent
    )
    try:
        yield pool
    except BaseException:
        for one in set(multiprocessing.active_children()) - before:
            one.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _dealt(work: Callable[..., Found], jobs: Sequence[tuple[Any, ...]]) -> Iterator[Found]:
    """Do this rank's jobs, and yield those of all."""
    own = ranks.dealt(jobs)
    with ranks.alone():
        found = [work(*job) for job in own]
    every = ranks.gathered(found)
    for k in range(len(jobs)):
        yield every[k % len(every)][k // len(every)]
