"""Training on pairs of an input and a target: batches, loss, what is kept, what it costs.

Everything random in a step comes from a generator keyed by seed and step: models that are trained
on the same pairs see them in the same order. On a CPU one thread is used: sums then come in one
order, and a training that was killed ends in the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from measurand import runs, shards
from measurand.errors import InputError
from measurand.stats.resample import rng_for
from measurand.tables import Table
from measurand.training import ranks, tensors
from measurand.training.device import autocast, device_of, peak_of
from measurand.training.fit import Fitted, Plan, State, fit
from measurand.training.schedules import Rates
from pipelines.webagent import net
from pipelines.webagent.net import Size
from pipelines.webagent.tokenizer import PAD
from schemas.webagent.pretraining import Network, Steps

FORMAT = "measurand.webagent/1"
LOGGED = 60
"""Rows of a training table, about."""

Tensor = Any
Row = dict[str, Any]
Batch = tuple[Tensor, Tensor, Tensor]


class Ragged:
    """Lists of tokens in one array.

    Args:
        column: an Arrow column of lists, none of them null.
        most: tokens of each list that are kept.
    """

    def __init__(self, column: pa.ChunkedArray, most: int) -> None:
        self._flat = column.combine_chunks().flatten().to_numpy()
        ends = np.cumsum(pc.list_value_length(column).to_numpy().astype(np.int64))
        self._starts = np.concatenate([[0], ends[:-1]])
        self.lengths = np.minimum(ends - self._starts, most)

    def rows(self, at: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int64]:
        """Some lists, (n, width), filled at the end."""
        found = np.full((len(at), width), PAD, np.int64)
        for row, one in enumerate(at):
            start, n = self._starts[one], self.lengths[one]
            found[row, :n] = self._flat[start : start + n]
        return found


@dataclass
class Pairs:
    """Inputs and targets."""

    inputs: Ragged
    targets: Ragged

    @classmethod
    def of(cls, inputs: Any, targets: Any, given: Steps) -> Self:
        """Pairs, each cut to its most tokens.

        Args:
            inputs: tokens of each input: an Arrow column of lists, or lists.
            targets: tokens of each target alike.
            given: parameters.
        """
        return cls(Ragged(_column(inputs), given.input), Ragged(_column(targets), given.target))

    def __len__(self) -> int:
        return len(self.inputs.lengths)

    def batch(self, at: npt.NDArray[np.int64], device: str, sizes: tuple[int, int] | None) -> Batch:
        """Inputs, their lengths and targets of some pairs.

        Args:
            at: which.
            device: where they go.
            sizes: tokens to fill up to; None for the longest of these pairs.
        """
        import torch

        lengths = self.inputs.lengths[at]
        n, m = sizes or (int(lengths.max()), int(self.targets.lengths[at].max()))
        parts = (self.inputs.rows(at, n), lengths, self.targets.rows(at, m))
        ids, counts, target = (torch.from_numpy(part).to(device) for part in parts)
        return ids, counts, target


def _column(lists: pa.ChunkedArray | Sequence[Sequence[int]]) -> pa.ChunkedArray:
    if isinstance(lists, pa.ChunkedArray):
        return lists
    return pa.chunked_array([pa.array([list(one) for one in lists], pa.list_(pa.int32()))])


def rates(step: int, *, peak: float, warmup: int) -> Rates:
    """A linear rise, then a fall with the root of the step, as T5 was trained with."""
    rise = max(1, warmup)
    return {"lr": peak * min((step + 1) / rise, math.sqrt(rise / (step + 1)))}


def nll(logits: Tensor, target: Tensor) -> Tensor:
    """Negative log-probability (B, m) of each token of a target, 0 for filling."""
    from torch.nn.functional import cross_entropy

    flat = logits.float().flatten(0, 1)
    found = cross_entropy(flat, target.flatten(), ignore_index=PAD, reduction="none")
    return found.view_as(target)


def trained(
    begin: Callable[[], dict[str, Tensor]],
    size: Size,
    data: Callable[[], Pairs],
    given: Steps,
    *,
    name: str,
    run: str,
    out: Path,
    states: Path,
) -> Row:
    """Write ``<name>.safetensors`` and its optimizer, unless this very training is there.

    One that was interrupted goes on from its last state.

    Args:
        begin: the weights to start from.
        size: sizes of the model.
        data: what it is trained on.
        given: parameters.
        name: of the model.
        run: identity of all that decides the numbers.
        out: folder of the checkpoints.
        states: folder of unfinished states, outside everything that DVC empties.

    Returns:
        ``history``, rows of ``PRETRAINING``, and ``speed``, a row of ``SPEED``.

    Raises:
        InputError: code ``diverged``: the loss is no finite number.
    """
    weights_file, rest_file = (out / f"{name}{end}.safetensors" for end in ("", ".optimizer"))
    done = tensors.about(weights_file)
    if done is None or done["run"] != run:
        device = device_of(given.device)
        weights = {key: w.to(device) for key, w in begin().items()}
        state = State(states / f"{name}.safetensors", run)
        fitted = _fit(weights, size, data(), given, state, device, name)
        about = {
            "format": FORMAT,
            "run": run,
            "network": size.net.model_dump(mode="json"),
            "vocabulary": size.vocabulary,
            "step": given.steps,
        }
        speed = {"model": name, **_speed(given, size, fitted, device)}
        more = {**about, "history": fitted.rows, "speed": speed}
        # The weights come last: they say that the model is finished.
        tensors.save(rest_file, fitted.moments, more)
        tensors.save(weights_file, weights, about)
    return tensors.load(rest_file)[1]


def write(
    out: Path, table: Table, rows: Sequence[Row], parents: Mapping[str, str], settings: Row
) -> None:
    """Write a table of trainings.

    Args:
        out: its folder.
        table: its specification.
        rows: its rows.
        parents: logical hashes of what was trained on.
        settings: parameters of the trainings.
    """
    made = runs.table(table, rows)
    ranks.from_first(
        partial(shards.write_dataset, out, table, made, parents=parents, params=settings)
    )


def load(path: Path, run: str | None = None) -> tuple[dict[str, Tensor], Size]:
    """A trained model and its sizes.

    Args:
        path: its file.
        run: identity that its training must have; any without.

    Raises:
        InputError: there is none, it is of another training, or its weights do not fit its sizes.
    """
    weights, about = tensors.load(path)
    if not {"network", "vocabulary"} <= set(about):
        raise InputError(f"{path} holds no model of this system", hint="train it again")
    if run not in (None, about.get("run")):
        raise InputError(
            f"{path} was trained with other code, data or parameters",
            hint="run `measurand train webagent` again",
        )
    size = Size(Network.model_validate(about["network"]), about["vocabulary"])
    tensors.match(path, weights, net.init(size, 0))
    return weights, size


def _fit(
    weights: dict[str, Tensor],
    size: Size,
    data: Pairs,
    given: Steps,
    state: State,
    device: str,
    name: str,
) -> Fitted:
    import torch

    for w in weights.values():
        w.requires_grad_()
    # Shapes that change would be compiled again.
    whole = device == "cuda" or given.compile
    sizes = (given.input, given.target) if whole else None

    def batch(step: int) -> tuple[Batch, int, int]:
        rng = rng_for("webagent", given.seed, "batch", step)
        at = rng.integers(0, len(data), given.batch)
        own = at[ranks.mine(len(at))]
        tokens, of_all = (int(data.targets.lengths[some].sum()) for some in (own, at))
        return data.batch(own, device, sizes), tokens, of_all

    def mean(ids: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        found = nll(net.forward(weights, size, ids, lengths, target), target)
        return found.sum() / (target != PAD).sum()

    compute = torch.compile(mean) if given.compile else mean

    def loss(some: tuple[Batch, int, int]) -> tuple[Tensor, Row]:
        own, _, tokens = some
        with autocast(device, given.precision):
            found = compute(*own)
        return found, {"tokens": float(tokens)}

    plan = Plan(
        steps=given.steps,
        rates=lambda step: rates(step, peak=given.lr, warmup=given.warmup),
        weight_decay=given.weight_decay,
        clip=given.clip,
        log_every=max(1, given.steps // LOGGED),
        save_every=given.save_every,
    )
    return fit(
        weights, batch, loss, plan, state,
        device=device, label=f"train {name}", unit="pairs", size=given.batch,
        over=lambda some: some[1],
    )  # fmt: skip


def _speed(given: Steps, size: Size, fitted: Fitted, device: str) -> Row:
    name, peak, reason = peak_of(device, given.precision)
    return {
        "device": name,
        "precision": given.precision,
        "compiled": given.compile,
        "parameters": sum(math.prod(shape) for shape, _ in net.shapes(size).values()),
        "steps": fitted.timed_steps,
        "pairs": fitted.timed_steps * given.batch,
        "seconds": fitted.timed_s,
        "flops_per_pair": flops(size, given.input, given.target),
        "peak_flops": peak,
        "reason": reason,
    }


def flops(size: Size, n: int, m: int) -> float:
    """Floating-point operations of forward and backward of a pair that is filled up.

    Six a weight of a matrix and token that goes through it (Kaplan et al. 2020, arXiv 2001.08361),
    and twelve a layer, channel, token and token seen.

    Args:
        size: sizes of the model.
        n: tokens of the input.
        m: tokens of the target.
    """
    found = 0.0
    for name, (shape, _) in net.shapes(size).items():
        if len(shape) < 2 or "relative" in name or name == "shared.weight":
            continue
        of_input = name.startswith("encoder.") or name.endswith(
            ("EncDecAttention.k.weight", "EncDecAttention.v.weight")
        )
        found += 6.0 * math.prod(shape) * (n if of_input else m)
    one = size.net
    band = min(n, 2 * one.radius + 1)
    seen = {"dense": n, "local": band, "local_global": band + n // one.block}[one.attention]
    inner = one.heads * one.head
    found += 12.0 * one.encoder_layers * inner * n * seen
    return found + 12.0 * one.decoder_layers * inner * m * ((m + 1) / 2 + n)
