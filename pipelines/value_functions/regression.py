"""Training on targets that are given: noisy ones, shuffled ones, ones that move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.value_functions import networks
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.losses import Head
from pipelines.value_functions.material import Given
from pipelines.value_functions.representations import Probed, covered
from pipelines.value_functions.trials import forward_of, net_of, rows_of, support_of, totals
from schemas.value_functions.params import SCALAR, Digits, Loss, Params, Run

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = npt.NDArray[np.float64]
AT_ONCE = 4096
"""Rows that are predicted together."""
PROBED = 2000
"""Rows that a linear read-out is fitted to, and tried on."""


class Regression:
    """S networks on given targets, under one loss.

    Where targets move, every row is trained on, and error is how well the network follows: rows of
    ``val`` pick the learning rate, rows of ``test`` are reported. A scalar head is standardised by
    the targets before the first shift, which are all that is known when training begins; a support
    holds those of all shifts.

    Args:
        params: parameters.
        run: the run.
        loss: the loss.
        given: rows and targets.
        device: where networks lie.
    """

    def __init__(self, params: Params, run: Run, loss: Loss, given: Given, device: str) -> None:
        import torch

        self._params, self._run, self.given = params, run, given
        self._shifts = run.shifts or (0.0,)
        self.truth = truth(params, run, given)
        seen = np.arange(len(given.y)) if run.shifts else np.flatnonzero(given.split == "train")
        self._seen = seen.astype(np.int64)
        taught = _taught(params, run, self.truth, self._seen)
        low, high = float(taught[:, seen].min()), float(taught[:, seen].max())
        support = support_of(run, low + min(self._shifts), high + max(self._shifts))
        first = taught[:, seen] + self._shifts[0]
        spread = float(first.std())
        # A mean of equal decimals misses them in its last bit.
        spread = 0.0 if spread <= 1e-12 * max(1.0, abs(low), abs(high)) else spread
        self.head = Head(loss, support, float(first.mean()), spread)
        self.steps = run.steps * len(self._shifts)
        self.phases = tuple(run.steps * (at + 1) for at in range(len(self._shifts)))
        self._forward = forward_of(params)
        self.net = net_of(params, run, given.x.shape[1], self.head.outputs)
        self.beside: Weights = {}
        self._x = torch.from_numpy(given.x).to(device)
        self._y = torch.from_numpy(taught).to(device, torch.float32)

    def batch(self, step: int) -> Any:
        """Rows of every seed, and the shift of the step."""
        import torch

        rows = rows_of(self._params, self._run, step, self._seen)
        return torch.from_numpy(rows), self._shifts[step // self._run.steps]

    def loss(self, weights: Weights, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """See :func:`pipelines.value_functions.trials.totals`."""
        rows, shift = batch
        rows = rows.to(self._y.device)
        y = self._y.gather(1, rows) + shift
        out = self._forward(self.net, weights, self._x[rows])
        return totals(self.head.losses(out, y), y, self.head.support)

    def predict(self, weights: Weights, rows: npt.NDArray[np.int64]) -> FloatArray:
        """(S, n) values of rows."""
        import torch

        parts = []
        with torch.inference_mode():
            for start in range(0, len(rows), AT_ONCE):
                at = torch.from_numpy(rows[start : start + AT_ONCE]).to(self._x.device)
                out = networks.outputs(self.net, weights, self._x[at])
                parts.append(self.head.value(out).double().cpu().numpy())
        return np.concatenate(parts, 1)

    def rows(self, split: str) -> npt.NDArray[np.int64]:
        """Rows of a split."""
        return np.flatnonzero(self.given.split == split).astype(np.int64)

    def seen(self) -> npt.NDArray[Any]:
        """(n, D) inputs of test rows, for a look at the representation."""
        found: npt.NDArray[Any] = self.given.x[self.rows("test")]
        return found

    def probed(self) -> Probed:
        """Rows of training, at most ``PROBED``, and of test, with their true targets."""
        rows = self.rows("train")
        rows = rows[:: max(1, len(rows) // PROBED)]
        test = self.rows("test")[:PROBED]
        x = self.given.x
        return Probed(x[rows], self.truth[:, rows], x[test], self.truth[:, test])

    def head_covers(self, weights: Weights, shift: float) -> list[float | None]:
        """Per seed, the share of true test targets within the head's central 90%."""
        import torch

        rows = self.rows("test")[:PROBED]
        if self.head.loss in SCALAR:
            return [None] * len(self.truth)
        with torch.inference_mode():
            out = networks.outputs(self.net, weights, torch.from_numpy(self.given.x[rows]))
            logs = self.head.log_probabilities(out).double().numpy()
            ends = self.head.places(out).double().numpy()
        wanted = self.truth[:, rows] + shift
        return [covered(own, ends, y) for own, y in zip(logs, wanted, strict=True)]

    def errors(self, weights: list[Weights], split: str) -> FloatArray:
        """(phases, S, n) predictions less true targets of a split, at the end of every phase."""
        pairs = zip(self.phases, weights, strict=True)
        return np.stack([self._errors(step, own, split) for step, own in pairs])

    def _errors(self, step: int, weights: Weights, split: str) -> FloatArray:
        """(S, n) of the shift in which so many steps were done."""
        rows = self.rows(split)
        shift = self._shifts[(step - 1) // self._run.steps]
        found: FloatArray = self.predict(weights, rows) - shift - self.truth[:, rows]
        return found

    def validate(self, weights: list[Weights]) -> FloatArray:
        """(S,) squared error on validation with its sign turned, mean over phases."""
        found: FloatArray = -np.square(self.errors(weights, "val")).mean((0, 2))
        return found

    def score(self, step: int, weights: Weights) -> FloatArray:
        """(S,) squared error on validation with its sign turned, after so many steps."""
        found: FloatArray = -np.square(self._errors(step, weights, "val")).mean(1)
        return found


def truth(params: Params, run: Run, given: Given) -> FloatArray:
    """(S, n) targets without noise and shifts; those of digits are made here, for every seed.

    A digit's is sin(frequency * f(picture)), f a random network of the seed's own (Farebrother et
    al. 2024, section 4.4).
    """
    source, seeds = params.build.source(run.source), params.train.seeds
    if not isinstance(source, Digits):
        return np.broadcast_to(given.y, (seeds, len(given.y))).copy()
    found = []
    for seed in range(seeds):
        rng = rng_for("value_functions", params.train.seed, source.id, "labels", seed)
        # Added up in one order on every processor: the sine makes much of a last bit.
        first, second = rng.normal(size=(given.x.shape[1], 64)), rng.normal(size=(64, 1))
        hidden = np.tanh(np.einsum("np,pq->nq", given.x.astype(np.float64), first) / 8)
        found.append(np.sin(source.frequency * (np.einsum("np,pq->nq", hidden, second)[:, 0] / 8)))
    return np.stack(found)


def _taught(params: Params, run: Run, truth: FloatArray, seen: npt.NDArray[np.int64]) -> FloatArray:
    """(S, n) what training is told: with noise, or dealt to other rows."""
    taught = truth.copy()
    for seed, own in enumerate(taught):
        words = ("value_functions", params.train.seed, run.source, seed)
        if run.noise:
            # One draw for every level of noise: a curve over levels is then one of levels alone.
            drawn = rng_for(*words, "noise").normal(size=len(own))
            own += run.noise * truth[seed, seen].std() * drawn
        if run.shuffled:
            own[seen] = own[rng_for(*words, "shuffle").permutation(seen)]
    return taught
