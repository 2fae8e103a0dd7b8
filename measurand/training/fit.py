"""The loop that every training shares: AdamW, a file that it goes on from, rows, progress."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from measurand.errors import InputError
from measurand.progress import Progress
from measurand.training import ranks, tensors
from measurand.training.device import now
from measurand.training.schedules import Rates

WARM = 10
"""First steps of a process that are not timed: compiling, caches."""
_MOMENTS = ("exp_avg", "exp_avg_sq")

Tensor = Any
Weights = Mapping[str, Tensor]
Row = dict[str, Any]
Batch = TypeVar("Batch")


@dataclass(frozen=True)
class Plan:
    """How weights are moved, and how often that is written down.

    Attributes:
        steps: steps of AdamW.
        rates: its settings at a 0-based step; see :mod:`measurand.training.schedules`.
        weight_decay: decoupled weight decay.
        clip: largest norm of the gradient; None to leave it.
        log_every: steps a row; the last step ends one in any case.
        save_every: steps between saved states, about: a state is saved where a row ends.
    """

    steps: int
    rates: Callable[[int], Rates]
    weight_decay: float = 0.01
    clip: float | None = 1.0
    log_every: int = 1
    save_every: int = 200


@dataclass(frozen=True)
class State:
    """Where the state is kept.

    Attributes:
        path: a safetensors file outside everything that DVC empties.
        identity: of all that decides the numbers; a state of another one is not taken up.
    """

    path: Path
    identity: str


@dataclass
class Fitted:
    """What a training leaves, beside the weights that it moved.

    Attributes:
        rows: one every ``log_every`` steps: ``step`` (steps done), ``loss``, ``grad_norm``, ``lr``
            and the loss's own figures, means since the last row.
        moments: ``exp_avg.NAME`` and ``exp_avg_sq.NAME``; zeros where a weight took no part.
        seconds: wall time of all steps, those before an interruption too.
        timed_steps: steps of this process after its first ones.
        timed_s: their wall time.
    """

    rows: list[Row] = field(default_factory=list)
    moments: dict[str, Tensor] = field(default_factory=dict)
    seconds: float = 0.0
    timed_steps: int = 0
    timed_s: float = 0.0


def fit(
    weights: Weights,
    batch: Callable[[int], Batch],
    loss: Callable[[Batch], Any],
    plan: Plan,
    state: State | None = None,
    *,
    beside: Weights | None = None,
    measure: Callable[[int], Row] | None = None,
    device: str = "cpu",
    seed: int | None = None,
    label: str = "train",
    unit: str = "steps",
    size: int = 1,
    over: Callable[[Batch], float] | None = None,
) -> Fitted:
    """Move weights, from the start or from where a killed process left them.

    Ranks that train together each compute :func:`measurand.training.ranks.mine` of a batch, and
    move their weights by the gradient of all of it.

    Args:
        weights: leaf tensors by name, moved in place; names and order are part of the state.
        batch: what the loss needs at a 0-based step; it depends on the step alone.
        loss: a tensor without dimensions, or that and figures (numbers or such tensors) by name.
            A generator yields parts whose gradients add up, and returns the figures, with ``loss``.
        plan: steps, rates, decay.
        state: where to save; None saves nothing.
        beside: tensors that are saved with the weights and put back, but moved by the functions
            themselves: a target network, running means.
        measure: figures for the next row, called before each step and not timed.
        device: where the weights lie.
        seed: of PyTorch's own generators, whose state is saved too: for dropout.
        label: of the progress line.
        unit: what it counts.
        size: units a step.
        over: over how many rows of a batch its loss is a mean, or what else it is a mean over;
            without it ranks cannot divide the rows.

    Raises:
        InputError: code ``diverged``: the loss is no finite number; the state is from before. Code
            ``too_many_ranks``: these rows are not divided. Code ``other_rank``.
        InfraError: code ``lost_rank``: another rank ended.
    """
    import torch

    _refuse(label, undivided=over is None or beside is not None or seed is not None)
    # One pass over each weight and its moments: 2.4 to 5.5 times as fast on a CPU, too.
    optimiser = torch.optim.AdamW(
        list(weights.values()), weight_decay=plan.weight_decay, fused=True
    )
    kept = _Kept(weights, dict(beside or {}), optimiser, device, state)
    clock = _Clock(device)
    optimiser.zero_grad(set_to_none=True)
    with torch.random.fork_rng([torch.cuda.current_device()] if device == "cuda" else []):
        if seed is not None:
            torch.manual_seed(seed)
        ranks.begin(label, state.identity if state else None, weights)
        rows, before = kept.load()
        first = saved = rows[-1]["step"] if rows else 0
        figures: list[Row] = []
        measured: Row = {}
        with Progress(label, plan.steps * size, unit, done=first * size) as progress:
            for step in range(first, plan.steps):
                if measure:
                    with clock.stopped():
                        measured |= ranks.from_first(partial(measure, step))
                if step == min(first + WARM, plan.steps - 1):
                    clock.mark()
                some = batch(step)
                share = over(some) if over and ranks.world() > 1 else None
                figures.append(_step(kept, loss(some), plan, step, share))
                done = step + 1
                # Rows stand at multiples, so that an interrupted run logs the same ones.
                if done == plan.steps or done % plan.log_every == 0:
                    row = {"step": done, "lr": plan.rates(step)["lr"], **_row(label, figures)}
                    rows.append(measured | row)
                    figures, measured = [], {}
                    if done == plan.steps or done - saved >= plan.save_every:
                        kept.save(rows, before + clock.seconds())
                        saved = done
                progress.advance(size)
        timed = max(0, plan.steps - max(first, min(first + WARM, plan.steps - 1)))
        seconds = clock.seconds()
    timed_s = seconds - clock.marked if timed else 0.0
    return Fitted(rows, kept.moments(), before + seconds, timed, timed_s)


def _refuse(label: str, *, undivided: bool) -> None:
    if undivided and ranks.world() > 1:
        raise InputError(
            f"{label}: {ranks.world()} ranks, and the rows of this training are not divided",
            hint="ranks take whole trainings here: start as many as there are, or fewer",
            code="too_many_ranks",
        )


def _step(kept: _Kept, found: Any, plan: Plan, step: int, share: float | None) -> Row:
    """One step of AdamW; the figures of its loss.

    Args:
        kept: weights and optimiser.
        found: what the loss gave.
        plan: rates, clipping.
        step: 0-based.
        share: rows of this rank, None where it has all.
    """
    import torch

    if isinstance(found, Generator):
        figures = _add_up(found)
    else:
        total, more = found if isinstance(found, tuple) else (found, {})
        total.backward()
        figures = {"loss": total.detach(), **more}
    weights = list(kept.weights.values())
    if share is not None:
        figures = ranks.add_up(weights, figures, share)
    norm = torch.nn.utils.clip_grad_norm_(weights, math.inf if plan.clip is None else plan.clip)
    for group in kept.optimiser.param_groups:
        group.update(plan.rates(step))
    kept.optimiser.step()
    kept.optimiser.zero_grad(set_to_none=True)
    return {**figures, "grad_norm": norm.detach()}


def _add_up(parts: Generator[Tensor, None, Row]) -> Row:
    while True:
        try:
            next(parts).backward()
        except StopIteration as end:
            figures: Row = end.value
            return figures


def _row(label: str, figures: Sequence[Row]) -> Row:
    """Means of the figures, which stay on their device until here."""
    import torch

    row: Row = {k: v if isinstance(v, int) else float(v) for k, v in figures[0].items()}
    if len(figures) > 1:
        on = {"dtype": torch.float32, "device": figures[0]["grad_norm"].device}
        each = [torch.stack([torch.as_tensor(v, **on) for v in f.values()]) for f in figures]
        row = dict(zip(row, torch.stack(each).mean(0).tolist(), strict=True))
    # A gradient that is no number makes weights that are none, which a saved state would keep.
    for name, said in (("loss", "the loss"), ("grad_norm", "the norm of the gradient")):
        if math.isfinite(row[name]):
            continue
        raise InputError(
            f"{label}: {said} is {row[name]}",
            hint="lower the learning rate, or look for values that are not finite in the data",
            code="diverged",
        )
    return row


class _Clock:
    """Wall time, less what is stopped."""

    def __init__(self, device: str) -> None:
        self._device, self._away, self._start = device, 0.0, now(device)
        self.marked = 0.0

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        start = now(self._device)
        yield
        self._away += now(self._device) - start

    def mark(self) -> None:
        self.marked = self.seconds()

    def seconds(self) -> float:
        return now(self._device) - self._start - self._away


@dataclass
class _Kept:
    """All that a killed process has to find again."""

    weights: Weights
    beside: Weights
    optimiser: Any
    device: str
    state: State | None

    def save(self, rows: Sequence[Row], seconds: float) -> None:
        import torch

        if self.state is None:
            return
        named = {f"weight.{name}": w for name, w in self.weights.items()}
        named |= {f"beside.{name}": w for name, w in self.beside.items()}
        steps = {}
        for name, w in self.weights.items():
            for kind, value in self.optimiser.state[w].items():
                if kind in _MOMENTS:
                    named[f"{kind}.{name}"] = value
                else:
                    steps[name] = float(value)
        named["random.cpu"] = torch.get_rng_state()
        if self.device == "cuda":
            named["random.cuda"] = torch.cuda.get_rng_state()
        about = {"identity": self.state.identity, "torch": torch.__version__, "steps": steps}
        tensors.save(self.state.path, named, about | {"rows": list(rows), "seconds": seconds})

    def load(self) -> tuple[list[Row], float]:
        """Put a state of the same training back; its rows and seconds, none where there is none."""
        import torch

        found = ranks.from_first(self._found)
        if found is None:
            return [], 0.0
        named, said = found
        with torch.no_grad():
            for prefix, own in (("weight", self.weights), ("beside", self.beside)):
                for name, w in own.items():
                    w.copy_(named[f"{prefix}.{name}"])
        for name, step in said["steps"].items():
            w = self.weights[name]
            # The fused kernel keeps the number of steps beside the weights.
            count = torch.tensor(step, device=self.device if self.device == "cuda" else "cpu")
            moments = {kind: named[f"{kind}.{name}"].to(w.device) for kind in _MOMENTS}
            self.optimiser.state[w] = {"step": count, **moments}
        torch.set_rng_state(named["random.cpu"])
        if self.device == "cuda":
            torch.cuda.set_rng_state(named["random.cuda"])
        return list(said["rows"]), float(said["seconds"])

    def _found(self) -> tuple[dict[str, Tensor], Row] | None:
        import torch

        said = tensors.about(self.state.path) if self.state else None
        mine = (self.state and self.state.identity, torch.__version__)
        if self.state is None or said is None or (said["identity"], said["torch"]) != mine:
            return None
        return tensors.load(self.state.path)

    def moments(self) -> dict[str, Tensor]:
        import torch

        state = self.optimiser.state
        return {
            f"{kind}.{name}": state[w].get(kind, torch.zeros_like(w))
            for name, w in self.weights.items()
            for kind in _MOMENTS
        }
