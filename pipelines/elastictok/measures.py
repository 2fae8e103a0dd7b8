"""What a block looks like before anyone codes it: motion, spatial detail, cuts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BINS = 16
"""Bins of the grey histograms that cuts are found with."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601

Pixels = npt.NDArray[np.uint8]


def grey(frames: Pixels) -> npt.NDArray[np.float32]:
    """(T, H, W) luma, 0..255, of (T, H, W, 3) frames."""
    return frames.astype(np.float32) @ _LUMA


def motion(frames: Pixels, block_frames: int, segments: Sequence[int]) -> list[float]:
    """Mean absolute difference of neighbouring frames, 0..255, block by block.

    The step from the block before counts to the later block, unless that is another segment. A
    block without any step has no motion.
    """
    steps = np.abs(np.diff(frames.astype(np.int16), axis=0)).mean((1, 2, 3))
    return [float(steps[s].mean()) if s else 0.0 for s in _steps(block_frames, segments)]


def energy(frames: Pixels, block_frames: int) -> list[float]:
    """Mean absolute Laplacian (four neighbours) of the grey frames, 0..255, block by block."""
    y = grey(frames)
    inner = y[:, 1:-1, 1:-1]
    around = y[:, :-2, 1:-1] + y[:, 2:, 1:-1] + y[:, 1:-1, :-2] + y[:, 1:-1, 2:]
    each = np.abs(around - 4 * inner).mean((1, 2))
    return [float(m) for m in each.reshape(-1, block_frames).mean(1)]


def histogram_distances(frames: Pixels) -> npt.NDArray[np.float64]:
    """(T - 1,) share of pixels that change their bin of 16 greys, in total, between frames."""
    bins = np.minimum(grey(frames) * (BINS / 256), BINS - 1).astype(np.int64)
    flat = bins.reshape(len(frames), -1)
    counts = np.stack([np.bincount(row, minlength=BINS) for row in flat])
    distances: npt.NDArray[np.float64] = np.abs(np.diff(counts, axis=0)).sum(1) / 2
    distances /= flat.shape[1]
    return distances


def cuts(
    frames: Pixels,
    block_frames: int,
    segments: Sequence[int],
    threshold: float,
    known: Sequence[int] | None = None,
) -> list[bool]:
    """Whether a scene begins in a block, seen from the frame before.

    Args:
        frames: (T, H, W, 3).
        block_frames: frames of a block.
        segments: segment of each block.
        threshold: histogram distance from which two frames are a cut.
        known: frames that begin a scene, where that is known; then nothing is measured.
    """
    distances = histogram_distances(frames)
    begins = {t + 1 for t in np.flatnonzero(distances >= threshold)}
    if known is not None:
        begins = set(known)
    return [any(t + 1 in begins for t in s) for s in _steps(block_frames, segments)]


def _steps(block_frames: int, segments: Sequence[int]) -> list[list[int]]:
    """Steps t (from frame t to t + 1) that belong to each block."""
    found = []
    for block, segment in enumerate(segments):
        first = block * block_frames
        joined = block > 0 and segments[block - 1] == segment
        found.append(list(range(first - joined, first + block_frames - 1)))
    return found
