"""The pre-training of HTML-T5 on masked parts of pages.

Everything random in a step comes from a generator keyed by the step. On a CPU one thread is used:
sums then come in one order, and a training that was killed ends in the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand import runs, shards
from measurand.errors import InputError
from measurand.manifest import read_manifest
from measurand.stats.resample import rng_for, seed_for
from measurand.training import tensors
from measurand.training.code import code_of
from measurand.training.device import autocast, device_of, peak_of
from measurand.training.fit import Fitted, Plan, State, fit
from measurand.training.schedules import Rates
from pipelines.webagent import net
from pipelines.webagent.net import Size
from pipelines.webagent.tokenizer import PAD
from schemas.webagent.pretraining import Network, Pretraining
from schemas.webagent.pretraining_tables import PRETRAINING, SPEED

FORMAT = "measurand.webagent/1"
NAME = "html_t5"
LOGGED = 60
"""Rows of the training table, about."""

Tensor = Any
Row = dict[str, Any]
Batch = tuple[Tensor, Tensor, Tensor]


class Ragged:
    """Lists of tokens in one array.

    Args:
        column: an Arrow column of lists.
        most: tokens of each list that are kept.
    """

    def __init__(self, column: Any, most: int) -> None:
        import pyarrow.compute as pc

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
class Examples:
    """Masked parts of one split: inputs and targets, each cut to its most tokens."""

    inputs: Ragged
    targets: Ragged

    def batch(self, at: npt.NDArray[np.int64], device: str, sizes: tuple[int, int] | None) -> Batch:
        """Inputs, their lengths and targets of some examples.

        Args:
            at: which.
            device: where they go.
            sizes: tokens to fill up to; None for the longest of these examples.
        """
        import torch

        lengths = self.inputs.lengths[at]
        n, m = sizes or (int(lengths.max()), int(self.targets.lengths[at].max()))
        parts = (self.inputs.rows(at, n), lengths, self.targets.rows(at, m))
        ids, counts, target = (torch.from_numpy(part).to(device) for part in parts)
        return ids, counts, target


def read(dataset: Path, given: Pretraining, split: str = "train") -> Examples:
    """The examples of a split.

    Raises:
        InputError: the corpus is unbuilt, or has none.
    """
    import pyarrow.compute as pc

    table = shards.read_table(dataset / "examples", ["split", "input_ids", "target_ids"])
    table = table.filter(pc.equal(table["split"], split))
    if not table.num_rows:
        raise InputError(f"{dataset} has no examples of {split}", hint="build with more pages")
    return Examples(
        Ragged(table["input_ids"], given.input), Ragged(table["target_ids"], given.target)
    )


def size_of(dataset: Path, given: Pretraining, device: str = "cpu") -> Size:
    """Sizes of the model that a corpus and parameters ask for."""
    tokens = shards.read_table(dataset / "tokenizer", ["tokens"])["tokens"][0].as_py()
    return Size(given.network, tokens, flex=device == "cuda", compiled=not given.compile)


def rates(step: int, *, peak: float, warmup: int) -> Rates:
    """A linear rise, then a fall with the root of the step, as T5 was trained with."""
    rise = max(1, warmup)
    return {"lr": peak * min((step + 1) / rise, math.sqrt(rise / (step + 1)))}


def nll(logits: Tensor, target: Tensor) -> Tensor:
    """Negative log-probability (B, m) of each token of a target, 0 for filling."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits.float().transpose(1, 2), target, ignore_index=PAD, reduction="none")


def pretrain(given: Pretraining, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write ``html_t5.safetensors``, its optimizer, ``pretraining`` and ``speed``.

    A model that was finished with the same code, data and parameters is kept; one that was
    interrupted goes on from its last state.

    Args:
        given: parameters.
        dataset: folder of the corpus.
        out: folder of the checkpoints.
        journal: folder of unfinished states, outside everything that DVC empties.

    Raises:
        InputError: the corpus is unbuilt or has no examples; code ``diverged``.
    """
    parent = read_manifest(dataset / "examples").logical_hash
    run = run_of(given, parent)
    weights_file, rest_file = (out / f"{NAME}{end}.safetensors" for end in ("", ".optimizer"))
    done = tensors.about(weights_file)
    if done is None or done["run"] != run:
        device = device_of(given.device)
        size = size_of(dataset, given, device)
        state = State(journal / "pretraining" / f"{NAME}.safetensors", run)
        weights, fitted = _fit(given, size, read(dataset, given), state, device)
        about = {
            "format": FORMAT,
            "run": run,
            "network": given.network.model_dump(mode="json"),
            "vocabulary": size.vocabulary,
            "step": given.steps,
        }
        speed = _speed(given, size, fitted, device)
        more = {**about, "history": fitted.rows, "speed": speed}
        # The weights come last: they say that the model is finished.
        tensors.save(rest_file, fitted.moments, more)
        tensors.save(weights_file, weights, about)
    said = tensors.load(rest_file)[1]
    settings = given.model_dump(mode="json")
    for name, spec, rows in (
        ("pretraining", PRETRAINING, said["history"]), ("speed", SPEED, [said["speed"]]),
    ):  # fmt: skip
        shards.write_dataset(
            out / name, spec, runs.table(spec, rows), parents={"examples": parent}, params=settings
        )


def load(out: Path) -> tuple[dict[str, Tensor], Size]:
    """A trained model and its sizes.

    Raises:
        InputError: there is none, or its weights do not fit its sizes.
    """
    path = out / f"{NAME}.safetensors"
    weights, about = tensors.load(path)
    size = Size(Network.model_validate(about["network"]), about["vocabulary"])
    tensors.match(path, weights, net.init(size, 0))
    return weights, size


def run_of(given: Pretraining, parent: str) -> str:
    """Identity of a training: code, data, sizes, settings."""
    settings = given.model_dump(mode="json", exclude={"save_every"})
    return runs.run_id("webagent", code_of(Path(__file__)), parent, settings)


def _fit(
    given: Pretraining, size: Size, data: Examples, state: State, device: str
) -> tuple[dict[str, Tensor], Fitted]:
    import torch

    seed = seed_for("webagent", given.seed, "weights")
    weights = {name: w.to(device) for name, w in net.init(size, seed).items()}
    for w in weights.values():
        w.requires_grad_()
    # Shapes that change would be compiled again.
    sizes = (given.input, given.target) if device == "cuda" else None
    count = len(data.inputs.lengths)

    def batch(step: int) -> Batch:
        rng = rng_for("webagent", given.seed, "batch", step)
        return data.batch(rng.integers(0, count, given.batch), device, sizes)

    def mean(ids: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        found = nll(net.forward(weights, size, ids, lengths, target), target)
        return found.sum() / (target != PAD).sum()

    compute = torch.compile(mean) if given.compile else mean

    def loss(some: Batch) -> tuple[Tensor, Row]:
        with autocast(device, given.precision):
            found = compute(*some)
        return found, {"tokens": (some[2] != PAD).sum().float()}

    plan = Plan(
        steps=given.steps,
        rates=lambda step: rates(step, peak=given.lr, warmup=given.warmup),
        weight_decay=given.weight_decay,
        clip=given.clip,
        log_every=max(1, given.steps // LOGGED),
        save_every=given.save_every,
    )
    fitted = fit(
        weights, batch, loss, plan, state,
        device=device, label=f"train {NAME}", unit="examples", size=given.batch,
    )  # fmt: skip
    return weights, fitted


def _speed(given: Pretraining, size: Size, fitted: Fitted, device: str) -> Row:
    name, peak, reason = peak_of(device, given.precision)
    return {
        "model": NAME,
        "device": name,
        "precision": given.precision,
        "compiled": given.compile,
        "parameters": sum(math.prod(shape) for shape, _ in net.shapes(size).values()),
        "steps": fitted.timed_steps,
        "examples": fitted.timed_steps * given.batch,
        "seconds": fitted.timed_s,
        "flops_per_example": flops(size, given.input, given.target),
        "peak_flops": peak,
        "reason": reason,
    }


def flops(size: Size, n: int, m: int) -> float:
    """Floating-point operations of forward and backward of an example that is filled up.

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
    seen = {
        "dense": n,
        "local": min(n, 2 * one.radius + 1),
        "local_global": min(n, 2 * one.radius + 1) + n // one.block,
    }[one.attention]
    inner = one.heads * one.head
    found += 12.0 * one.encoder_layers * inner * n * seen
    return found + 12.0 * one.decoder_layers * inner * m * ((m + 1) / 2 + n)
