"""The training of one tokenizer: mean squared error over batches that depend on the step alone.

Everything random in a step comes from a generator keyed by the step. On a CPU one thread is used:
sums then come in one order whatever the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from measurand.stats.resample import rng_for, seed_for
from measurand.training import ranks
from measurand.training.device import autocast, device_of, peak_of
from measurand.training.fit import Fitted, Plan, State, fit
from measurand.training.schedules import warm_then
from pipelines.elastictok import attention, masks, model
from pipelines.elastictok.model import Sizes
from pipelines.elastictok.sequences import Sequences
from schemas.elastictok.params import Fsq, Params, TokenizerSpec

LOGGED = 60
"""Rows of the training table, about."""

Tensor = Any
Row = dict[str, Any]
Batch = tuple[Tensor, Tensor, Tensor | None, Tensor, Tensor]


@dataclass
class Training:
    """One model on its way.

    Attributes:
        params: parameters.
        spec: the model.
        data: training sequences.
        state: where its unfinished state is kept.
    """

    params: Params
    spec: TokenizerSpec
    data: Sequences
    state: State

    def __post_init__(self) -> None:
        import torch

        self.device = device_of(self.params.train.device)
        self.size = model.sizes(self.params, self.spec)
        self.frames = torch.from_numpy(self.data.frames).to(self.device)
        self.segments = torch.from_numpy(self.data.segments).to(self.device)

    def fit(self) -> tuple[dict[str, Tensor], Fitted, Row]:
        """Train to the last step.

        Returns:
            Weights, what else the training left, and a row of ``elastictok.speed``.
        """
        import torch

        train, optimiser = self.params.train, self.params.train.optimiser
        seed = seed_for("elastictok", train.seed, "weights")
        weights = {k: v.to(self.device) for k, v in model.init(self.size, seed).items()}
        for w in weights.values():
            w.requires_grad_()
        compute = torch.compile(self._loss) if train.compile else self._loss

        def loss(batch: Batch) -> tuple[Tensor, Row]:
            *inputs, kept = batch
            with autocast(self.device, train.precision):
                mse, extra = compute(weights, *inputs)
            return mse + extra, {"mse": mse.detach(), "tokens": kept.float().mean()}

        plan = Plan(
            steps=optimiser.steps,
            rates=partial(
                warm_then,
                peak=optimiser.lr,
                steps=optimiser.steps,
                warmup=optimiser.warmup,
                shape=optimiser.schedule,
            ),
            weight_decay=optimiser.weight_decay,
            clip=optimiser.clip,
            log_every=max(1, optimiser.steps // LOGGED),
            save_every=train.save_every,
        )
        slots = optimiser.batch * self.size.slots * self.size.blocks
        done = fit(
            weights,
            self._batch,
            loss,
            plan,
            self.state,
            device=self.device,
            label=f"train {self.spec.name}",
            unit="tokens",
            size=slots,
            over=lambda batch: len(batch[0]),
        )
        return weights, done, self._speed(done, slots, weights)

    def _batch(self, step: int) -> Batch:
        """Patches, mask, noise, visibility and kept counts of a step; one batch for all models.

        Everything is drawn for the whole batch; ranks take theirs of it.
        """
        import torch

        train, size = self.params.train, self.size
        rng = rng_for("elastictok", train.seed, "batch", step)
        rows = torch.from_numpy(rng.integers(0, len(self.data), train.optimiser.batch))
        flips = torch.from_numpy(rng.random(len(rows)) < 0.5) & train.flip
        own = ranks.mine(len(rows))
        rows, flips = rows[own].to(self.device), flips[own].to(self.device)
        frames = self.frames[rows]
        frames = torch.where(flips[:, None, None, None, None], frames.flip(3), frames)
        shape = (train.optimiser.batch, size.blocks)
        counts = np.full(shape, self.spec.tokens or 0)
        if self.spec.elastic:
            drawn = rng_for("elastictok", train.seed, "tokens", step)
            counts = masks.draw(
                drawn, shape, train.min_tokens, size.slots, law=self.spec.law
            )  # fmt: skip
        kept = torch.from_numpy(counts[own]).to(self.device)
        mask = masks.mask(kept, size.slots).flatten(1)
        noise = None
        if not isinstance(size.bottleneck, Fsq):
            seed = seed_for("elastictok", train.seed, "noise", step)
            generator = torch.Generator().manual_seed(seed)
            of_all = (train.optimiser.batch, mask.shape[1], size.latent)
            noise = torch.randn(of_all, generator=generator)[own].to(self.device)
        x = model.patchify(frames, train.patch)
        return x, mask, noise, self._seen(self.segments[rows]), kept

    def _seen(self, segments: Tensor) -> Tensor:
        """What decides which blocks see each other: a mask of flex attention, or segments."""
        mixed = segments if bool((segments != segments[:, :1]).any()) else None
        if self.device != "cuda":
            return mixed
        length = self.size.slots * self.size.blocks
        return attention.flex_mask(
            self.size.slots, mixed, length, self.device, past=self.size.past
        )  # fmt: skip

    def _loss(
        self,
        weights: dict[str, Tensor],
        x: Tensor,
        mask: Tensor,
        noise: Tensor | None,
        seen: Tensor,
    ) -> tuple[Tensor, Tensor]:
        if self.device == "cuda":
            attend = attention.flex(seen, compiled=not self.params.train.compile)
        else:
            attend = attention.block_causal(self.size.slots, seen, past=self.size.past)
        out, extra = model.reconstruct(weights, self.size, x, mask, attend, noise)
        return (out - x).square().mean(), extra

    def _speed(self, done: Fitted, slots: int, weights: Mapping[str, Tensor]) -> Row:
        train = self.params.train
        name, peak, reason = peak_of(self.device, train.precision)
        return {
            "model": self.spec.name,
            "device": name,
            "precision": train.precision,
            "compiled": train.compile,
            "parameters": sum(w.numel() for w in weights.values()),
            "steps": done.timed_steps,
            "tokens": done.timed_steps * slots,
            "seconds": done.timed_s,
            "flops_per_token": flops_per_token(self.size, weights),
            "peak_flops": peak,
            "reason": reason,
        }


def flops_per_token(size: Sizes, weights: Mapping[str, Tensor]) -> float:
    """Floating-point operations of forward and backward, a slot.

    Six a weight of a matrix (Kaplan et al. 2020, arXiv 2001.08361), and attention over the slots
    that are seen on average: twelve a layer, channel and slot seen.
    """
    matrices = sum(w.numel() for w in weights.values() if w.dim() == 2)
    seen = size.slots * (size.blocks + 1) / 2 if size.past else size.slots
    return float(6 * matrices + 12 * (size.encoder + size.decoder) * size.width * seen)
