"""Ranks: the processes of ``torchrun`` that train one system together.

Two forms. Trainings that do not depend on each other are dealt: each is wholly one rank's
(:func:`measurand.training.processes.deal`). Where there are fewer trainings than ranks, the rows of
every batch are divided: each rank computes the loss of :func:`mine` and :func:`add_up` makes the
gradient of the whole batch of theirs (:func:`measurand.training.fit.fit`). Weights are small beside
what a device holds, so each rank has all of them. The first rank writes; all see the same folders.

Without ``torchrun`` there is one rank, and nothing here does anything.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import cache, partial, reduce
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from measurand.errors import InfraError, InputError, PlaceError

JOIN_SECONDS = 120.0
"""How long ranks wait for each other at the start."""
_WAIT = timedelta(days=30)
"""Trainings that are dealt end at different times; of a lost rank the others hear at once."""

_TIMES = count()
_HERE: ContextVar[tuple[int, int]] = ContextVar("ranks", default=(0, 1))

Tensor = Any
Row = dict[str, Any]
Found = TypeVar("Found")


def asked() -> tuple[int, int]:
    """Rank of this process and how many there are, as ``torchrun`` says in the environment.

    Raises:
        InputError: code ``no_rendezvous``: they are no such numbers.
    """
    said = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "1")
    if said[1] == "1":
        return 0, 1
    if not all(text.isdecimal() for text in said) or int(said[0]) >= int(said[1]):
        raise _no_rendezvous(f"RANK is {said[0]!r} and WORLD_SIZE {said[1]!r}")
    return int(said[0]), int(said[1])


def refuse(verb: str) -> None:
    """Refuse a verb that ranks cannot divide, where ``torchrun`` started several of it.

    Raises:
        InputError: code ``no_ranks``.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ and asked()[1] > 1:
        raise InputError(
            f"torchrun started {asked()[1]} processes of `measurand {verb}`",
            hint="only `measurand train S` is divided among ranks; start this without torchrun",
            code="no_ranks",
        )


@contextmanager
def joined() -> Iterator[None]:
    """Train together with the other ranks of ``torchrun`` within this block.

    Raises:
        InputError: code ``no_rendezvous``: the environment says that there are others, and they
            do not come.
        InfraError: code ``lost_rank``: another rank ended.
    """
    rank, world = asked()
    if world == 1:
        yield
        return
    import torch.distributed as dist

    _join(rank, world)
    token = _HERE.set((rank, world))
    try:
        yield
        wait()
    finally:
        _HERE.reset(token)
        dist.destroy_process_group()


def _join(rank: int, world: int) -> None:
    import torch
    import torch.distributed as dist

    limit = timedelta(seconds=JOIN_SECONDS)
    try:
        # The store outlives processes that are started again, and one training may follow another.
        start = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store = dist.PrefixStore(f"measurand/{start}/{next(_TIMES)}", _store(limit))
        store.set(f"here/{rank}", "1")
        store.wait([f"here/{other}" for other in range(world)], limit)
        if torch.cuda.is_available():
            torch.cuda.set_device(_local() % torch.cuda.device_count())
        dist.init_process_group(_backend(), store=store, rank=rank, world_size=world, timeout=_WAIT)
    except (RuntimeError, ValueError) as error:
        raise _no_rendezvous(f"rank {rank} of {world}: {str(error).splitlines()[0]}") from error


@cache
def _store(limit: timedelta) -> Any:
    import torch.distributed as dist

    store, *_ = next(dist.rendezvous("env://", timeout=limit))
    return store


def _backend() -> str:
    """NCCL for tensors of a GPU, where no two ranks share one; Gloo for all others."""
    import torch

    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    own = torch.cuda.is_available() and max(here, _local() + 1) <= torch.cuda.device_count()
    return "cpu:gloo,cuda:nccl" if own else "gloo"


def _local() -> int:
    return int(os.environ.get("LOCAL_RANK", "0"))


def _no_rendezvous(what: str) -> InputError:
    return InputError(
        f"no other ranks: {what}",
        hint="start it by `torchrun --nproc-per-node=N -m measurand train S`, "
        "or unset WORLD_SIZE to train in one process",
        code="no_rendezvous",
    )


def world() -> int:
    """How many ranks train together here; 1 within :func:`alone`."""
    return _HERE.get()[1]


def first() -> bool:
    """Whether this rank is the one that writes."""
    return _HERE.get()[0] == 0


@contextmanager
def alone() -> Iterator[None]:
    """Within this block a rank has a training of its own."""
    token = _HERE.set((0, 1))
    try:
        yield
    finally:
        _HERE.reset(token)


def mine(rows: int) -> slice:
    """This rank's part of the rows of a batch: every row is one rank's.

    Args:
        rows: of the batch.

    Raises:
        InputError: code ``too_many_ranks``: there are fewer rows than ranks.
    """
    rank, others = _HERE.get()
    if others > rows and others > 1:
        raise InputError(
            f"{others} ranks for a batch of {rows} rows",
            hint=f"start {rows} at most",
            code="too_many_ranks",
        )
    return slice(rows * rank // others, rows * (rank + 1) // others)


def dealt(jobs: Sequence[Found]) -> Sequence[Found]:
    """This rank's jobs: neighbours, which are often alike, go to different ranks."""
    rank, others = _HERE.get()
    return jobs[rank::others]


def wait() -> None:
    """Until all ranks are here."""
    gathered(None)


def gathered(found: Found) -> list[Found]:
    """What each rank found, in their order; values that can be pickled."""
    if world() == 1:
        return [found]
    import torch.distributed as dist

    every: list[Any] = [None] * world()
    with _together():
        dist.all_gather_object(every, found)
    return every


def from_first(work: Callable[[], Found]) -> Found:
    """Do something on the first rank alone; all get what it gives.

    Args:
        work: what it gives can be pickled, tensors of the CPU too.
    """
    if world() == 1:
        return work()
    import torch.distributed as dist

    every: list[Any] = [None]
    if first():
        with alone():
            every = [work()]
    with _together():
        dist.broadcast_object_list(every, 0)
    found: Found = every[0]
    return found


def see(*folders: Path) -> None:
    """Make folders on the first rank, and refuse ranks that do not see them.

    Raises:
        PlaceError: a rank has a folder of that name for itself, or none.
    """
    if world() == 1:
        return
    for folder in folders:
        mark = from_first(partial(_mark, folder))
        every = gathered((folder / mark).is_file())
        if first():
            (folder / mark).unlink()
        if not all(every):
            raise PlaceError(
                f"rank {every.index(False)} does not see {folder}",
                hint="give folders that all machines share under one path",
            )


def _mark(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(".tmp", ".ranks-", folder)
    os.close(handle)
    return Path(name).name


def begin(label: str, identity: str | None, *tensors: Mapping[str, Tensor]) -> None:
    """Give all ranks the first one's tensors, once they are known to train the same.

    Args:
        label: of the training, for the message.
        identity: of all that decides its numbers; None where it is not kept.
        tensors: weights by name, written in place.

    Raises:
        InputError: code ``other_rank``: a rank has other code, data, parameters or PyTorch.
    """
    if world() == 1:
        return
    import torch
    import torch.distributed as dist

    every = gathered((identity, torch.__version__))
    other = next((rank for rank, one in enumerate(every) if one != every[0]), None)
    if other is not None:
        raise InputError(
            f"{label}: rank {other} has other code, data, parameters or PyTorch than rank 0",
            hint="install the same on all machines, and share the folder of the data",
            code="other_rank",
        )
    with _together(), torch.no_grad():
        for some in tensors:
            for own in some.values():
                dist.broadcast(own.data, 0)


def add_up(weights: Sequence[Tensor], figures: Row, rows: float) -> Row:
    """Make the gradients of all ranks' rows of those of each rank's own, in place.

    The loss is a mean over rows; a batch's is the mean of the ranks', weighted by their rows. A
    weight that took no part on any rank has no gradient, as it has none in one process.

    Args:
        weights: leaf tensors, with gradients of the mean over this rank's rows.
        figures: of this rank's rows: whole numbers are counts, everything else a mean over rows.
        rows: of this rank, or whatever else the loss is a mean over.

    Returns:
        The figures of all rows.
    """
    import torch
    import torch.distributed as dist

    counts = [name for name, value in figures.items() if isinstance(value, int)]
    means = [name for name in figures if name not in counts]
    took = [w.grad is not None for w in weights]
    # What decides the next calls stays on the CPU: a GPU is not waited for.
    small = torch.tensor([rows, *(figures[name] for name in counts), *took], dtype=torch.float64)
    with _together():
        dist.all_reduce(small)
    total, *rest = small.tolist()
    share = rows / total
    kind = reduce(torch.promote_types, {w.dtype for w in weights}, torch.float32)
    on = {"dtype": kind, "device": weights[0].device}
    moved = [w for w, some in zip(weights, rest[len(counts) :], strict=True) if some]
    parts = [torch.zeros_like(w) if w.grad is None else w.grad for w in moved]
    flat = torch.cat([
        *(part.reshape(-1).to(kind) for part in parts),
        torch.stack([torch.as_tensor(figures[name], **on) for name in means]),
    ])  # fmt: skip
    flat *= share
    with _together():
        dist.all_reduce(flat)
    pieces = flat.split([*(w.numel() for w in moved), len(means)])
    for w, piece in zip(moved, pieces, strict=False):
        w.grad = piece.view_as(w).to(w.dtype)
    found = dict(zip(means, pieces[-1].unbind(), strict=True))
    found |= {name: int(value) for name, value in zip(counts, rest, strict=False)}
    return {name: found[name] for name in figures}


@contextmanager
def _together() -> Iterator[None]:
    """Around what all ranks do at once."""
    try:
        yield
    except RuntimeError as error:
        raise InfraError(
            f"another rank ended ({str(error).splitlines()[0]})",
            hint="look at what it said; with --max-restarts=N torchrun starts all of them again, "
            "and they go on from the last saved state",
            code="lost_rank",
        ) from error
