"""Frames of a clip at the size of the build: what is known of them, and taking them in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError

TRANSFORM = 1
"""Version of what is done to frames; part of every cache key and sample id."""

Pixels = npt.NDArray[np.uint8]


class BrokenClipError(InputError):
    """A clip of which nothing can be used; ``code`` is the reason of the rejected row."""

    code = "broken_file"


@dataclass
class Frames:
    """What is known of a clip besides its pixels.

    Attributes:
        width: of the source, pixels.
        height: of the source.
        stride: source frames from one frame to the next.
        fps: frames a second after the stride.
        still: whether each frame is a picture of its own.
        index: source frame of each frame kept.
        hashes: 64-bit hash of each frame's pixels.
        broken: source frames that could not be decoded, and why.
        cuts: positions of frames that begin a scene; None where not known.
        objects: objects of each frame; None where not known.
        speed: their mean speed, pixels a frame.
    """

    width: int
    height: int
    stride: int
    fps: float
    still: bool = False
    index: list[int] = field(default_factory=list)
    hashes: list[int] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    cuts: list[int] | None = None
    objects: list[float] | None = None
    speed: list[float] | None = None


class Writer:
    """Takes frames in order, hashes and stores them.

    Args:
        file: where the pixels go.
        size: height and width that a frame must have.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._shape = (size, size, 3)

    def add(self, about: Frames, index: int, frame: Pixels) -> None:
        """Store a frame and note its source frame and hash."""
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise InputError(f"a frame of {frame.shape} {frame.dtype}, not {self._shape} uint8")
        data = np.ascontiguousarray(frame).tobytes()
        digest = hashlib.blake2b(data, digest_size=8).digest()
        about.index.append(index)
        about.hashes.append(int.from_bytes(digest, "big", signed=True))
        self._file.write(data)


def stride_for(rate: float, fps: float) -> int:
    """Source frames from one frame to the next that come nearest to ``fps``; never below 1."""
    return max(1, round(rate / fps))


def resized(frame: Any, size: int, aspect: float = 1.0) -> Pixels:
    """(size, size, 3): shorter side to ``size`` (bilinear, filtered), then the middle of it.

    Args:
        frame: a PyAV video frame.
        size: side of the result, pixels.
        aspect: width of a pixel by its height.
    """
    sides = (frame.width * aspect, frame.height)
    width, height = (max(size, round(side * size / min(sides))) for side in sides)
    solid = _solid(frame)
    small = solid.reformat(width=width, height=height, format="rgb24", interpolation="BILINEAR")
    pixels: Pixels = small.to_ndarray()
    top, left = (height - size) // 2, (width - size) // 2
    return pixels[top : top + size, left : left + size]


def _solid(frame: Any) -> Any:
    """The frame over white, as on a page, where it is transparent; what lies beneath is hidden."""
    import av

    if not (frame.format.has_palette or any(one.is_alpha for one in frame.format.components)):
        return frame
    pixels = frame.to_ndarray(format="rgba")
    if pixels[..., 3].min() == 255:
        return frame
    return av.VideoFrame.from_ndarray(over_white(pixels), format="rgb24")


def over_white(pixels: Pixels) -> Pixels:
    """(H, W, 3) of (H, W, 4), the last of which is opacity, by which no other is multiplied yet."""
    opacity = pixels[..., 3:].astype(np.uint16)
    mixed = pixels[..., :3] * opacity + 255 * (255 - opacity)
    rounded: Pixels = ((mixed + 127) // 255).astype(np.uint8)
    return rounded


def runs(index: list[int], stride: int) -> Iterator[tuple[int, int]]:
    """(first, end) positions of frames that follow each other without a gap."""
    first = 0
    for at in range(1, len(index) + 1):
        if at == len(index) or index[at] != index[at - 1] + stride:
            if at > first:
                yield first, at
            first = at
