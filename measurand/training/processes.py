"""Independent jobs dealt to processes: models that train, parts that are measured."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from measurand.errors import InfraError

Found = TypeVar("Found")


def deal(
    work: Callable[..., Found], jobs: Sequence[tuple[Any, ...]], processes: int
) -> Iterator[Found]:
    """Do the jobs, and yield what each gives, in the order in which they end.

    Args:
        work: a function of a module; it is called with the parts of a job.
        jobs: arguments that can be pickled.
        processes: jobs at the same time; with 1, or one job, they run here, one after another.

    Raises:
        InfraError: a process was killed.
    """
    if processes == 1 or len(jobs) < 2:
        for job in jobs:
            yield work(*job)
        return
    # A fork would inherit locks of the threads that PyTorch has started.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=spawn) as pool:
        futures = [pool.submit(work, *job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise InfraError(
                "a process was killed, perhaps for want of memory",
                hint="run it again to go on, with fewer processes",
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
