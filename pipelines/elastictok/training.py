"""The training of one tokenizer: mean squared error, AdamW, and a state that goes on to the bit.

Everything random in a step comes from a generator keyed by the step, so a state is weights, moments
and a number. On a CPU one thread is used: sums then come in one order whatever the machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from measurand.progress import Progress
from measurand.stats.resample import rng_for, seed_for
from pipelines.elastictok import attention, checkpoints, masks, model
from pipelines.elastictok.model import Sizes
from pipelines.elastictok.sequences import Sequences
from schemas.elastictok.params import Fsq, Params, TokenizerSpec

LOGGED = 60
"""Rows of the training table, about."""
WARM = 10
"""First steps of a run that are not timed: compiling, caches."""

Tensor = Any
Row = dict[str, Any]


def device_of(asked: str) -> str:
    """``cpu`` or ``cuda``; a CPU is set to one thread."""
    import torch

    if asked == "cuda" or (asked == "auto" and torch.cuda.is_available()):
        torch.set_float32_matmul_precision("high")
        return "cuda"
    torch.set_num_threads(1)
    return "cpu"


@dataclass
class Training:
    """One model on its way.

    Attributes:
        params: parameters.
        spec: the model.
        data: training sequences.
        state: file of the unfinished state.
        run: identity of data and parameters; a state of another run is not taken up.
    """

    params: Params
    spec: TokenizerSpec
    data: Sequences
    state: Path
    run: str

    def fit(self) -> tuple[dict[str, Tensor], dict[str, Tensor], list[Row], Row]:
        """Train to the last step.

        Returns:
            Weights, optimizer moments, rows of ``elastictok.training``, and a row of
            ``elastictok.speed``.
        """
        import torch

        train = self.params.train
        self.device = device_of(train.device)
        self.size = model.sizes(self.params, self.spec)
        seed = seed_for("elastictok", train.seed, "weights")
        weights = {k: v.to(self.device) for k, v in model.init(self.size, seed).items()}
        for w in weights.values():
            w.requires_grad_()
        options: dict[str, Any] = {"fused": True} if self.device == "cuda" else {}
        optimizer = torch.optim.AdamW(
            list(weights.values()),
            lr=train.optimiser.lr,
            weight_decay=train.optimiser.weight_decay,
            **options,
        )
        first, history = self._resume(weights, optimizer)
        self.frames = torch.from_numpy(self.data.frames).to(self.device)
        self.segments = torch.from_numpy(self.data.segments).to(self.device)
        compute = self._loss
        if train.compile:
            compute = torch.compile(compute)
        speed = self._steps(weights, optimizer, compute, first, history)
        return weights, _moments(weights, optimizer), history, speed

    def _resume(self, weights: dict[str, Tensor], optimizer: Any) -> tuple[int, list[Row]]:
        """Take up the state, if there is one of this run; (steps done, rows logged)."""
        import torch

        about = checkpoints.about(self.state)
        if about is None or about["run"] != self.run:
            return 0, []
        tensors, _ = checkpoints.load(self.state)
        with torch.no_grad():
            for name, w in weights.items():
                w.copy_(tensors[f"weight.{name}"])
                step = torch.tensor(float(about["step"]))
                optimizer.state[w] = {
                    # The fused kernel keeps the number of steps beside the weights.
                    "step": step.to(self.device) if self.device == "cuda" else step,
                    "exp_avg": tensors[f"exp_avg.{name}"].to(self.device),
                    "exp_avg_sq": tensors[f"exp_avg_sq.{name}"].to(self.device),
                }
        return int(about["step"]), list(about["history"])

    def _steps(
        self,
        weights: dict[str, Tensor],
        optimizer: Any,
        compute: Callable[..., tuple[Tensor, Tensor]],
        first: int,
        history: list[Row],
    ) -> Row:
        import torch

        train, optimiser = self.params.train, self.params.train.optimiser
        every = max(1, optimiser.steps // LOGGED)
        slots = optimiser.batch * self.size.slots * self.size.blocks
        clock, timed = time.perf_counter(), 0
        sums: list[Tensor] = []
        total, label = optimiser.steps * slots, f"train {self.spec.name}"
        with Progress(label, total, "tokens", done=first * slots) as progress:
            for step in range(first, optimiser.steps):
                if step == min(first + WARM, optimiser.steps - 1):
                    clock, timed = self._now(), 0
                rate = learning_rate(step, optimiser.steps, optimiser)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                x, mask, noise, seen, kept = self._batch(step)
                with torch.autocast(
                    self.device, torch.bfloat16, enabled=train.precision == "bfloat16"
                ):
                    mse, extra = compute(weights, x, mask, noise, seen)
                optimizer.zero_grad(set_to_none=True)
                (mse + extra).backward()
                norm = torch.nn.utils.clip_grad_norm_(list(weights.values()), optimiser.clip)
                optimizer.step()
                timed += 1
                sums.append(torch.stack([(mse + extra).detach(), mse.detach(), norm.detach(),
                                         kept.float().mean()]))  # fmt: skip
                done = step + 1
                # Rows stand at multiples, so that an interrupted run logs the same ones.
                if done % every == 0 or done == optimiser.steps:
                    history.append(self._logged(done, rate, sums))
                    sums = []
                if done % train.save_every == 0 and not sums and done < optimiser.steps:
                    self._save(weights, optimizer, done, history)
                progress.advance(slots)
            seconds = self._now() - clock
        return self._speed(timed, timed * slots, seconds, weights)

    def _batch(self, step: int) -> tuple[Tensor, Tensor, Tensor | None, Tensor, Tensor]:
        """Patches, mask, noise, visibility and kept counts of a step; one batch for all models."""
        import torch

        train, size = self.params.train, self.size
        rng = rng_for("elastictok", train.seed, "batch", step)
        rows = torch.from_numpy(rng.integers(0, len(self.data), train.optimiser.batch))
        flips = torch.from_numpy(rng.random(len(rows)) < 0.5) & train.flip
        rows, flips = rows.to(self.device), flips.to(self.device)
        frames = self.frames[rows]
        frames = torch.where(flips[:, None, None, None, None], frames.flip(3), frames)
        shape = (len(rows), size.blocks)
        counts = np.full(shape, self.spec.tokens or 0)
        if self.spec.elastic:
            drawn = rng_for("elastictok", train.seed, "tokens", step)
            counts = masks.draw(
                drawn, shape, train.min_tokens, size.slots, law=self.spec.law
            )  # fmt: skip
        kept = torch.from_numpy(counts).to(self.device)
        mask = masks.mask(kept, size.slots).flatten(1)
        noise = None
        if not isinstance(size.bottleneck, Fsq):
            seed = seed_for("elastictok", train.seed, "noise", step)
            generator = torch.Generator().manual_seed(seed)
            noise = torch.randn(*mask.shape, size.latent, generator=generator).to(self.device)
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

    def _logged(self, done: int, rate: float, sums: list[Tensor]) -> Row:
        import torch

        loss, mse, norm, kept = torch.stack(sums).mean(0).tolist()
        return {
            "model": self.spec.name, "step": done, "loss": loss, "mse": mse, "lr": rate,
            "grad_norm": norm, "tokens": kept,
        }  # fmt: skip

    def _save(
        self, weights: dict[str, Tensor], optimizer: Any, done: int, history: list[Row]
    ) -> None:
        tensors = {f"weight.{name}": w for name, w in weights.items()}
        about = {"run": self.run, "step": done, "history": history}
        checkpoints.save(self.state, tensors | _moments(weights, optimizer), about)

    def _now(self) -> float:
        import torch

        if self.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def _speed(
        self, steps: int, tokens: int, seconds: float, weights: dict[str, Tensor]
    ) -> Row:  # fmt: skip
        train = self.params.train
        name, peak, reason = peak_of(self.device, train.precision)
        return {
            "model": self.spec.name,
            "device": name,
            "precision": train.precision,
            "compiled": train.compile,
            "parameters": sum(w.numel() for w in weights.values()),
            "steps": steps,
            "tokens": tokens,
            "seconds": seconds,
            "flops_per_token": flops_per_token(self.size, weights),
            "peak_flops": peak,
            "reason": reason,
        }


def learning_rate(step: int, steps: int, optimiser: Any) -> float:
    """Rate of a 0-based step: a linear rise, then a cosine to zero or the same rate."""
    if step < optimiser.warmup:
        return float(optimiser.lr * (step + 1) / optimiser.warmup)
    if optimiser.schedule == "constant":
        return float(optimiser.lr)
    way = (step - optimiser.warmup) / max(1, steps - optimiser.warmup)
    return float(optimiser.lr * 0.5 * (1 + math.cos(math.pi * way)))


def flops_per_token(size: Sizes, weights: dict[str, Tensor]) -> float:
    """Floating-point operations of forward and backward, a slot.

    Six a weight of a matrix (Kaplan et al. 2020, arXiv 2001.08361), and attention over the slots
    that are seen on average: twelve a layer, channel and slot seen.
    """
    matrices = sum(w.numel() for w in weights.values() if w.dim() == 2)
    seen = size.slots * (size.blocks + 1) / 2 if size.past else size.slots
    return float(6 * matrices + 12 * (size.encoder + size.decoder) * size.width * seen)


_PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}
"""Dense bfloat16 operations a second, from NVIDIA's data sheets (SXM where there are two)."""


def peak_of(device: str, precision: str) -> tuple[str, float | None, str | None]:
    """Name of the processor, its peak, and why there is none."""
    import torch

    if device != "cuda":
        return "CPU", None, "no published peak for one thread of a CPU"
    name = str(torch.cuda.get_device_name())
    if precision != "bfloat16":
        return name, None, "peaks are known for bfloat16 only"
    peak = next((p for word, p in _PEAKS.items() if word in name), None)
    return name, peak, None if peak else "the peak of this processor is not listed"


def _moments(weights: dict[str, Tensor], optimizer: Any) -> dict[str, Tensor]:
    """Both moments of every weight; zeros for one that takes no part (a mask that is not shown)."""
    import torch

    return {
        f"{kind}.{name}": optimizer.state[w].get(kind, torch.zeros_like(w))
        for name, w in weights.items()
        for kind in ("exp_avg", "exp_avg_sq")
    }
