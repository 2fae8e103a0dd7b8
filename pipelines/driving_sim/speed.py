"""How fast the simulator is here: time is not data, so only reports read it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch

from pipelines.driving_sim import planners
from pipelines.driving_sim.scenario import Scenario
from pipelines.driving_sim.simulate import rollout
from pipelines.driving_sim.world import World
from pipelines.driving_sim.worlds import world
from schemas.driving_sim.params import STEPS, T0

LEAST = 0.5
"""Seconds of the processor that a speed is measured for at least."""

Row = dict[str, Any]


def throughput(
    scenarios: Sequence[Scenario],
    worlds: Sequence[str],
    sizes: Sequence[int],
    *,
    compiled: bool = False,
) -> list[Row]:
    """Rows of ``THROUGHPUT``: the driver model as planner, whole drives, one thread.

    Args:
        scenarios: what is driven, again and again where a batch is larger.
        worlds: how the other cars move.
        sizes: scenarios at once.
        compiled: whether steps are compiled first, which is not counted.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [_row(scenarios, others, size, compiled) for size in sizes for others in worlds]
    finally:
        torch.set_num_threads(before)


def _row(scenarios: Sequence[Scenario], others: str, size: int, compiled: bool) -> Row:
    some = [scenarios[k % len(scenarios)] for k in range(size)]
    batch, names = world(some), [s.scenario_id for s in some]

    def drive() -> None:
        rollout(batch, planners.idm, others, scenario_ids=names, compiled=compiled)

    with torch.no_grad():
        if compiled:
            drive()
        drives, start = 0, time.process_time()
        while drives == 0 or time.process_time() - start < LEAST:
            drive()
            drives += 1
    seconds = time.process_time() - start
    done = drives * size * (STEPS - 1 - T0)
    return {
        "others": others,
        "batch": size,
        "steps_per_s": done / seconds,
        "bytes": bytes_of(batch) // size,
    }


def bytes_of(batch: World) -> int:
    """Bytes of all arrays of a world."""
    total = 0

    def add(part: torch.Tensor) -> torch.Tensor:
        nonlocal total
        total += part.numel() * part.element_size()
        return part

    batch.each(add)
    return total
