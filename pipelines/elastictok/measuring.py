"""What is measured of a model on some sequences: rows for the result tables.

A part is a function of parameters, checkpoint and sequences alone, with its batches fixed by them,
so that it can run in any process and its rows be kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from measurand.stats.resample import rng_for, seed_for
from measurand.training import tensors
from measurand.training.device import device_of
from pipelines.elastictok import head, masks, model, quality, searches
from pipelines.elastictok.coding import Coded, Coder
from pipelines.elastictok.searches import Found, Range, Search
from pipelines.elastictok.sequences import Sequences
from schemas.elastictok.params import UNTRAINED, Params, TokenizerSpec

TIMED = 16
"""Sequences that the searches are timed on, each alone."""

Row = dict[str, Any]
Limits = dict[str, float]
"""Error of every threshold by its name."""
Tables = dict[str, list[Row]]


def spec_of(params: Params, name: str) -> TokenizerSpec:
    """The model of that name; the untrained one has the sizes of the first elastic one.

    Raises:
        InputError: there is none.
    """
    if name == UNTRAINED:
        return params.elastic
    found = next((m for m in params.train.models if m.name == name), None)
    if found is None:
        known = ", ".join(m.name for m in params.train.models)
        raise InputError(f"no model {name}", hint=f"one of {known}, {UNTRAINED}, jpeg, h264")
    return found


@dataclass
class Subject:
    """A model with all that is needed to measure it.

    Attributes:
        params: parameters.
        name: its name.
        checkpoint: folder of the checkpoints.
    """

    params: Params
    name: str
    checkpoint: Path

    def __post_init__(self) -> None:
        self.spec = spec_of(self.params, self.name)
        size = model.sizes(self.params, self.spec)
        device = device_of(self.params.train.device)
        if self.name == UNTRAINED:
            seed = seed_for("elastictok", self.params.train.seed, "weights")
            weights = model.init(size, seed)
        else:
            path = self.checkpoint / f"{self.name}.safetensors"
            weights, _ = tensors.load(path)
            tensors.match(path, weights, model.init(size, 0))
        patch, batch = self.params.train.patch, self.params.evaluate.batch
        self.coder = Coder(weights, size, patch, batch, device)
        k = size.slots
        asked = self.params.evaluate
        lowest = self.params.train.min_tokens
        self.span = Range(
            lowest,
            max(lowest, int(asked.max_share * k)),
            max(lowest, masks.share(asked.default_share, k)),
        )

    def budgets(self) -> list[int]:
        """Numbers of tokens that are measured without a search, ascending."""
        shares = [masks.share(p, self.coder.size.slots) for p in self.params.evaluate.budgets]
        own = [self.spec.tokens] if self.spec.tokens else []
        return sorted({max(n, self.span.minimum) for n in shares} | set(own))

    def regression(self, limit: float) -> head.Regression:
        """The search by regression."""
        path = self.checkpoint / f"{self.name}.head.safetensors"
        weights, _ = tensors.load(path)
        weights = {name: w.to(self.coder.device) for name, w in weights.items()}
        return head.Regression(weights, self.coder.size.slots, self.span, limit)

    def code(self, data: Sequences, search: str, limit: float, memory: Any = None) -> Coded:
        """Code with one search at one threshold."""
        frames, segments = data.frames, data.segments
        if search == "regression":
            found = self.regression(limit)
            return self.coder.code(frames, segments, found.make, found.opened, memory)
        kinds: dict[str, Any] = {
            "full": searches.full,
            "binary": searches.binary,
            "binned": partial(searches.binned, bins=self.params.evaluate.bins),
        }

        def make(s: int, block: int) -> Search:
            made: Search = kinds[search](self.span, limit)
            return made

        return self.coder.code(frames, segments, make, None, memory)


def limits(subject: Subject, data: Sequences) -> Limits:
    """Error of every threshold: as given, or a quantile over the blocks of the validation split.

    Args:
        subject: the first elastic model.
        data: validation sequences.
    """
    found: Limits = {}
    x = quality.scaled(data.frames)
    for threshold in subject.params.evaluate.thresholds:
        if threshold.tokens is None or threshold.quantile is None:
            found[threshold.name] = float(threshold.error or 0.0)
            continue
        n = max(subject.span.minimum, masks.share(threshold.tokens, subject.coder.size.slots))
        y = subject.coder.budget(data.frames, data.segments, n)
        errors = quality.block_errors(x, y, subject.params.build.block_frames)
        found[threshold.name] = float(np.quantile(errors, threshold.quantile))
    return found


def about(row: Row, block: int) -> Row:
    """What result tables say of every block."""
    truth = {n: None if row[n] is None else row[n][block] for n in ("gt_objects", "gt_speed")}
    names = ("sample_id", "source", "clip_id", "split")
    measured = {n: row[n][block] for n in ("motion", "spatial_energy", "is_cut")}
    return {**{n: row[n] for n in names}, "block": block, **measured, **truth}


def budget_rows(subject: Subject, data: Sequences) -> Iterator[Row]:
    """Rows of ``elastictok.budgets``."""
    x, per_block = quality.scaled(data.frames), subject.params.build.block_frames
    bits = subject.coder.size.bits
    for n in subject.budgets():
        y = subject.coder.budget(data.frames, data.segments, n)
        errors, ssim = quality.block_errors(x, y, per_block), quality.block_ssim(x, y, per_block)
        for s, row in enumerate(data.rows):
            for block, error in enumerate(errors[s].tolist()):
                yield {
                    "model": subject.name,
                    **about(row, block),
                    "n_tokens": n,
                    "bits": None if bits is None else bits * n,
                    "mse": error,
                    "psnr": quality.psnr(error),
                    "ssim": ssim[s][block],
                }


def error_rows(subject: Subject, data: Sequences, memory: Any) -> Iterator[Row]:
    """Rows of ``elastictok.errors``: whole curves, the past coded with K tokens."""
    every = list(range(subject.span.minimum, subject.coder.size.slots + 1))
    curves: dict[tuple[int, int], list[float]] = {}

    def probe(s: int, block: int) -> Search:
        curves[s, block] = yield every
        return Found(every[-1], curves[s, block][-1], True, len(every))

    subject.coder.code(data.frames, data.segments, probe, None, memory)
    for (s, block), errors in sorted(curves.items()):
        row = data.rows[s]
        yield {
            "model": subject.name, "sample_id": row["sample_id"], "block": block,
            "clip_id": row["clip_id"], "n_tokens": every, "mse": errors,
        }  # fmt: skip


def coded_rows(
    subject: Subject,
    data: Sequences,
    search: str,
    threshold: tuple[str, float],
    variant: str = "plain",
    memory: Any = None,
) -> Iterator[Row]:
    """Rows of ``elastictok.coded`` for one search, threshold and variant."""
    name, limit = threshold
    coded = subject.code(data, search, limit, memory)
    x, per_block = quality.scaled(data.frames), subject.params.build.block_frames
    full = variant == "plain" and search == "binary"
    ssim = quality.block_ssim(x, coded.frames, per_block) if full else None
    for s, row in enumerate(data.rows):
        for block, found in enumerate(coded.found[s]):
            yield {
                "model": subject.name,
                **about(row, row.get("first_block", 0) + block),
                "search": search,
                "threshold": name,
                "variant": variant,
                "limit": limit,
                "n_tokens": found.n,
                "n_evals": found.evaluations,
                "mse": found.error,
                "psnr": quality.psnr(found.error),
                "ssim": None if ssim is None else ssim[s][block],
                "feasible": found.feasible,
                "codes": coded.codes.get((s, block)) if full else None,
            }


def measure(subject: Subject, data: Sequences, known: Limits) -> Tables:
    """Everything but controls and times of one model on some sequences.

    Fixed models are measured at their budgets only; those that are elastic but not the first one
    are searched by halving only.

    Args:
        subject: the model.
        data: the sequences.
        known: the thresholds.
    """
    tables: Tables = {"budgets": list(budget_rows(subject, data)), "coded": [], "errors": []}
    if not subject.spec.elastic:
        return tables
    first = subject.name == subject.params.elastic.name
    memory: dict[tuple[int, int, int], float] = {}
    if first:
        tables["errors"] += error_rows(subject, data, memory)
    for search in subject.params.evaluate.searches if first else ("binary",):
        for threshold in known.items():
            tables["coded"] += coded_rows(subject, data, search, threshold, memory=memory)
    if first:
        for variant, changed in (("no_past", alone(data)), ("still", frozen(subject, data))):
            if changed is not None:
                for threshold in known.items():
                    tables["coded"] += coded_rows(subject, changed, "binary", threshold, variant)
    return tables


def alone(data: Sequences) -> Sequences | None:
    """Every block that sees a block before it, as a sequence of its own."""
    parts, per_block = data.segments.shape[1], data.frames.shape[1] // data.segments.shape[1]
    pairs = [
        (s, b)
        for s in range(len(data))
        for b in range(1, parts)
        if data.segments[s, b] == data.segments[s, b - 1]
    ]
    if not pairs:
        return None
    frames = np.stack([data.frames[s, b * per_block : (b + 1) * per_block] for s, b in pairs])
    rows = [{**data.rows[s], "first_block": b} for s, b in pairs]
    return Sequences(rows, frames, np.zeros((len(pairs), 1), np.int64))


def frozen(subject: Subject, data: Sequences) -> Sequences | None:
    """Moving sequences with the first frame of each block repeated through the block."""
    per_block = subject.params.build.block_frames
    moving = [s for s, row in enumerate(data.rows) if max(row["motion"]) > 0]
    if not moving or per_block == 1:
        return None
    some = data.take(moving)
    frames = np.repeat(some.frames[:, ::per_block], per_block, axis=1)
    return Sequences(some.rows, frames, some.segments)


def noise(subject: Subject, data: Sequences, known: Limits) -> Tables:
    """White noise in the place of the first sequences: nothing that can be coded in few tokens."""
    wanted = -(-subject.params.evaluate.noise_blocks // data.segments.shape[1])
    some = data.take(list(range(min(wanted, len(data)))))
    rng = rng_for("elastictok", subject.params.build.seed, "white noise")
    white: npt.NDArray[np.uint8] = rng.integers(0, 256, some.frames.shape, np.uint8)
    changed = Sequences(some.rows, white, np.zeros_like(some.segments))
    rows: list[Row] = []
    for threshold in known.items():
        rows += coded_rows(subject, changed, "binary", threshold, "noise")
    return {"coded": rows}


def times(subject: Subject, data: Sequences, known: Limits) -> Tables:
    """Rows of ``elastictok.search_costs``: every search on the same sequences, nothing shared."""
    some = data.take(list(range(min(TIMED, len(data)))))
    subject.code(some, "binary", next(iter(known.values())))  # warm up
    rows: list[Row] = []
    for search in subject.params.evaluate.searches:
        for name, limit in known.items():
            start = time.perf_counter()
            coded = subject.code(some, search, limit)
            seconds = time.perf_counter() - start
            each = [found for row in coded.found for found in row]
            rows.append(
                {
                    "model": subject.name, "search": search, "threshold": name,
                    "blocks": len(each), "evaluations": sum(f.evaluations for f in each),
                    "seconds": seconds,
                }
            )  # fmt: skip
    return {"search_costs": rows}


def strip(subject: Subject, data: Sequences, threshold: tuple[str, float]) -> Tables:
    """Rows of ``elastictok.strips``: the sequences of one clip in a row."""
    name, limit = threshold
    coded = subject.code(data, "binary", limit)
    blocks, per_block = data.segments.shape[1], subject.params.build.block_frames
    rows = []
    for s, row in enumerate(data.rows):
        for block, found in enumerate(coded.found[s]):
            at = block * per_block + per_block // 2
            shown = np.rint((coded.frames[s, at] + 1) * 127.5).clip(0, 255).astype(np.uint8)
            rows.append(
                {
                    "model": subject.name,
                    "clip_id": row["clip_id"],
                    "position": s * blocks + block,
                    "threshold": name,
                    "slots": subject.coder.size.slots,
                    "n_tokens": found.n,
                    "mse": found.error,
                    "feasible": found.feasible,
                    "motion": row["motion"][block],
                    "size": data.frames.shape[2],
                    "source_frame": data.frames[s, at].tobytes(),
                    "coded_frame": shown.tobytes(),
                }
            )
    return {"strips": rows}


def codec(name: str, data: Sequences, block_frames: int) -> Tables:
    """Rows of ``elastictok.rates`` of JPEG or H.264."""
    from pipelines.elastictok.codecs import rates

    rows: list[Row] = []
    for row, frames in zip(data.rows, data.frames, strict=True):
        for setting, bits, errors in rates(name, frames, block_frames, row["fps"]):
            for block, (size, error) in enumerate(zip(bits, errors, strict=True)):
                rows.append(
                    {
                        "model": name, "sample_id": row["sample_id"], "block": block,
                        "clip_id": row["clip_id"], "split": row["split"], "quality": setting,
                        "bits": size, "mse": error,
                    }
                )  # fmt: skip
    return {"rates": rows}
