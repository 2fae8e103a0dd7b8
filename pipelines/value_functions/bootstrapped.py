"""Training on targets that the network makes itself: offline Q-learning with CQL's penalty.

The target of a transition is r + discount * max_a Q(s', a) of a copy of the network that is renewed
from time to time. Values that no data speak for are held down: logsumexp_a Q(s, a) - Q(s, a_data)
(Kumar et al. 2020, arXiv 2006.04779, equation 4), in units of the returns' spread and of how stiff
the loss is, so that one weight moves the read-out alike under every loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from measurand.stats.resample import rng_for
from pipelines.value_functions import networks, supports, worlds
from pipelines.value_functions.layers import Weights
from pipelines.value_functions.losses import Head
from pipelines.value_functions.material import Replay
from pipelines.value_functions.play import play, stage
from pipelines.value_functions.representations import Probed
from pipelines.value_functions.trials import (
    Forward,
    forward_of,
    net_of,
    rows_of,
    support_of,
    totals,
)
from schemas.value_functions.params import Arcades, Chain, Loss, Params, Run, Wordle

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = npt.NDArray[np.float64]
PROBED = 2000
"""States that a linear read-out is fitted to, and tried on."""
ROOM = 0.25
"""Of the distance to the farthest return, beyond it: a better player earns more than the data's."""


class Bootstrapped:
    """S networks on one replay, under one loss.

    Args:
        params: parameters.
        run: the run.
        loss: the loss.
        replay: transitions.
        device: where networks lie.
    """

    def __init__(self, params: Params, run: Run, loss: Loss, replay: Replay, device: str) -> None:
        import torch

        self._params, self._run, self._replay, self._device = params, run, replay, device
        mean, spread = float(replay.returns.mean()), float(replay.returns.std())
        # Around the mean: a softmax that knows nothing yet then says it, as a scalar head does.
        far = float(np.abs(replay.returns - mean).max()) * (1 + ROOM) + run.noise
        self.head = Head(loss, support_of(run, mean - far, mean + far), mean, spread)
        self.steps, self.phases = run.steps, (run.steps,)
        source = params.build.source(run.source)
        letters = worlds.spelled(replay.actions) if isinstance(source, Wordle) else None
        self._letters = None if letters is None else torch.from_numpy(letters).to(device)
        self._parts = len(replay.actions) if letters is None else worlds.LENGTH * worlds.LETTERS
        self._forward = forward_of(params)
        self.net = net_of(params, run, replay.state.shape[1], self._parts * self.head.outputs)
        self._rows = np.arange(len(replay.reward), dtype=np.int64)
        rewards = [self._rewards(seed) for seed in range(params.train.seeds)]
        self._reward = torch.from_numpy(np.stack(rewards)).to(device, torch.float32)
        arrays = (replay.state, replay.after, replay.action)
        self._state, self._after, self._action = (
            torch.tensor(array).to(device) for array in arrays
        )
        follows = replay.discount * ~replay.ended
        self._follows = torch.from_numpy(follows).to(device, torch.float32)
        self.beside: Weights = {}

    def _rewards(self, seed: int) -> FloatArray:
        """Rewards with uniform noise of the seed's own, one draw for every width."""
        words = ("value_functions", self._params.train.seed, self._run.source, seed, "noise")
        drawn = rng_for(*words).uniform(-1, 1, len(self._rows))
        found: FloatArray = self._replay.reward + self._run.noise * drawn
        return found

    def batch(self, step: int) -> Any:
        """Transitions of every seed."""
        import torch

        return step, torch.from_numpy(rows_of(self._params, self._run, step, self._rows))

    def out(self, weights: Weights, states: Tensor, forward: Forward = networks.outputs) -> Tensor:
        """(S, B, A, m) of states (S, B, D)."""
        found = forward(self.net, weights, states)
        return networks.by_action(found, self._parts, self._letters)

    def loss(self, weights: Weights, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """See :func:`pipelines.value_functions.trials.totals`."""
        import torch

        step, rows = batch
        self._renew(weights, step)
        rows = rows.to(self._device)
        out, action = self.out(weights, self._state[rows], self._forward), self._action[rows]
        taken = _of(out, action)
        reward = self._reward.gather(1, rows)
        discount = self._follows[rows]
        with torch.no_grad():
            after = self.out(self.beside, self._after[rows], self._forward)
            values = self.head.value(after)
            y = reward + discount * values.amax(-1)
        if self.head.loss == "c51":
            losses = self._distributional(taken, after, values, reward, discount)
        else:
            losses = self.head.losses(taken, y)
        if self._run.conservative:
            q = self.head.value(out) / self.head.spread
            penalty = q.logsumexp(-1) - q.gather(-1, action[..., None])[..., 0]
            losses = losses + self._run.conservative * self.head.stiffness * penalty
        return totals(losses, y, self.head.support)

    def _distributional(
        self, taken: Tensor, after: Tensor, values: Tensor, reward: Tensor, discount: Tensor
    ) -> Tensor:
        """Cross-entropy to the projected distribution of the best action's return."""
        import torch

        with torch.no_grad():
            best = self.head.log_probabilities(_of(after, values.argmax(-1))).exp()
            z = supports.atoms(self.head.support, best)
            places = reward[..., None] + discount[..., None] * z
            wanted = supports.project(places, best, self.head.support)
        return self.head.cross_entropy(taken, wanted)

    def _renew(self, weights: Weights, step: int) -> None:
        """The target network is the network, every so many steps and at the first."""
        import torch

        if step % self._run.target_every == 0:
            with torch.no_grad():
                for name, own in weights.items():
                    self.beside[name].copy_(own)

    def values(self, weights: Weights, states: npt.NDArray[Any]) -> FloatArray:
        """(S, B, A) values of states (S, B, D), or of (B, D) for all seeds alike."""
        import torch

        with torch.inference_mode():
            out = self.out(weights, torch.from_numpy(states).to(self._device))
            found: FloatArray = self.head.value(out).double().cpu().numpy()
        return found

    def seen(self) -> npt.NDArray[Any]:
        """(n, D) states, spread over the replay, for a look at the representation."""
        return self._replay.state[:: max(1, len(self._rows) // 512)]

    def probed(self) -> Probed:
        """States of the first and of the second half of the replay, and what followed them."""
        half, x, y = len(self._rows) // 2, self._replay.state, self._replay.returns
        every = max(1, half // PROBED)
        rows, other = np.arange(0, half, every), np.arange(half, len(x), every)
        seeds = self._params.train.seeds
        return Probed(x[rows], np.stack([y[rows]] * seeds), x[other], np.stack([y[other]] * seeds))

    def worst(self, weights: Weights) -> FloatArray:
        """(S, states * 2) error of a chain's values in units of the largest of them."""
        source = self._params.build.source(self._run.source)
        assert isinstance(source, Chain)
        known = worlds.chain_values(source)
        said = self.values(weights, np.eye(source.states, dtype=np.uint8))
        found: FloatArray = ((said - known) / known.max()).reshape(len(said), -1)
        return found

    def validate(self, weights: list[Weights]) -> FloatArray:
        """(S,) discounted return of validation episodes; on a chain, error with its sign turned."""
        source, given = self._params.build.source(self._run.source), self._params.train
        found: FloatArray
        if isinstance(source, Chain):
            found = -np.abs(self.worst(weights[-1])).max(1)
            return found
        assert isinstance(source, Arcades | Wordle)
        asked = stage(self._params, source, "val", given.validate_episodes, given.seed)
        played = play(asked, lambda s: self.values(weights[-1], s).argmax(-1), given.seeds)
        found = played.discounted.mean(1)
        return found

    def score(self, step: int, weights: Weights) -> FloatArray:
        """(S,) as :meth:`validate` has it; what is learned is the same at every step."""
        return self.validate([weights])


def _of(out: Tensor, action: Tensor) -> Tensor:
    """(S, B, m) of the chosen actions from (S, B, A, m)."""
    m = out.shape[-1]
    return out.gather(2, action[..., None, None].expand(*action.shape, 1, m))[:, :, 0]
