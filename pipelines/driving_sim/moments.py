"""Logs of three moments in place of whole ones: all that a step and its measurements read.

With them the number of the step is always the same, so that scenarios at different times share a
batch, and a compiled step is compiled once.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from pipelines.driving_sim.world import World
from schemas.driving_sim.params import STEPS, T0

NOW = T0 + 1
"""Place of the present in such a log: after the start, which stands where it always does, and
before the next moment."""


def looking(world: World, logs: World, rows: torch.Tensor, times: torch.Tensor) -> World:
    """The world as a step at :data:`NOW` reads it.

    Args:
        world: B scenarios.
        logs: where their logs are.
        rows: (B,) int64, the row of each in ``logs``.
        times: (B,) int64, the step that each is at.
    """
    index = torch.stack((torch.full_like(times, T0), times, times + 1), 1).clamp(max=STEPS - 1)

    def moments(values: torch.Tensor) -> torch.Tensor:
        kept = values[rows[:, None], :, index].transpose(1, 2)
        head = kept[:, :, :1].expand(-1, -1, T0, *kept.shape[3:])
        return torch.cat((head, kept), 2)

    return replace(
        world, log=moments(logs.log), valid=moments(logs.valid), light=moments(logs.light)
    )


def at(world: World, t: int) -> World:
    """The world as a step at :data:`NOW` reads it where every scenario is at step ``t``."""
    steps = [T0] * NOW + [t, min(t + 1, STEPS - 1)]
    index = torch.tensor(steps, device=world.log.device)
    log, valid, light = (
        part.index_select(2, index) for part in (world.log, world.valid, world.light)
    )
    return replace(world, log=log, valid=valid, light=light)
