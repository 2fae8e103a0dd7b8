"""What every training has: a support, batches that all losses share, a beginning, figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.value_functions import networks, worlds
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.net import Net
from pipelines.value_functions.supports import Support, outside
from schemas.value_functions.params import Atari, MinAtar, Params, Run, Source

if TYPE_CHECKING:
    from torch import Tensor

IntArray = npt.NDArray[np.int64]
Forward = Callable[[Net, Weights, Any], Any]


def support_of(run: Run, low: float, high: float) -> Support:
    """The run's own support, or one that holds the range with a margin."""
    if run.support is not None:
        return Support(*run.support, run.bins, run.ratio)
    return Support.around(low, high, run.bins, run.ratio)


_CELLS = {"chess": (12, 8), "digits": (1, 8), "wordle": (worlds.LETTERS, 0)}
"""Channels and side of a board; of a row of letters no side."""


def net_of(params: Params, run: Run, inputs: int, outputs: int) -> Net:
    """The network of a run: its trunk, over the cells of its source."""
    source: Source = params.build.source(run.source)
    channels, side = _CELLS.get(source.kind, (1, 0))
    if isinstance(source, MinAtar):
        channels, side = inputs // worlds.SIDE**2, worlds.SIDE
    if isinstance(source, Atari):
        channels, side = inputs // source.side**2, source.side
    return Net(
        inputs, run.width, outputs, run.trunk, channels, side, run.experts, run.blocks,
        1 / 255 if isinstance(source, Atari) else 1.0,
    )  # fmt: skip


def forward_of(params: Params) -> Forward:
    """What a network puts out, compiled where that is asked for."""
    import torch

    return torch.compile(networks.outputs) if params.train.compile else networks.outputs


def rows_of(params: Params, run: Run, step: int, rows: IntArray) -> IntArray:
    """(S, B) rows of a batch: of the source, the seed and the step, so the same for every loss."""
    words = ("value_functions", params.train.seed, run.source, "batch")
    drawn = [
        rng_for(*words, seed, step).integers(0, len(rows), run.batch)
        for seed in range(params.train.seeds)
    ]
    found: IntArray = rows[np.stack(drawn)]
    return found


def points_of(phases: Sequence[int], many: int) -> tuple[int, ...]:
    """Steps at which a learning curve has points: as many of every phase, the last at its end.

    Args:
        phases: steps done at the end of every phase.
        many: points a phase; a short one has a point a step.
    """
    found = {
        begin + -(-at * (end - begin) // many)
        for begin, end in pairwise((0, *phases))
        for at in range(1, many + 1)
    }
    return tuple(sorted(found))


def totals(losses: Tensor, y: Tensor, support: Support) -> tuple[Tensor, dict[str, Tensor]]:
    """What the loop adds up: the mean over each batch summed over seeds, and figures of the step.

    Args:
        losses: (S, B).
        y: (S, B) targets.
        support: what they are clipped to.
    """
    total = losses.mean(-1).sum()
    clipped = outside(y, support).float().mean()
    return total, {"value": total.detach() / len(losses), "clipped": clipped}
