"""What the encoder takes on long inputs: time and memory of one thread, by kind of attention.

They are measured in a process of their own, whose peak the kernel is asked to forget before each
(Linux, ``proc_pid_clear_refs(5)``). Memory that is freed goes back at once there, so that what one
input leaves behind is no part of the next.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from measurand.training.processes import spawned
from pipelines.webagent import net
from pipelines.webagent.net import Size
from schemas.webagent.pretraining import ATTENTIONS, Attention, Network

LENGTHS = (1024, 4096, 16_384)
MOST_DENSE = 4096
"""Longest input of dense attention: four times as many tokens take sixteen times the memory."""
REPEATS, WARM = 2, 256
"""Runs of each, after one on so few tokens that what is loaded at first is no part of any."""
VOCABULARY = 1000
_M_MMAP_THRESHOLD = -3

Row = dict[str, Any]


def rows(network: Network, lengths: Sequence[int] = LENGTHS) -> list[Row]:
    """Rows of ``LENGTHS`` for an encoder of these sizes; its weights do not matter.

    Args:
        network: sizes; the kind of attention is changed.
        lengths: tokens of the inputs.
    """
    with spawned(1) as apart:
        return apart.submit(_measured, network, lengths).result()


def _measured(network: Network, lengths: Sequence[int]) -> list[Row]:
    import torch

    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 16)
    torch.set_num_threads(1)
    found: list[Row] = []
    with torch.no_grad():
        for attention in ATTENTIONS:
            size = Size(network.model_copy(update={"attention": attention}), VOCABULARY)
            weights = net.init(size, 0)
            dict(_took(weights, size, WARM))
            for n in asked(attention, lengths):
                found.append({"attention": attention, "tokens": n, **dict(_took(weights, size, n))})
    return found


def asked(attention: Attention, lengths: Sequence[int]) -> list[int]:
    """Lengths that a kind of attention is given."""
    return [n for n in lengths if attention != "dense" or n <= MOST_DENSE]


def _took(weights: dict[str, Any], size: Size, n: int) -> Iterator[tuple[str, float]]:
    import torch

    made = torch.Generator().manual_seed(0)
    ids = torch.randint(2, VOCABULARY, (1, n), generator=made)
    _forget()
    before, seconds = _mib("VmRSS"), []
    for _ in range(REPEATS):
        start = time.process_time()
        net.encode(weights, size, ids, torch.tensor([n]))
        seconds.append(time.process_time() - start)
    yield "seconds", min(seconds)
    yield "mib", max(0.0, _mib("VmHWM") - before)


def _forget() -> None:
    """Begin the peak of this process anew."""
    Path("/proc/self/clear_refs").write_text("5")


def _mib(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition(f"{name}:")[2].split()[0]) / 1024
