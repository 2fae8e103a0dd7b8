"""JPEG and H.264 on the same sequences: the line that learned nothing.

Only the coded picture counts: file headers, tables and parameter sets, which weigh more than a
small picture, are left out in the codecs' favour.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from measurand.errors import InputError
from pipelines.elastictok import quality

QUALITIES: dict[str, Sequence[int]] = {
    "jpeg": (1, 5, 10, 20, 40, 60, 80, 95),
    "h264": (50, 44, 38, 32, 26, 20, 14),
}
"""Settings from coarse to fine: JPEG's quality, H.264's constant rate factor."""

REPEATABLE = "cpu-independent=1"
"""Without it x264 chooses shortcuts by processor; with AVX-512 bits differ from run to run."""

Pixels = npt.NDArray[np.uint8]


def jpeg(frames: Pixels, setting: int) -> tuple[Pixels, list[int]]:
    """Frames one by one.

    Args:
        frames: (T, H, W, 3).
        setting: quality 1..95.

    Returns:
        Decoded frames, and bits of each frame's scan.
    """
    from PIL import Image

    decoded, bits = [], []
    for frame in frames:
        file = io.BytesIO()
        Image.fromarray(frame).save(file, "JPEG", quality=setting, optimize=True)
        bits.append(8 * scan_bytes(file.getvalue()))
        decoded.append(np.asarray(Image.open(file).convert("RGB")))
    return np.stack(decoded), bits


def scan_bytes(data: bytes) -> int:
    """Bytes of entropy-coded data in a baseline JPEG file (ITU-T T.81, B.1 and B.2)."""
    at = 2
    while data[at + 1] != 0xDA:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    start = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data.rindex(b"\xff\xd9") - start


def h264(frames: Pixels, setting: int, fps: float) -> tuple[Pixels, list[int]]:
    """Frames as one stream: the first intra, the others predicted from those before.

    Args:
        frames: (T, H, W, 3), sides even.
        setting: constant rate factor.
        fps: frames a second.

    Returns:
        Decoded frames, and bits of each frame's slices.

    Raises:
        InputError: sides are odd, or this FFmpeg has no H.264 encoder.
    """
    import av
    from av.error import FFmpegError

    if frames.shape[1] % 2 or frames.shape[2] % 2:
        raise InputError("H.264 needs even sides", hint="use an even build.size")
    rate = Fraction(fps).limit_denominator(1000)
    try:
        encoder = av.CodecContext.create("libx264", "w")
    except (FFmpegError, ValueError) as error:
        raise InputError("this FFmpeg has no libx264", hint="leave out the model h264") from error
    encoder.height, encoder.width = frames.shape[1:3]
    encoder.pix_fmt, encoder.framerate, encoder.time_base = "yuv444p", rate, 1 / rate
    encoder.thread_count = 1
    encoder.options = {
        "crf": str(setting),
        "preset": "veryslow",
        "bf": "0",
        "x264-params": ":".join(("threads=1", "sliced-threads=0", REPEATABLE)),
    }
    packets: list[Any] = []
    for i, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts = i
        packets += encoder.encode(picture)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    decoded = []
    for packet in [*packets, None]:
        decoded += [f.to_ndarray(format="rgb24") for f in decoder.decode(packet)]
    return np.stack(decoded), [8 * slice_bytes(bytes(packet)) for packet in packets]


def slice_bytes(data: bytes) -> int:
    """Bytes of slices (NAL types 1 and 5) of an Annex B stream (ITU-T H.264, 7.4.1 and B.1)."""
    parts = data.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return sum(len(part) for part in parts[1:] if part and part[0] & 31 in (1, 5))


def rates(
    name: str, frames: Pixels, block_frames: int, fps: float
) -> list[tuple[int, list[float], list[float]]]:
    """(setting, bits of each block, errors of each block) of a sequence at every setting.

    Args:
        name: ``jpeg`` or ``h264``.
        frames: (T, H, W, 3).
        block_frames: frames of a block.
        fps: frames a second.
    """
    found = []
    for setting in QUALITIES[name]:
        decoded, bits = jpeg(frames, setting) if name == "jpeg" else h264(frames, setting, fps)
        sums = np.array(bits, float).reshape(-1, block_frames).sum(1)
        errors = quality.block_errors(
            quality.scaled(frames)[None], quality.scaled(decoded)[None], block_frames
        )
        found.append((setting, sums.tolist(), errors[0].tolist()))
    return found
