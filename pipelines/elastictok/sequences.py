"""Sequences of a built dataset as arrays: what is trained on, and what is measured."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from measurand import shards
from measurand.errors import InputError

Row = dict[str, Any]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sequences:
    """Frames with what is known of them.

    Attributes:
        rows: everything but the frames, one a sequence.
        frames: (S, T, H, W, 3).
        segments: (S, blocks) segment of each block.
    """

    rows: list[Row]
    frames: Pixels
    segments: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, at: Sequence[int]) -> Sequences:
        """Some of them, in the order asked for."""
        where = np.array(at, np.int64)
        return Sequences([self.rows[i] for i in at], self.frames[where], self.segments[where])


def read(folder: Path, split: str) -> Sequences:
    """All sequences of a split, sorted by id.

    Args:
        folder: the dataset of blocks.
        split: its name.

    Raises:
        InputError: the dataset is unbuilt, or the split is empty.
    """
    parts = [
        table.filter(pc.equal(table.column("split"), split))
        for _, table in shards.iter_shards(folder)
    ]
    table = pa.concat_tables(parts).sort_by("sample_id")
    if table.num_rows == 0:
        raise InputError(f"{folder} has no sequences of split {split}", hint="build more clips")
    shape = tuple(table.column("shape")[0].as_py())
    frames = np.empty((table.num_rows, *shape), np.uint8)
    for i, value in enumerate(table.column("frames")):
        frames[i] = np.frombuffer(value.as_buffer(), np.uint8).reshape(shape)
    segments = np.array(table.column("segments").to_pylist(), np.int64)
    return Sequences(table.drop_columns(["frames"]).to_pylist(), frames, segments)


def spread(rows: Sequence[Row], most: int) -> list[int]:
    """At most so many rows, as evenly from every clip as there are; ascending numbers.

    Clips take turns, in the order of a hash of their name, and so do the rows of a clip.
    """
    by_clip: dict[str, list[int]] = defaultdict(list)
    for i in sorted(range(len(rows)), key=lambda i: str(rows[i]["sample_id"])):
        by_clip[rows[i]["clip_id"]].append(i)
    order = sorted(by_clip, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    turns = [by_clip[name] for name in order]
    longest = max(map(len, turns), default=0)
    dealt = [turn[k] for k in range(longest) for turn in turns if k < len(turn)]
    return sorted(dealt[:most])


def join(parts: Sequence[Sequences]) -> Sequences:
    """Several in a row."""
    return Sequences(
        [row for part in parts for row in part.rows],
        np.concatenate([part.frames for part in parts]),
        np.concatenate([part.segments for part in parts]),
    )
