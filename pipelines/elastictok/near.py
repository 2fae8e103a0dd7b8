"""Near copies across splits: test frames that look like a training frame of their source.

Equal frames and frames of the same time are leaks, and refused. Near ones are what a source is
like: two games of Pong differ by a ball. They are counted, and clips of them are told apart.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.elastictok.leaks import pixels, rows
from schemas.elastictok.params import SPLITS, Build

SIDE = 16
"""Frames are compared at this many rows and columns at most, each the mean of its pixels."""
AT_A_TIME = 512
"""Frames of a split that are held against a source's training frames at once."""

Row = dict[str, Any]
Floats = npt.NDArray[np.float32]


def small(frames: npt.NDArray[np.uint8]) -> Floats:
    """(T, H, W, 3) pixels as (T, D) means over squares, 0..1; what does not fill one is cut off."""
    side = frames.shape[1]
    by = -(-side // SIDE)
    kept = side // by
    cut = frames[:, : kept * by, : kept * by].astype(np.float32) / 255
    mean: Floats = cut.reshape(len(cut), kept, by, kept, by, 3).mean((2, 4))
    return mean.reshape(len(cut), -1)


def squares(train: Floats) -> Floats:
    """(N,) sums of squares of (N, D) frames."""
    found: Floats = (train * train).sum(1)
    return found


def nearest(own: Floats, train: Floats, lengths: Floats) -> Floats:
    """(T,) root mean squared difference of each frame to the nearest of training.

    Args:
        own: (T, D) frames of a split.
        train: (N, D) frames of training, one at least.
        lengths: (N,) their :func:`squares`, which many clips share.
    """
    found = np.empty(len(own), np.float32)
    for start in range(0, len(own), AT_A_TIME):
        some = own[start : start + AT_A_TIME]
        at = (lengths - 2 * (some @ train.T)).argmin(1)
        # Once more by difference: the product loses small distances to rounding.
        found[start : start + len(some)] = np.sqrt(((some - train[at]) ** 2).mean(1))
    return found


def near_copies(folder: Path, build: Build) -> list[Row]:
    """Rows of ``elastictok.near``: every clip of every split that is not trained on.

    Args:
        folder: the dataset of blocks.
        build: parameters; ``near_rms`` says what is near, ``near_share`` which clips are.
    """
    looks: dict[str, dict[tuple[str, str], dict[int, Floats]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    names = ["source", "clip_id", "split", "start_frame", "stride", "frames", "shape", "segments"]
    for row in rows(folder, names):
        step = build.block_frames if len(set(row["segments"])) > 1 else 1
        first = row["start_frame"] // row["stride"]
        own = looks[row["source"]][row["split"], row["clip_id"]]
        # Windows overlap: each frame once.
        own.update({first + i: look for i, look in enumerate(small(pixels(row)[::step]))})
    found = []
    for source, clips in sorted(looks.items()):
        looked = [look for (split, _), own in clips.items() if split == SPLITS[0]
                  for look in own.values()]  # fmt: skip
        train = np.stack(looked) if looked else None
        lengths = None if train is None else squares(train)
        for (split, clip), own in sorted(clips.items()):
            if split == SPLITS[0]:
                continue
            far = None
            if train is not None and lengths is not None:
                far = nearest(np.stack(list(own.values())), train, lengths)
            near = 0 if far is None else int((far <= build.near_rms).sum())
            found.append({
                "source": source,
                "split": split,
                "clip_id": clip,
                "frames": len(own),
                "near_frames": near,
                "median_rms": None if far is None else float(np.median(far)),
                "near": near > build.near_share * len(own),
            })  # fmt: skip
    return found
