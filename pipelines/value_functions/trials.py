"""What every training has: a support, batches that all losses share, a beginning, figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.value_functions.supports import Support, outside
from schemas.value_functions.params import Params, Run

if TYPE_CHECKING:
    from torch import Tensor

IntArray = npt.NDArray[np.int64]


def support_of(run: Run, low: float, high: float) -> Support:
    """The run's own support, or one that holds the range with a margin."""
    if run.support is not None:
        return Support(*run.support, run.bins, run.ratio)
    return Support.around(low, high, run.bins, run.ratio)


def rows_of(params: Params, run: Run, step: int, rows: IntArray) -> IntArray:
    """(S, B) rows of a batch: of the source, the seed and the step, so the same for every loss."""
    words = ("value_functions", params.train.seed, run.source, "batch")
    drawn = [
        rng_for(*words, seed, step).integers(0, len(rows), run.batch)
        for seed in range(params.train.seeds)
    ]
    found: IntArray = rows[np.stack(drawn)]
    return found


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
