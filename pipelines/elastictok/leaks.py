"""The search for test frames in training, and a summary, over the sequences that were written."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from measurand import shards
from measurand.stats.resample import rng_for
from schemas.elastictok.params import SPLITS, Build

PLANTED = 24
"""Training frames that are planted in each split to try the search."""

Row = dict[str, Any]
Pixels = npt.NDArray[np.uint8]


def pixels(row: Row) -> Pixels:
    """Frames of a row, (T, H, W, 3)."""
    return np.frombuffer(row["frames"], np.uint8).reshape(row["shape"])


def rows(folder: Path, columns: list[str]) -> Iterator[Row]:
    """Rows of a dataset, a shard in memory at a time."""
    for _, table in shards.iter_shards(folder):
        for batch in pa.Table.to_batches(table.select(columns), max_chunksize=256):
            yield from batch.to_pylist()


def search(folder: Path, build: Build) -> list[Row]:
    """Rows of ``elastictok.leakage``, each with ``needed_gap``.

    Frames are compared by the SHA-256 of their pixels, not by the hash that the build planned
    with, and by source and time.

    Args:
        folder: the dataset of blocks.
        build: parameters.
    """
    looks: dict[str, set[bytes]] = defaultdict(set)
    times: dict[str, set[tuple[str, int]]] = defaultdict(set)
    names = ["split", "source_sha256", "start_frame", "stride", "frames", "shape", "segments"]
    for row in rows(folder, names):
        frames = pixels(row)
        still = len(set(row["segments"])) > 1
        step = build.block_frames if still else 1
        for i, frame in enumerate(frames[::step]):
            looks[row["split"]].add(hashlib.sha256(frame.tobytes()).digest())
            at = row["start_frame"] // row["stride"] + i
            times[row["split"]].add((row["source_sha256"], at))
    return [_compare(split, looks, times, build) for split in SPLITS[1:]]


def _compare(
    split: str,
    looks: dict[str, set[bytes]],
    times: dict[str, set[tuple[str, int]]],
    build: Build,
) -> Row:
    train, own = looks["train"], looks[split]
    rng = rng_for("elastictok", build.seed, "planted", split)
    ordered = sorted(train)
    some = rng.permutation(len(ordered))[:PLANTED]
    planted = {ordered[int(i)] for i in some}
    return {
        "split": split,
        "train_frames": len(train),
        "split_frames": len(own),
        "shared_pixels": len(train & own),
        "shared_times": len(times["train"] & times[split]),
        "smallest_gap": _gap(times["train"], times[split]),
        "needed_gap": build.window,
        "planted": len(planted),
        "found": len(train & (own | planted)) - len(train & own),
    }


def _gap(train: set[tuple[str, int]], other: set[tuple[str, int]]) -> int | None:
    """Least distance in frames between the two within a source; None where none is in both."""
    gaps = []
    ours, theirs = _by_source(train), _by_source(other)
    for source in sorted(set(ours) & set(theirs)):
        a, b = ours[source], theirs[source]
        after = np.searchsorted(a, b)
        for at in (np.minimum(after, len(a) - 1), np.maximum(after - 1, 0)):
            gaps.append(int(np.abs(a[at] - b).min()))
    return min(gaps, default=None)


def _by_source(times: set[tuple[str, int]]) -> dict[str, npt.NDArray[np.int64]]:
    found: dict[str, list[int]] = defaultdict(list)
    for source, at in times:
        found[source].append(at)
    return {source: np.sort(np.array(places)) for source, places in found.items()}


def summarise(folder: Path) -> list[Row]:
    """Rows of ``elastictok.summary``.

    Args:
        folder: the dataset of blocks.
    """
    parts: dict[tuple[str, str], Sums] = defaultdict(Sums)
    names = ["source", "split", "clip_id", "frames", "motion", "spatial_energy", "is_cut"]
    for row in rows(folder, names):
        parts[row["source"], row["split"]].add(row)
    return [
        {"source": source, "split": split, **part.row()}
        for (source, split), part in sorted(parts.items())
    ]


class Sums:
    """Adds up the sequences of a source and split."""

    def __init__(self) -> None:
        self._clips: set[str] = set()
        self._levels = np.zeros(256, np.int64)
        self._sequences = 0
        self._motion: list[float] = []
        self._energy: list[float] = []
        self._cuts: list[bool] = []

    def add(self, row: Row) -> None:
        """Count one sequence."""
        self._clips.add(row["clip_id"])
        self._sequences += 1
        self._levels += np.bincount(np.frombuffer(row["frames"], np.uint8), minlength=256)
        self._motion += row["motion"]
        self._energy += row["spatial_energy"]
        self._cuts += row["is_cut"]

    def row(self) -> Row:
        """Columns of ``elastictok.summary``."""
        levels = np.arange(256)
        mean = float(self._levels @ levels / self._levels.sum())
        variance = float(self._levels @ (levels - mean) ** 2 / self._levels.sum())
        return {
            "clips": len(self._clips),
            "sequences": self._sequences,
            "pixel_mean": mean,
            "pixel_sd": variance**0.5,
            "motion_deciles": [float(q) for q in np.quantile(self._motion, np.linspace(0, 1, 11))],
            "energy_mean": float(np.mean(self._energy)),
            "cut_share": float(np.mean(self._cuts)),
        }
